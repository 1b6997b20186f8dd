#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/partiql/statement.h"
#include "dynamodb/partiql/token.h"

namespace cloche::dynamodb {
namespace partiql {
namespace {

// It also bounds the recursion.
constexpr int kDepthMax = 2 * kNestingDepthMax;

struct NamedFunction {
  std::string_view name;
  Function function;
  std::size_t args;
};
// By lower-case name. size() is the only one that stands inside of a comparison.
constexpr NamedFunction kFunctions[] = {
    {"attribute_type", Function::AttributeType, 2},
    {"begins_with", Function::BeginsWith, 2},
    {"contains", Function::Contains, 2},
    {"size", Function::Size, 1},
    {"list_append", Function::ListAppend, 2},
    {"if_not_exists", Function::IfNotExists, 2},
};

Node node_of(NodeKind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Node with_args(NodeKind kind, Node first) {
  Node node = node_of(kind);
  node.args.push_back(std::move(first));
  return node;
}

Node call_of(Function function, Node first) {
  Node node = with_args(NodeKind::Function, std::move(first));
  node.function = function;
  return node;
}

Node path_of(DocumentPath path) {
  Node node = node_of(NodeKind::Path);
  node.path = std::move(path);
  return node;
}

// Recursive descent. Every step answers whether it went well; what is wrong is in error_, the first
// time only.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const Value& parameters, Arena& arena)
      : tokens_(std::move(tokens)), parameters_(parameters), arena_(arena) {}

  Result<Statement> parse() {
    if (!statement()) {
      if (error_) return *std::move(error_);
      return not_well_formed(token().kind == TokenKind::End
                                 ? std::string("unexpected end of statement")
                                 : "unexpected token '" + token().text + "'");
    }
    take(";");
    if (token().kind != TokenKind::End)
      return not_well_formed("unexpected token '" + token().text + "'");
    if (used_ != parameters_.size())
      return validation("Number of parameters in request and statement don't match.");
    return std::move(out_);
  }

 private:
  const Token& token() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool take(std::string_view symbol) {
    if (!token().is(symbol)) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!token().is_word(word)) return false;
    ++at_;
    return true;
  }
  bool fail(Error error) {
    if (!error_) error_ = std::move(error);
    return false;
  }

  // -- statements

  bool statement() {
    if (take_word("SELECT")) return select();
    if (take_word("INSERT")) return insert();
    if (take_word("UPDATE")) return update();
    if (take_word("DELETE")) return remove();
    if (take_word("EXISTS")) {
      if (!take("(") || !take_word("SELECT") || !select() || !take(")")) return false;
      out_.kind = StatementKind::Exists;
      return true;
    }
    return false;
  }

  bool select() {
    out_.kind = StatementKind::Select;
    if (!take("*")) {
      do {
        if (!path(out_.projection.emplace_back())) return false;
      } while (take(","));
    }
    if (!take_word("FROM") || !source()) return false;
    if (take_word("WHERE") && !condition()) return false;
    return !take_word("ORDER") || (take_word("BY") && order());
  }

  bool order() {
    do {
      OrderBy& by = out_.order.emplace_back();
      if (!name(by.attribute)) return false;
      by.descending = take_word("DESC");
      if (!by.descending) take_word("ASC");
    } while (take(","));
    return true;
  }

  bool insert() {
    out_.kind = StatementKind::Insert;
    return take_word("INTO") && source() && take_word("VALUE") && item();
  }

  // The item is a map of literals, or a parameter that is one.
  bool item() {
    Value whole;
    if (!literal(whole)) return false;
    if (type_of(whole) != Type::M)
      return fail(validation("Insert statement must contain a map as its value"));
    out_.item = content_of(whole);
    return true;
  }

  bool update() {
    out_.kind = StatementKind::Update;
    if (!source()) return false;
    while (token().is_word("SET") || token().is_word("REMOVE")) {
      const bool set = take_word("SET");
      if (!set) take_word("REMOVE");
      do {
        if (!(set ? assignment() : removal())) return false;
      } while (take(","));
    }
    if (out_.actions.empty() || !take_word("WHERE") || !condition()) return false;
    return returning();
  }

