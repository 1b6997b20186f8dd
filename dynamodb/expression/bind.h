// A request's expressions with their names and values filled in and checked: the step between a
// tree, which many requests share, and its evaluation.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "dynamodb/expression/tree.h"

namespace cloche::dynamodb {

// A tree with the names and values of one request, which live in the request's arena and input.
struct BoundExpression {
  std::shared_ptr<const Expression> tree;
  std::span<const std::string_view> names;  // As tree->names.
  std::span<const Value> values;            // As tree->values; canonical.

  const Value& value(const Node& node) const { return values[node.value]; }
  // The name of a step that is not an index.
  std::string_view name(const PathStep& step) const {
    return step.kind == PathStep::Kind::Placeholder ? names[step.index]
                                                    : std::string_view(step.name);
  }
};

// ExpressionAttributeNames and ExpressionAttributeValues of one request, and which of them are
// used.
class Placeholders {
 public:
  explicit Placeholders(Arena& arena) : arena_(arena) {}

  // Checks both maps; either may be absent.
  Result<void> read(const Value& names, const Value& values);

  // Fills the tree's placeholders and checks everything that depends on them, in the service's
  // order. The error says "Invalid ConditionExpression: ..."
  Result<BoundExpression> bind(std::shared_ptr<const Expression> tree);

  // After all expressions of the request are bound.
  Result<void> refuse_unused() const;

 private:
  struct Entry {
    std::string_view key;
    Value value;  // A String for names.
    bool used = false;
  };
  static Entry* find(std::vector<Entry>& entries, std::string_view key);

  Arena& arena_;
  std::vector<Entry> names_;
  std::vector<Entry> values_;
};

// Two paths of `expression` that begin alike: "[a, [0], b]" as errors print them.
std::string path_text(const BoundExpression& expression, const DocumentPath& path);

}  // namespace cloche::dynamodb
