#include <algorithm>
#include <optional>

#include "dynamodb/errors.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {
namespace {

Error wrong_operand() {
  return validation("An operand in the update expression has an incorrect data type");
}
Error missing_attribute() {
  return validation(
      "The provided expression refers to an attribute that does not exist in the item");
}
Error invalid_path() {
  return validation("The document path provided in the update expression is invalid for update");
}

// The right side of a SET, computed from the item as it was before the whole update.
class RightSide {
 public:
  RightSide(const BoundExpression& e, const Value& item, Arena& arena)
      : e_(e), item_(item), arena_(arena) {}

  Result<Value> value(const Node& node) {
    switch (node.kind) {
      case NodeKind::Value:
        return e_.value(node);
      case NodeKind::Path: {
        const Value* found = find_path(e_, node.path, item_);
        if (found == nullptr) return missing_attribute();
        return *found;
      }
      case NodeKind::Plus:
      case NodeKind::Minus:
        return arithmetic(node);
      default:
        break;
    }
    if (node.function == Function::ListAppend) return list_append(node);
    const Value* found = find_path(e_, node.args[0].path, item_);
    if (found != nullptr) return *found;
    return value(node.args[1]);
  }

 private:
  Result<Value> arithmetic(const Node& node) {
    CLOCHE_TRY(const left, value(node.args[0]));
    if (type_of(left) != Type::N) return wrong_operand();
    CLOCHE_TRY(const right, value(node.args[1]));
    if (type_of(right) != Type::N) return wrong_operand();
    const Decimal second = number_of(content_of(right));
    CLOCHE_TRY(const sum, Decimal::add(number_of(content_of(left)),
                                       node.kind == NodeKind::Plus ? second : second.negated()));
    return make_number(arena_, sum);
  }

  Result<Value> list_append(const Node& node) {
    CLOCHE_TRY(const first, value(node.args[0]));
    if (type_of(first) != Type::L) return wrong_operand();
    CLOCHE_TRY(const second, value(node.args[1]));
    if (type_of(second) != Type::L) return wrong_operand();
    Value joined = Value::list();
    for (const Value& element : content_of(first).items()) joined.push(arena_, element);
    for (const Value& element : content_of(second).items()) joined.push(arena_, element);
    return make_attribute(arena_, Type::L, joined);
  }

  const BoundExpression& e_;
  const Value& item_;
  Arena& arena_;
};

struct Edit {
  Clause clause;
  const DocumentPath* path;
  Value value;  // Of SET: computed; of ADD and DELETE: as given.
};
using Edits = std::vector<const Edit*>;

bool has_text(const Value& set, std::string_view text) {
  return std::ranges::any_of(set.items(), [&](const Value& item) { return item.text() == text; });
}

// Rebuilds the containers on the way to what changes, each once, and shares everything else with
// the item before.
class Rebuilder {
 public:
  Rebuilder(const BoundExpression& e, Arena& arena) : e_(e), arena_(arena) {}

  Result<Value> map(const Value& old, const Edits& edits, std::size_t depth) {
    Value out = Value::map();
    Edits rest = edits;
    for (const Member& member : old.members()) {
      const Edits group =
          take(rest, [&](const Edit& edit) { return e_.name((*edit.path)[depth]) == member.name; });
      Value changed = member.value;
      if (!group.empty()) {
        CLOCHE_TRY(result, child(&member.value, group, depth + 1));
        changed = result;
      }
      if (changed.present()) out.add(arena_, member.name, changed);
    }
    while (!rest.empty()) {
      const std::string_view name = e_.name((*rest.front()->path)[depth]);
      const Edits group =
          take(rest, [&](const Edit& edit) { return e_.name((*edit.path)[depth]) == name; });
      CLOCHE_TRY(const added, child(nullptr, group, depth + 1));
      if (added.present()) out.add(arena_, name, added);
    }
    return out;
  }

 private:
  template <class Belongs>
  static Edits take(Edits& from, Belongs belongs) {
    const auto rest = std::stable_partition(from.begin(), from.end(),
                                            [&](const Edit* edit) { return belongs(*edit); });
    Edits group(from.begin(), rest);
    from.erase(from.begin(), rest);
    return group;
  }

