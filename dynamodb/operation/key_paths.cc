#include "dynamodb/operation/key_paths.h"

#include <algorithm>
#include <string>

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

void collect(const Node& node, std::vector<const DocumentPath*>& into) {
  if (node.kind == NodeKind::Path && node.path.size() > 1) into.push_back(&node.path);
  for (const Node& arg : node.args) collect(arg, into);
}

std::vector<const DocumentPath*> nested_paths(const Expression& tree) {
  std::vector<const DocumentPath*> nested;
  collect(tree.condition, nested);
  for (const DocumentPath& path : tree.paths) {
    if (path.size() > 1) nested.push_back(&path);
  }
  for (const UpdateAction& action : tree.actions) {
    if (action.path.size() > 1) nested.push_back(&action.path);
    collect(action.value, nested);
  }
  return nested;
}

}  // namespace

Result<void> refuse_paths_into_keys(const Table& table, const BoundExpression& expression) {
  const auto nested = nested_paths(*expression.tree);
  if (nested.empty()) return {};
  const auto check = [&](const KeyAttribute& key, std::string_view what) -> Result<void> {
    const auto begins_there = [&](const DocumentPath* path) {
      return expression.name((*path)[0]) == key.name;
    };
    if (std::ranges::none_of(nested, begins_there)) return {};
    return validation(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        "allowed: " +
        std::string(what) + ": " + key.name);
  };
  CLOCHE_TRY_VOID(check(table.keys.partition, "Key"));
  if (table.keys.sort) CLOCHE_TRY_VOID(check(*table.keys.sort, "Key"));
  for (const Index& index : table.indexes) {
    CLOCHE_TRY_VOID(check(index.keys.partition, "IndexKey"));
    if (index.keys.sort) CLOCHE_TRY_VOID(check(*index.keys.sort, "IndexKey"));
    for (const KeyAttribute& key : index.keys.more_partition)
      CLOCHE_TRY_VOID(check(key, "IndexKey"));
    for (const KeyAttribute& key : index.keys.more_sort) CLOCHE_TRY_VOID(check(key, "IndexKey"));
  }
  return {};
}

}  // namespace cloche::dynamodb
