#include "dynamodb/expression/evaluate.h"

#include <algorithm>
#include <string>

#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {
namespace {

// The service counts a string's characters as Java does: one for each of the first 65,536, two for
// those beyond.
std::size_t utf16_units(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

// An operand's value: something of the item, something of the request, or a number that was
// computed.
class Operand {
 public:
  Operand(const BoundExpression& e, const Node& node, const Value& item, Arena& arena) {
    switch (node.kind) {
      case NodeKind::Path:
        value_ = find_path(e, node.path, item);
        return;
      case NodeKind::Value:
        value_ = &e.value(node);
        return;
      default:
        break;
    }
    const Operand sized(e, node.args[0], item, arena);
    if (sized && measure(*sized, arena)) value_ = &made_;
  }

  Operand(const Operand&) = delete;  // It may point into itself.
  Operand& operator=(const Operand&) = delete;

  explicit operator bool() const { return value_ != nullptr; }
  const Value& operator*() const { return *value_; }

 private:
  // size(): numbers and truths have none.
  bool measure(const Value& attribute, Arena& arena) {
    const Value& content = content_of(attribute);
    std::size_t size = 0;
    switch (type_of(attribute)) {
      case Type::S:
        size = utf16_units(content.text());
        break;
      case Type::B:
        size = attribute_bytes(attribute);
        break;
      case Type::N:
      case Type::Bool:
      case Type::Null:
        return false;
      default:
        size = content.size();
    }
    made_ = make_attribute(arena, Type::N, Value::string(arena, std::to_string(size)));
    return true;
  }

  const Value* value_ = nullptr;
  Value made_;
};

bool in_order(Comparator comparator, const Value& a, const Value& b) {
  if (comparator == Comparator::Equal) return equal(a, b);
  if (comparator == Comparator::NotEqual) return !equal(a, b);
  const auto order = compare(a, b);
  if (!order) return false;
  switch (comparator) {
    case Comparator::Less:
      return *order < 0;
    case Comparator::LessEqual:
      return *order <= 0;
    case Comparator::Greater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

bool begins_with(const Value& a, const Value& b) {
  const Type type = type_of(a);
  if (type != type_of(b)) return false;
  if (type == Type::S) return content_of(a).text().starts_with(content_of(b).text());
  return type == Type::B && decoded(content_of(a)).starts_with(decoded(content_of(b)));
}

bool contains(const Value& a, const Value& b) {
  const Type whole = type_of(a);
  const Type part = type_of(b);
  const Value& content = content_of(a);
  const auto is_member = [&](const Value& member) { return member.text() == content_of(b).text(); };
  switch (whole) {
    case Type::S:
      return part == Type::S && content.text().find(content_of(b).text()) != std::string_view::npos;
    case Type::B:
      return part == Type::B && decoded(content).find(decoded(content_of(b))) != std::string::npos;
    case Type::Ss:
      return part == Type::S && std::ranges::any_of(content.items(), is_member);
    case Type::Ns:
      return part == Type::N && std::ranges::any_of(content.items(), is_member);
    case Type::Bs:
      return part == Type::B && std::ranges::any_of(content.items(), is_member);
    case Type::L:
      return std::ranges::any_of(content.items(),
                                 [&](const Value& element) { return equal(element, b); });
    default:
      return false;
  }
}

class Evaluator {
 public:
  Evaluator(const BoundExpression& e, const Value& item) : e_(e), item_(item) {}

  bool truth(const Node& node) {
    switch (node.kind) {
      case NodeKind::And:
        return std::ranges::all_of(node.args, [this](const Node& arg) { return truth(arg); });
      case NodeKind::Or:
        return std::ranges::any_of(node.args, [this](const Node& arg) { return truth(arg); });
      case NodeKind::Not:
        return !truth(node.args[0]);
      case NodeKind::Compare: {
        const Operand a = operand(node.args[0]);
        const Operand b = operand(node.args[1]);
        // A missing attribute is unlike everything, and in no order with anything.
        if (!a || !b) return node.comparator == Comparator::NotEqual;
        return in_order(node.comparator, *a, *b);
      }
      case NodeKind::Between: {
        const Operand a = operand(node.args[0]);
        const Operand low = operand(node.args[1]);
        const Operand high = operand(node.args[2]);
        return a && low && high && in_order(Comparator::GreaterEqual, *a, *low) &&
               in_order(Comparator::LessEqual, *a, *high);
      }
      case NodeKind::In: {
        const Operand a = operand(node.args[0]);
        if (!a) return false;
        return std::any_of(node.args.begin() + 1, node.args.end(), [&](const Node& arg) {
          const Operand b = operand(arg);
          return b && equal(*a, *b);
        });
      }
      case NodeKind::Function:
        return function(node);
      default:
        return false;
    }
  }

 private:
  Operand operand(const Node& node) { return Operand(e_, node, item_, arena_); }

  bool function(const Node& node) {
    const Operand a = operand(node.args[0]);
    if (node.function == Function::AttributeExists) return bool(a);
    if (node.function == Function::AttributeNotExists) return !a;
    if (!a) return false;
    const Operand b = operand(node.args[1]);
    if (!b) return false;
    switch (node.function) {
      case Function::AttributeType:
        return name_of(type_of(*a)) == content_of(*b).text();
      case Function::BeginsWith:
        return begins_with(*a, *b);
      case Function::Contains:
        return contains(*a, *b);
      default:
        return false;
    }
  }

  const BoundExpression& e_;
  const Value& item_;
  Arena arena_;  // For what size() computes; takes no memory before.
};

}  // namespace

const Value* find_path(const BoundExpression& e, const DocumentPath& path, const Value& item) {
  const Value* at = &item.find(e.name(path[0]));
  for (std::size_t i = 1; i < path.size() && at->present(); ++i) {
    const PathStep& step = path[i];
    const Value& content = content_of(*at);
    const Type type = type_of(*at);
    if (step.kind == PathStep::Kind::Index) {
      if (type != Type::L || step.index >= content.size()) return nullptr;
      at = &content.items()[step.index];
    } else {
      if (type != Type::M) return nullptr;
      at = &content.find(e.name(step));
    }
  }
  return at->present() ? at : nullptr;
}

bool holds(const BoundExpression& condition, const Value& item) {
  return Evaluator(condition, item).truth(condition.tree->condition);
}

}  // namespace cloche::dynamodb