  // What becomes of the attribute at `depth` steps; Absent if it goes. `old` is null where there is
  // none.
  Result<Value> child(const Value* old, const Edits& edits, std::size_t depth) {
    const DocumentPath& path = *edits.front()->path;
    if (path.size() == depth) return end(old, *edits.front());
    const bool by_index = path[depth].kind == PathStep::Kind::Index;
    if (old == nullptr || type_of(*old) != (by_index ? Type::L : Type::M)) return invalid_path();
    auto content =
        by_index ? list(content_of(*old), edits, depth) : map(content_of(*old), edits, depth);
    if (!content) return content;
    return make_attribute(arena_, type_of(*old), *content);
  }

  // Indexes are those before the update; elements beyond the end are appended in the order of their
  // indexes.
  Result<Value> list(const Value& old, const Edits& edits, std::size_t depth) {
    Value out = Value::list();
    Edits rest = edits;
    std::ranges::stable_sort(rest, {},
                             [&](const Edit* edit) { return (*edit->path)[depth].index; });
    for (std::size_t i = 0; i < old.size(); ++i) {
      const Edits group =
          take(rest, [&](const Edit& edit) { return (*edit.path)[depth].index == i; });
      Value changed = old.items()[i];
      if (!group.empty()) {
        CLOCHE_TRY(result, child(&old.items()[i], group, depth + 1));
        changed = result;
      }
      if (changed.present()) out.push(arena_, changed);
    }
    for (const Edit* edit : rest) {
      CLOCHE_TRY(const added, child(nullptr, {edit}, depth + 1));
      if (added.present()) out.push(arena_, added);
    }
    return out;
  }

  Result<Value> end(const Value* old, const Edit& edit) {
    switch (edit.clause) {
      case Clause::Set:
        return edit.value;
      case Clause::Remove:
        return Value();
      case Clause::Add:
        return add(old, edit.value);
      case Clause::Delete:
        return remove_members(old, edit.value);
    }
    return Value();
  }

  Result<Value> add(const Value* old, const Value& more) {
    if (old == nullptr) return more;
    const Type type = type_of(*old);
    if (type != type_of(more)) return wrong_operand();
    if (type == Type::N) {
      CLOCHE_TRY(const sum, Decimal::add(number_of(content_of(*old)), number_of(content_of(more))));
      return make_number(arena_, sum);
    }
    Value all = Value::list();
    for (const Value& member : content_of(*old).items()) all.push(arena_, member);
    for (const Value& member : content_of(more).items()) {
      if (!has_text(content_of(*old), member.text())) all.push(arena_, member);
    }
    return make_attribute(arena_, type, all);
  }

  // An attribute whose last member is taken away goes too: there are no empty sets.
  Result<Value> remove_members(const Value* old, const Value& fewer) {
    if (old == nullptr) return Value();
    if (type_of(*old) != type_of(fewer)) return wrong_operand();
    Value left = Value::list();
    for (const Value& member : content_of(*old).items()) {
      if (!has_text(content_of(fewer), member.text())) left.push(arena_, member);
    }
    if (left.empty()) return Value();
    return make_attribute(arena_, type_of(*old), left);
  }

  const BoundExpression& e_;
  Arena& arena_;
};

}  // namespace

Result<Value> update(const BoundExpression& expression, const Value& item, Arena& arena) {
  std::vector<Edit> edits;
  edits.reserve(expression.tree->actions.size());
  RightSide right_side(expression, item, arena);
  for (const UpdateAction& action : expression.tree->actions) {
    Value value;
    if (action.clause != Clause::Remove) {
      CLOCHE_TRY(computed, right_side.value(action.value));
      value = computed;
    }
    edits.push_back({action.clause, &action.path, value});
  }
  Edits all;
  all.reserve(edits.size());
  for (const Edit& edit : edits) all.push_back(&edit);
  return Rebuilder(expression, arena).map(item, all, 0);
}

}  // namespace cloche::dynamodb