  bool remove() {
    out_.kind = StatementKind::Delete;
    return take_word("FROM") && source() && take_word("WHERE") && condition() && returning();
  }

  bool returning() {
    if (!take_word("RETURNING")) return true;
    const bool all = take_word("ALL");
    if (!all && !take_word("MODIFIED")) return false;
    const bool old = take_word("OLD");
    if ((!old && !take_word("NEW")) || !take("*")) return false;
    if (out_.kind == StatementKind::Delete && !(all && old))
      return fail(validation("Returning clause of a DELETE statement can only be ALL OLD *"));
    out_.returning = all ? (old ? ReturnValues::AllOld : ReturnValues::AllNew)
                         : (old ? ReturnValues::UpdatedOld : ReturnValues::UpdatedNew);
    return true;
  }

  // table, "table", "table"."index"
  bool source() { return name(out_.table) && (!take(".") || name(out_.index)); }

  bool name(std::string& out) {
    if (token().kind != TokenKind::Word && token().kind != TokenKind::Identifier) return false;
    out = token().text;
    ++at_;
    return true;
  }

  // -- SET and REMOVE

  bool removal() {
    UpdateAction& action = out_.actions.emplace_back();
    action.clause = Clause::Remove;
    return path(action.path);
  }

  // path = value | value +- value | list_append(..) | set_add(path, set) | set_delete(path, set)
  bool assignment() {
    UpdateAction action;
    if (!path(action.path) || !take("=")) return false;
    for (const auto& [word, clause] :
         {std::pair("SET_ADD", Clause::Add), std::pair("SET_DELETE", Clause::Delete)}) {
      if (!token().is_word(word)) continue;
      action.clause = clause;
      ++at_;
      DocumentPath same;
      if (!take("(") || !path(same) || !take(",") || !operand(action.value) || !take(")"))
        return false;
      out_.actions.push_back(std::move(action));
      return true;
    }
    if (!operand(action.value)) return false;
    if (token().is("+") || token().is("-")) {
      const NodeKind kind = token().is("+") ? NodeKind::Plus : NodeKind::Minus;
      ++at_;
      action.value = with_args(kind, std::move(action.value));
      if (!operand(action.value.args.emplace_back())) return false;
    }
    out_.actions.push_back(std::move(action));
    return true;
  }

  // -- conditions

  bool condition() { return disjunction(out_.where.emplace()); }

  bool disjunction(Node& out) { return chain(out, "OR", NodeKind::Or); }
  bool conjunction(Node& out) { return chain(out, "AND", NodeKind::And); }

  bool chain(Node& out, std::string_view word, NodeKind kind) {
    const auto link = [&](Node& node) {
      return kind == NodeKind::Or ? conjunction(node) : negation(node);
    };
    if (!link(out)) return false;
    if (!token().is_word(word)) return true;
    out = with_args(kind, std::move(out));
    while (take_word(word)) {
      if (!link(out.args.emplace_back())) return false;
    }
    return true;
  }

  bool negation(Node& out) {
    if (!take_word("NOT")) return predicate(out);
    if (!deeper() || !negation(out)) return false;
    --depth_;
    out = with_args(NodeKind::Not, std::move(out));
    return true;
  }

  bool deeper() {
    return ++depth_ <= kDepthMax || fail(not_well_formed("the statement is nested too deep"));
  }

  bool predicate(Node& out) {
    // A parenthesis begins a condition, or a list on the left side of nothing: only the first.
    if (take("(")) {
      if (!deeper() || !disjunction(out) || !take(")")) return false;
      --depth_;
      if (out.kind != NodeKind::Path && out.kind != NodeKind::Value) return true;
    } else if (!operand(out)) {
      return false;
    }
    return comparison(out);
  }

