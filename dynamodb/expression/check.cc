#include "dynamodb/expression/check.h"

#include <algorithm>

#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {
namespace {

std::string undefined_name(std::string_view name) {
  return "An expression attribute name used in the document path is not defined; attribute name: " +
         std::string(name);
}

std::string undefined_value(std::string_view name) {
  return "An expression attribute value used in expression is not defined; attribute value: " +
         std::string(name);
}

std::string wrong_type(std::string_view operator_or_function, std::string_view type) {
  return "Incorrect operand type for operator or function; operator or function: " +
         std::string(operator_or_function) + ", operand type: " + std::string(type);
}

bool same_step(const BoundExpression& e, const PathStep& a, const PathStep& b) {
  const bool index = a.kind == PathStep::Kind::Index;
  if (index != (b.kind == PathStep::Kind::Index)) return false;
  return index ? a.index == b.index : e.name(a) == e.name(b);
}

std::string undefined_in_path(const BoundExpression& e, const DocumentPath& path) {
  for (const PathStep& step : path) {
    if (step.kind == PathStep::Kind::Placeholder && e.names[step.index].empty())
      return undefined_name(e.tree->names[step.index]);
  }
  return "";
}

std::optional<Type> type_of_value(const BoundExpression& e, const Node& node) {
  if (node.kind != NodeKind::Value || !e.value(node).present()) return std::nullopt;
  return type_of(e.value(node));
}

// "AttributeValue: {S:a}", as the service prints a value.
std::string printed(const Value& attribute) {
  return "AttributeValue: {" + std::string(name_of(type_of(attribute))) + ":" +
         content_of(attribute).str() + "}";
}

// One comparison or function of a condition. Of several faults in it the service names undefined
// placeholders first, then a wrong number of operands, then operands that are the same, then types.
class Leaf {
 public:
  explicit Leaf(const BoundExpression& expression) : e_(expression) {}

  std::string refusal(const Node& node) {
    visit(node);
    for (const std::string* refusal : {&undefined_, &count_, &distinct_, &type_}) {
      if (!refusal->empty()) return *refusal;
    }
    return "";
  }

 private:
  static void keep(std::string& first, std::string refusal) {
    if (first.empty()) first = std::move(refusal);
  }

  void visit(const Node& node) {
    for (const Node& arg : node.args) visit(arg);
    switch (node.kind) {
      case NodeKind::Path:
        keep(undefined_, undefined_in_path(e_, node.path));
        return;
      case NodeKind::Value:
        if (!e_.value(node).present())
          keep(undefined_, undefined_value(e_.tree->values[node.value]));
        return;
      case NodeKind::Function:
        function(node);
        return;
      case NodeKind::Compare:
        comparison(node);
        return;
      case NodeKind::Between:
        between(node);
        return;
      default:
        return;
    }
  }

  void function(const Node& node) {
    const std::size_t wanted = node.function == Function::AttributeType ||
                                       node.function == Function::BeginsWith ||
                                       node.function == Function::Contains
                                   ? 2
                                   : 1;
    if (node.args.size() != wanted) {
      keep(count_, "Incorrect number of operands for operator or function; operator or function: " +
                       node.name + ", number of operands: " + std::to_string(node.args.size()));
      return;
    }
    distinct(node.name, node);
    switch (node.function) {
      case Function::AttributeExists:
      case Function::AttributeNotExists:
        if (node.args[0].kind != NodeKind::Path) {
          keep(type_,
               "Operator or function requires a document path; operator or function: " + node.name);
        }
        return;
      case Function::BeginsWith:
        for (const Node& arg : node.args) {
          if (arg.kind == NodeKind::Function) keep(type_, wrong_type(node.name, "N"));
          const auto type = type_of_value(e_, arg);
          if (type && *type != Type::S && *type != Type::B)
            keep(type_, wrong_type(node.name, name_of(*type)));
        }
        return;
      case Function::AttributeType:
        return attribute_type(node);
      case Function::Size: {
        if (node.args[0].kind == NodeKind::Function) keep(type_, wrong_type(node.name, "N"));
        const auto type = type_of_value(e_, node.args[0]);
        if (type == Type::N || type == Type::Bool || type == Type::Null)
          keep(type_, wrong_type(node.name, name_of(*type)));
        return;
      }
      default:
        return;
    }
  }

