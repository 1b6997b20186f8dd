#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/legacy/legacy.h"
#include "dynamodb/legacy/tree_builder.h"

namespace cloche::dynamodb {
namespace {

bool is_set(Type type) { return type == Type::Ss || type == Type::Ns || type == Type::Bs; }

Result<UpdateAction> action_of(TreeBuilder& builder, const Member& member, Arena& arena) {
  const Value& given = member.value["Value"];
  const std::string_view action = member.value["Action"].text();
  UpdateAction out;
  out.path = TreeBuilder::path(member.name);
  if (!given.present()) {
    if (action != "DELETE")
      return invalid_value("Only DELETE action is allowed when no attribute value is specified");
    out.clause = Clause::Remove;
    return out;
  }
  CLOCHE_TRY(const checked, check_attribute(given, arena));
  const Type type = type_of(checked.value);
  const std::string name(name_of(type));
  out.value = builder.value(checked.value);
  if (action == "DELETE") {
    if (!is_set(type))
      return invalid_value("DELETE action with value is not supported for the type " + name);
    out.clause = Clause::Delete;
  } else if (action == "ADD") {
    if (type != Type::L && type != Type::N && !is_set(type))
      return invalid_value("ADD action is not supported for the type " + name);
    out.clause = Clause::Add;
    if (type != Type::L) return out;
    // A list is appended: SET a = list_append(if_not_exists(a, []), :l).
    Node empty = builder.value(make_attribute(arena, Type::L, Value::list()));
    std::vector<Node> existing;
    existing.push_back(TreeBuilder::attribute(member.name));
    existing.push_back(std::move(empty));
    std::vector<Node> both;
    both.push_back(TreeBuilder::function(Function::IfNotExists, std::move(existing)));
    both.push_back(std::move(out.value));
    out.clause = Clause::Set;
    out.value = TreeBuilder::function(Function::ListAppend, std::move(both));
  }
  return out;
}

}  // namespace

Result<std::optional<BoundExpression>> attribute_updates(const Value& input, Arena& arena) {
  const Value& updates = input["AttributeUpdates"];
  if (updates.empty()) return std::optional<BoundExpression>();
  TreeBuilder builder(ExpressionKind::Update);
  for (const Member& member : updates.members()) {
    CLOCHE_TRY(action, action_of(builder, member, arena));
    builder.tree().actions.push_back(std::move(action));
  }
  return std::optional(builder.finish(arena));
}

bool creates_item(const Value& updates) {
  if (updates.empty()) return true;
  return std::ranges::any_of(updates.members(), [](const Member& member) {
    return member.value["Action"].text() != "DELETE";
  });
}

}  // namespace cloche::dynamodb