  bool comparison(Node& out) {
    constexpr std::pair<std::string_view, Comparator> kComparators[] = {
        {"=", Comparator::Equal},        {"<>", Comparator::NotEqual},
        {"!=", Comparator::NotEqual},    {"<", Comparator::Less},
        {"<=", Comparator::LessEqual},   {">", Comparator::Greater},
        {">=", Comparator::GreaterEqual}};
    for (const auto& [symbol, comparator] : kComparators) {
      if (!take(symbol)) continue;
      out = with_args(NodeKind::Compare, std::move(out));
      out.comparator = comparator;
      return operand(out.args.emplace_back());
    }
    if (take_word("IS")) return is(out);
    const bool negated =
        token().is_word("NOT") && (ahead().is_word("IN") || ahead().is_word("BETWEEN"));
    if (negated) ++at_;
    if (take_word("BETWEEN")) {
      out = with_args(NodeKind::Between, std::move(out));
      if (!operand(out.args.emplace_back()) || !take_word("AND") ||
          !operand(out.args.emplace_back()))
        return false;
    } else if (take_word("IN")) {
      out = with_args(NodeKind::In, std::move(out));
      if (!members(out.args)) return false;
    } else if (out.kind != NodeKind::Function || out.function == Function::Size) {
      return stays_operand(out);
    }
    if (negated) out = with_args(NodeKind::Not, std::move(out));
    return true;
  }

  // A lone path or value is only good inside of parentheses, as an operand of what comes.
  bool stays_operand(const Node& out) {
    return (out.kind == NodeKind::Path || out.kind == NodeKind::Value) && token().is(")") &&
           depth_ > 0;
  }

  // IS [NOT] MISSING | NULL
  bool is(Node& out) {
    const bool negated = take_word("NOT");
    if (take_word("MISSING")) {
      out = call_of(negated ? Function::AttributeExists : Function::AttributeNotExists,
                    std::move(out));
      return true;
    }
    if (!take_word("NULL")) return false;
    out = call_of(Function::AttributeType, std::move(out));
    out.args.push_back(literal_node(make_attribute(arena_, Type::S, Value::string("NULL"))));
    if (negated) out = with_args(NodeKind::Not, std::move(out));
    return true;
  }

  // [a, b] or (a, b), or a parameter that is a list.
  bool members(std::vector<Node>& args) {
    const std::string_view close = token().is("[") ? "]" : ")";
    if (!take("[") && !take("(")) return false;
    do {
      if (!operand(args.emplace_back())) return false;
    } while (take(","));
    return take(close);
  }

  bool operand(Node& out) {
    if (token().kind == TokenKind::Word && ahead().is("(")) return function(out);
    if (is_path()) {
      DocumentPath steps;
      if (!path(steps)) return false;
      out = path_of(std::move(steps));
      return true;
    }
    Value value;
    if (!literal(value)) return false;
    out = literal_node(value);
    return true;
  }

  bool function(Node& out) {
    std::string lower = token().text;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto found = std::ranges::find(kFunctions, lower, &NamedFunction::name);
    if (found == std::end(kFunctions))
      return fail(validation("Unsupported function: " + token().text));
    at_ += 2;
    out = node_of(NodeKind::Function);
    out.function = found->function;
    out.name = found->name;
    if (!deeper()) return false;
    do {
      if (!operand(out.args.emplace_back())) return false;
    } while (take(","));
    --depth_;
    if (out.args.size() != found->args) {
      return fail(validation("Incorrect number of operands for operator or function: " + out.name));
    }
    return take(")");
  }

  Node literal_node(const Value& value) {
    Node node = node_of(NodeKind::Value);
    node.value = static_cast<std::uint32_t>(out_.values.size());
    out_.values.push_back(value);
    return node;
  }

  // -- paths

  bool is_path() const {
    if (token().kind == TokenKind::Identifier) return true;
    if (token().kind != TokenKind::Word) return false;
    constexpr std::string_view kLiterals[] = {"TRUE", "FALSE", "NULL", "MISSING"};
    return std::ranges::none_of(kLiterals,
                                [&](std::string_view word) { return token().is_word(word); });
  }

  bool path(DocumentPath& out) {
    std::string step;
    if (!name(step)) return false;
    out.push_back({PathStep::Kind::Name, std::move(step), 0});
    while (true) {
      if (take(".")) {
        if (!name(step)) return false;
        out.push_back({PathStep::Kind::Name, std::move(step), 0});
      } else if (token().is("[")) {
        ++at_;
        if (!index_step(out)) return false;
      } else {
        return true;
      }
    }
  }