  void attribute_type(const Node& node) {
    const auto type = type_of_value(e_, node.args[1]);
    if (type != Type::S) {
      if (node.args[1].kind == NodeKind::Value && !type)
        return;  // Undefined, which is said instead.
      if (node.args[1].kind == NodeKind::Function) return keep(type_, wrong_type(node.name, "N"));
      keep(type_, wrong_type(node.name, type ? name_of(*type) : "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
      return;
    }
    const std::string_view name = content_of(e_.value(node.args[1])).text();
    if (!type_named(name)) {
      keep(type_, "Invalid attribute type name found; type: " + std::string(name) +
                      ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
    }
  }

  void comparison(const Node& node) {
    distinct(name_of(node.comparator), node);
    if (node.comparator == Comparator::Equal || node.comparator == Comparator::NotEqual) return;
    for (const Node& arg : node.args) {
      const auto type = type_of_value(e_, arg);
      if (type && *type > Type::B) {
        keep(type_, "Incorrect operand type for operator or function; operator: " +
                        std::string(name_of(node.comparator)) +
                        ", operand type: " + std::string(name_of(*type)));
      }
    }
  }

  void between(const Node& node) {
    const auto lower = type_of_value(e_, node.args[1]);
    const auto upper = type_of_value(e_, node.args[2]);
    if (!lower || !upper) return;
    const Value& low = e_.value(node.args[1]);
    const Value& high = e_.value(node.args[2]);
    const std::string bounds =
        "lower bound operand: " + printed(low) + ", upper bound operand: " + printed(high);
    if (*lower != *upper) {
      keep(type_,
           "The BETWEEN operator requires same data type for lower and upper bounds; " + bounds);
    } else if (compare(low, high).value_or(0) > 0) {
      keep(
          type_,
          "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
              bounds);
    }
  }

  void distinct(std::string_view what, const Node& node) {
    if (node.args.size() != 2 || node.args[0].kind != NodeKind::Path ||
        node.args[1].kind != NodeKind::Path)
      return;
    const auto same = [this](const PathStep& a, const PathStep& b) { return same_step(e_, a, b); };
    if (!std::ranges::equal(node.args[0].path, node.args[1].path, same)) return;
    keep(distinct_,
         "The first operand must be distinct from the remaining operands for this operator or "
         "function; operator: " +
             std::string(what) + ", first operand: " + path_text(e_, node.args[0].path));
  }

  const BoundExpression& e_;
  std::string undefined_, count_, distinct_, type_;
};

std::string condition_refusal(const BoundExpression& e, const Node& node) {
  if (node.kind != NodeKind::And && node.kind != NodeKind::Or && node.kind != NodeKind::Not)
    return Leaf(e).refusal(node);
  for (const Node& arg : node.args) {
    if (std::string refusal = condition_refusal(e, arg); !refusal.empty()) return refusal;
  }
  return "";
}

// Two paths of one update or projection must not meet: "overlap" if one is the beginning of the
// other, "conflict" if one takes for a map what the other takes for a list.
std::string paths_refusal(const BoundExpression& e, const std::vector<const DocumentPath*>& paths) {
  std::string conflict;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const DocumentPath& a = *paths[j];
      const DocumentPath& b = *paths[i];
      std::size_t common = 0;
      while (common < a.size() && common < b.size() && same_step(e, a[common], b[common])) ++common;
      const std::string which =
          "must remove or rewrite one of these paths; path one: " + path_text(e, a) +
          ", path two: " + path_text(e, b);
      if (common == a.size() || common == b.size())
        return "Two document paths overlap with each other; " + which;
      const bool list_and_map =
          (a[common].kind == PathStep::Kind::Index) != (b[common].kind == PathStep::Kind::Index);
      if (list_and_map && conflict.empty())
        conflict = "Two document paths conflict with each other; " + which;
    }
  }
  return conflict;
}

std::string undefined_names(const BoundExpression& e) {
  for (std::size_t i = 0; i < e.names.size(); ++i) {
    if (e.names[i].empty()) return undefined_name(e.tree->names[i]);
  }
  return "";
}

std::string undefined_values(const BoundExpression& e) {
  for (std::size_t i = 0; i < e.values.size(); ++i) {
    if (!e.values[i].present()) return undefined_value(e.tree->values[i]);
  }
  return "";
}

// ADD takes numbers and sets, DELETE sets.
std::string clause_refusal(const BoundExpression& e, const UpdateAction& action) {
  if (action.clause != Clause::Add && action.clause != Clause::Delete) return "";
  const Type type = *type_of_value(e, action.value);
  if (type == Type::Ss || type == Type::Ns || type == Type::Bs ||
      (type == Type::N && action.clause == Clause::Add))
    return "";
  constexpr std::string_view kNames[] = {"STRING", "NUMBER", "BINARY", "BOOLEAN", "NULL",
                                         "",       "",       "",       "LIST",    "MAP"};
  return "Incorrect operand type for operator or function; operator: " +
         std::string(name_of(action.clause)) +
         ", operand type: " + std::string(kNames[static_cast<int>(type)]);
}

std::string update_function_refusal(const BoundExpression& e, const Node& node) {
  for (const Node& arg : node.args) {
    if (std::string refusal = update_function_refusal(e, arg); !refusal.empty()) return refusal;
  }
  const bool arithmetic = node.kind == NodeKind::Plus || node.kind == NodeKind::Minus;
  if (node.kind == NodeKind::Function && node.args.size() != 2) {
    return "Incorrect number of operands for operator or function; operator or function: " +
           node.name + ", number of operands: " + std::to_string(node.args.size());
  }
  if (node.function == Function::IfNotExists && node.args[0].kind != NodeKind::Path) {
    return "Operator or function requires a document path; operator or function: " + node.name;
  }
  if (!arithmetic && node.function != Function::ListAppend) return "";
  const std::string_view name = node.kind == NodeKind::Plus    ? "+"
                                : node.kind == NodeKind::Minus ? "-"
                                                               : std::string_view(node.name);
  for (const Node& arg : node.args) {
    const auto type = type_of_value(e, arg);
    if (type && *type != (arithmetic ? Type::N : Type::L)) return wrong_type(name, name_of(*type));
    if (arithmetic && arg.function == Function::ListAppend) return wrong_type(name, "L");
  }
  return "";
}

std::string update_refusal(const BoundExpression& e) {
  std::vector<const DocumentPath*> paths;
  for (const UpdateAction& action : e.tree->actions) paths.push_back(&action.path);
  if (std::string refusal = undefined_names(e); !refusal.empty()) return refusal;
  if (std::string refusal = undefined_values(e); !refusal.empty()) return refusal;
  if (std::string refusal = paths_refusal(e, paths); !refusal.empty()) return refusal;
  for (const UpdateAction& action : e.tree->actions) {
    if (std::string refusal = clause_refusal(e, action); !refusal.empty()) return refusal;
  }
  for (const UpdateAction& action : e.tree->actions) {
    if (std::string refusal = update_function_refusal(e, action.value); !refusal.empty())
      return refusal;
  }
  return "";
}

std::string projection_refusal(const BoundExpression& e) {
  if (std::string refusal = undefined_names(e); !refusal.empty()) return refusal;
  std::vector<const DocumentPath*> paths;
  for (const DocumentPath& path : e.tree->paths) paths.push_back(&path);
  return paths_refusal(e, paths);
}

}  // namespace

std::string refusal_of(const BoundExpression& expression) {
  switch (expression.tree->kind) {
    case ExpressionKind::Update:
      return update_refusal(expression);
    case ExpressionKind::Projection:
      return projection_refusal(expression);
    default:
      return condition_refusal(expression, expression.tree->condition);
  }
}

}  // namespace cloche::dynamodb