  // [3] or ['name']
  bool index_step(DocumentPath& out) {
    if (token().kind == TokenKind::String) {
      out.push_back({PathStep::Kind::Name, token().text, 0});
    } else if (token().kind == TokenKind::Number) {
      std::uint32_t index = 0;
      const std::string& digits = token().text;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), index);
      if (error != std::errc() || end != digits.data() + digits.size()) return false;
      out.push_back({PathStep::Kind::Index, "", index});
    } else {
      return false;
    }
    ++at_;
    return take("]");
  }

  // -- literals

  bool literal(Value& out) {
    if (!raw_literal(out)) return false;
    auto checked = check_attribute(out, arena_);
    if (!checked) return fail(std::move(checked).error());
    out = checked->value;
    return true;
  }

  bool raw_literal(Value& out) {
    const Token& at = token();
    if (at.kind == TokenKind::String) return ++at_, scalar(out, "S", at.text);
    if (at.kind == TokenKind::Number) return ++at_, scalar(out, "N", at.text);
    if (take("-") || take("+")) {
      if (token().kind != TokenKind::Number) return false;
      const std::string signed_text = (tokens_[at_ - 1].is("-") ? "-" : "") + token().text;
      ++at_;
      return scalar(out, "N", signed_text);
    }
    if (at.kind == TokenKind::Parameter) return parameter(out);
    if (take_word("TRUE")) return make(out, "BOOL", Value::boolean(true));
    if (take_word("FALSE")) return make(out, "BOOL", Value::boolean(false));
    if (take_word("NULL")) return make(out, "NULL", Value::boolean(true));
    if (take("[")) return list(out, "]");
    if (take("{")) return map(out);
    if (take("<<")) return set(out);
    return false;
  }

  bool make(Value& out, std::string_view type, Value content) {
    out = Value::map();
    out.add(arena_, type, content);
    return true;
  }
  bool scalar(Value& out, std::string_view type, const std::string& text) {
    return make(out, type, Value::string(arena_, text));
  }

  bool parameter(Value& out) {
    ++at_;
    if (used_ >= parameters_.size())
      return fail(validation("Number of parameters in request and statement don't match."));
    out = parameters_.items()[used_++];
    return true;
  }

  bool list(Value& out, std::string_view close) {
    Value elements = Value::list();
    if (!deeper()) return false;
    while (!take(close)) {
      if (!elements.empty() && !take(",")) return false;
      Value element;
      if (!raw_literal(element)) return false;
      elements.push(arena_, element);
    }
    --depth_;
    return make(out, "L", elements);
  }

  bool map(Value& out) {
    Value members = Value::map();
    if (!deeper()) return false;
    while (!take("}")) {
      if (!members.empty() && !take(",")) return false;
      if (token().kind != TokenKind::String && token().kind != TokenKind::Identifier) return false;
      const std::string_view key = arena_.copy(token().text);
      ++at_;
      Value value;
      if (!take(":") || !raw_literal(value)) return false;
      members.set(arena_, key, value);
    }
    --depth_;
    return make(out, "M", members);
  }

  // << 'a', 'b' >>: of strings, numbers or binaries alike.
  bool set(Value& out) {
    Value elements = Value::list();
    std::string_view type;
    while (!take(">>")) {
      if (!elements.empty() && !take(",")) return false;
      Value element;
      if (!raw_literal(element)) return false;
      const Member& member = element.members()[0];
      if (type.empty()) type = member.name;
      if (member.name != type)
        return fail(validation("Sets must be homogenous. Found conflicting data types"));
      elements.push(arena_, member.value);
    }
    if (type == "S") return make(out, "SS", elements);
    if (type == "N") return make(out, "NS", elements);
    if (type == "B") return make(out, "BS", elements);
    return fail(validation("Sets can only hold strings, numbers or binaries"));
  }

  std::vector<Token> tokens_;
  const Value& parameters_;
  Arena& arena_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;
  int depth_ = 0;
  std::optional<Error> error_;
  Statement out_;
};

}  // namespace
}  // namespace partiql

Result<Statement> parse_statement(std::string_view text, const Value& parameters, Arena& arena) {
  CLOCHE_TRY(tokens, partiql::tokens_of(text));
  return partiql::Parser(std::move(tokens), parameters, arena).parse();
}

}  // namespace cloche::dynamodb
