#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "dynamodb/errors.h"
#include "dynamodb/expression/token.h"
#include "dynamodb/expression/tree.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

// Deeper nesting than any program writes; bounds the recursion of the parser and of everything that
// walks a tree.
constexpr int kDepthMax = 150;

struct NamedFunction {
  std::string_view name;
  Function function;
};
constexpr NamedFunction kConditionFunctions[] = {
    {"attribute_exists", Function::AttributeExists},
    {"attribute_not_exists", Function::AttributeNotExists},
    {"attribute_type", Function::AttributeType},
    {"begins_with", Function::BeginsWith},
    {"contains", Function::Contains},
    {"size", Function::Size}};
constexpr NamedFunction kUpdateFunctions[] = {{"if_not_exists", Function::IfNotExists},
                                              {"list_append", Function::ListAppend}};

std::optional<Comparator> comparator_of(const Token& token) {
  if (token.kind != TokenKind::Symbol) return std::nullopt;
  if (token.text == "=") return Comparator::Equal;
  if (token.text == "<>") return Comparator::NotEqual;
  if (token.text == "<") return Comparator::Less;
  if (token.text == "<=") return Comparator::LessEqual;
  if (token.text == ">") return Comparator::Greater;
  if (token.text == ">=") return Comparator::GreaterEqual;
  return std::nullopt;
}

bool is_operand(const Node& node) {
  return node.kind == NodeKind::Path || node.kind == NodeKind::Value ||
         node.kind == NodeKind::Function;
}
bool is_condition(const Node& node) { return !is_operand(node) || node.kind == NodeKind::Function; }

// Recursive descent over the tokens. A function answers false when the token at at_ can't stand
// there.
class Parser {
 public:
  Parser(ExpressionKind kind, std::string_view text) : text_(text), tokens_(tokens_of(text)) {
    out_.kind = kind;
  }

  Result<std::shared_ptr<const Expression>> parse() {
    if (tokens_.size() == 1) return validation("The expression can not be empty;");
    if (text_.size() > kExpressionBytesMax) {
      return validation("Expression size has exceeded the maximum allowed size; expression size: " +
                        std::to_string(text_.size()));
    }
    if (!whole() || !at_end()) return validation(syntax_error(text_, tokens_, at_));
    if (operators_ > kOperatorsMax) {
      // The service stops counting at the first that is too many.
      out_.refusal = "The expression contains too many operators; operator count: " +
                     std::to_string(kOperatorsMax + 1);
    }
    if (out_.refusal.empty()) out_.refusal = limit_;
    // An update looks at reserved words first.
    if (out_.kind == ExpressionKind::Update && out_.refusal.empty()) out_.refusal = reserved_;
    for (const std::string* refusal :
         {&parentheses_, &unknown_, &misused_, &reserved_, &repeated_}) {
      if (out_.refusal.empty()) out_.refusal = *refusal;
    }
    return std::make_shared<const Expression>(std::move(out_));
  }

 private:
  bool whole() {
    switch (out_.kind) {
      case ExpressionKind::Update:
        return clauses();
      case ExpressionKind::Projection:
        return projection();
      default:
        break;
    }
    if (!disjunction(out_.condition) || !is_condition(out_.condition)) return false;
    refuse_size_alone(out_.condition);
    return true;
  }

  const Token& token() const { return tokens_[at_]; }
  bool at_end() const { return token().kind == TokenKind::End; }
  bool take(std::string_view symbol) { return token().is(symbol) ? (++at_, true) : false; }
  bool take_word(std::string_view word) { return token().is_word(word) ? (++at_, true) : false; }

  // -- conditions: or, and, not, then comparisons. Parentheses may hold a condition or an operand,
  // which shows at their end.

  bool disjunction(Node& out) {
    if (!conjunction(out)) return false;
    return chain(out, "OR", NodeKind::Or, [this](Node& node) { return conjunction(node); });
  }

  bool conjunction(Node& out) {
    if (!negation(out)) return false;
    return chain(out, "AND", NodeKind::And, [this](Node& node) { return negation(node); });
  }

  template <class Next>
  bool chain(Node& out, std::string_view word, NodeKind kind, Next next) {
    if (!token().is_word(word)) return true;
    if (!is_condition(out)) return false;
    Node all;
    all.kind = kind;
    refuse_size_alone(out);
    all.args.push_back(std::move(out));
    while (take_word(word)) {
      ++operators_;
      Node& arg = all.args.emplace_back();
      if (!next(arg) || !is_condition(arg)) return false;
      refuse_size_alone(arg);
    }
    out = std::move(all);
    return true;
  }

  bool negation(Node& out) {
    if (!take_word("NOT")) return comparison(out);
    out.kind = NodeKind::Not;
    ++operators_;
    Node& arg = out.args.emplace_back();
    if (++depth_ > kDepthMax) return false;
    const bool good = negation(arg) && is_condition(arg);
    --depth_;
    refuse_size_alone(arg);
    return good;
  }

  bool comparison(Node& out) {
    if (!primary(out)) return false;
    if (const auto comparator = comparator_of(token())) {
      if (!is_operand(out)) return false;
      ++at_;
      return collect(out, NodeKind::Compare, *comparator) && operand(out.args.emplace_back()) &&
             no_misuse(out);
    }
    if (token().is_word("BETWEEN")) {
      if (!is_operand(out)) return false;
      ++at_;
      return collect(out, NodeKind::Between, {}) && operand(out.args.emplace_back()) &&
             take_word("AND") && operand(out.args.emplace_back()) && no_misuse(out);
    }
    if (token().is_word("IN")) {
      if (!is_operand(out)) return false;
      ++at_;
      return collect(out, NodeKind::In, {}) && take("(") && operands(out.args) && no_misuse(out) &&
             no_long_list(out);
    }
    return true;
  }

  bool no_long_list(const Node& in) {
    const std::size_t listed = in.args.size() - 1;
    if (listed > kInOperandsMax && limit_.empty()) {
      limit_ = "The IN operator is provided with too many operands; number of operands: " +
               std::to_string(listed);
    }
    return true;
  }

  // Makes `out` the first argument of a new node in its place.
  bool collect(Node& out, NodeKind kind, Comparator comparator) {
    Node node;
    ++operators_;
    node.kind = kind;
    node.comparator = comparator;
    node.args.push_back(std::move(out));
    out = std::move(node);
    return true;
  }

  bool primary(Node& out) {
    if (!take("(")) return simple_operand(out);
    if (++depth_ > kDepthMax) return false;
    if (!disjunction(out)) return false;
    --depth_;
    if (!take(")")) return false;
    if (out.in_parentheses && parentheses_.empty())
      parentheses_ = "The expression has redundant parentheses;";
    out.in_parentheses = true;
    // (a).b is a path too.
    if (out.kind != NodeKind::Path || !(token().is(".") || token().is("["))) return true;
    out.in_parentheses = false;
    return path_steps(out.path);
  }

  bool operand(Node& out) { return primary(out) && is_operand(out); }

  // The rest of "(a, b)" after the parenthesis.
  bool operands(std::vector<Node>& args) {
    do {
      if (!operand(args.emplace_back())) return false;
    } while (take(","));
    return take(")");
  }

  bool simple_operand(Node& out) {
    if (token().kind == TokenKind::Value) {
      out.kind = NodeKind::Value;
      out.value = index_of(out_.values, token().text);
      ++at_;
      return true;
    }
    if (token().kind == TokenKind::Name && tokens_[at_ + 1].is("(") && !is_keyword(token()))
      return function(out);
    out.kind = NodeKind::Path;
    return path(out.path);
  }

  bool function(Node& out) {
    out.kind = NodeKind::Function;
    ++operators_;
    out.name = token().text;
    const std::span<const NamedFunction> known =
        out_.kind == ExpressionKind::Update ? std::span<const NamedFunction>(kUpdateFunctions)
                                            : kConditionFunctions;
    const auto found = std::ranges::find(known, out.name, &NamedFunction::name);
    if (found != known.end()) out.function = found->function;
    if (found == known.end() && unknown_.empty())
      unknown_ = "Invalid function name; function: " + out.name;
    at_ += 2;
    if (++depth_ > kDepthMax || !operands(out.args)) return false;
    --depth_;
    return out_.kind == ExpressionKind::Update || no_misuse(out);
  }

  // Only size() may stand inside of something else: the other functions answer a truth.
  bool no_misuse(const Node& node) {
    for (const Node& arg : node.args) {
      if (arg.kind == NodeKind::Function && arg.function != Function::Size) refuse_use(arg);
    }
    return true;
  }

  void refuse_size_alone(const Node& node) {
    if (node.kind == NodeKind::Function && node.function == Function::Size) refuse_use(node);
  }

  void refuse_use(const Node& node) {
    if (!misused_.empty()) return;
    misused_ =
        "The function is not allowed to be used this way in an expression; function: " + node.name;
  }

  // -- paths

  bool path(DocumentPath& out) {
    if (!step(out) || !path_steps(out)) return false;
    if (out.size() > static_cast<std::size_t>(kNestingDepthMax) && limit_.empty()) {
      limit_ = "The document path has too many nesting levels; nesting levels: " +
               std::to_string(out.size());
    }
    return true;
  }

  bool path_steps(DocumentPath& out) {
    while (true) {
      if (take(".")) {
        if (!step(out)) return false;
      } else if (take("[")) {
        if (token().kind != TokenKind::Number) return false;
        std::uint32_t index = 0;
        const auto [end, error] =
            std::from_chars(token().text.data(), token().text.data() + token().text.size(), index);
        // Past any list: an element that is never there.
        if (error != std::errc()) index = 0x7fffffff;
        out.push_back({PathStep::Kind::Index, "", index});
        ++at_;
        if (!take("]")) return false;
      } else {
        return true;
      }
    }
  }

  bool step(DocumentPath& out) {
    if (token().kind == TokenKind::Placeholder) {
      out.push_back({PathStep::Kind::Placeholder, "", index_of(out_.names, token().text)});
    } else if (token().kind == TokenKind::Name && !is_keyword(token())) {
      if (reserved_.empty() && is_reserved_word(token().text)) {
        reserved_ =
            "Attribute name is a reserved keyword; reserved keyword: " + std::string(token().text);
      }
      out.push_back({PathStep::Kind::Name, std::string(token().text), 0});
    } else {
      return false;
    }
    ++at_;
    return true;
  }

  // Words that structure this kind of expression and so are never a name in it.
  bool is_keyword(const Token& token) const {
    const auto any_of = [&](std::initializer_list<std::string_view> words) {
      return std::ranges::any_of(words, [&](std::string_view word) { return token.is_word(word); });
    };
    if (out_.kind == ExpressionKind::Projection) return false;
    if (out_.kind == ExpressionKind::Update) return any_of({"SET", "REMOVE", "ADD", "DELETE"});
    return any_of({"AND", "OR", "NOT", "IN", "BETWEEN"});
  }

  static std::uint32_t index_of(std::vector<std::string>& all, std::string_view one) {
    const auto found = std::ranges::find(all, one);
    if (found != all.end()) return static_cast<std::uint32_t>(found - all.begin());
    all.emplace_back(one);
    return static_cast<std::uint32_t>(all.size() - 1);
  }

  // -- projections and updates

  bool projection() {
    do {
      if (!path(out_.paths.emplace_back())) return false;
    } while (take(","));
    return true;
  }

  bool clauses() {
    bool seen[4] = {};
    while (!at_end()) {
      const auto clause = take_clause();
      if (!clause) return false;
      bool& again = seen[static_cast<int>(*clause)];
      if (again && repeated_.empty()) {
        repeated_ = "The \"" + std::string(name_of(*clause)) +
                    "\" section can only be used once in an update expression;";
      }
      again = true;
      do {
        UpdateAction& action = out_.actions.emplace_back();
        action.clause = *clause;
        if (!path(action.path) || !action_value(action)) return false;
      } while (take(","));
    }
    return true;
  }

  std::optional<Clause> take_clause() {
    for (const Clause clause : {Clause::Set, Clause::Remove, Clause::Add, Clause::Delete}) {
      if (take_word(name_of(clause))) return clause;
    }
    return std::nullopt;
  }

  bool action_value(UpdateAction& action) {
    switch (action.clause) {
      case Clause::Remove:
        return true;
      case Clause::Set:
        return take("=") && arithmetic(action.value);
      default:
        return token().kind == TokenKind::Value && simple_operand(action.value);
    }
  }

  bool arithmetic(Node& out) {
    // Parentheses may stand around the whole, or around an operand.
    if (token().is("(")) {
      ++at_;
      if (++depth_ > kDepthMax || !arithmetic(out) || !take(")")) return false;
      --depth_;
      if (out.kind == NodeKind::Plus || out.kind == NodeKind::Minus) return true;
    } else if (!update_operand(out)) {
      return false;
    }
    const bool plus = token().is("+");
    if (!plus && !token().is("-")) return true;
    ++at_;
    collect(out, plus ? NodeKind::Plus : NodeKind::Minus, {});
    return update_operand(out.args.emplace_back());
  }

  bool update_operand(Node& out) {
    if (!take("(")) return simple_operand(out);
    return ++depth_ <= kDepthMax && update_operand(out) && take(")") && (--depth_, true);
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t operators_ = 0;
  Expression out_;
  std::string limit_, parentheses_, unknown_, misused_, reserved_, repeated_;
};

}  // namespace

std::string_view name_of(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::Condition:
      return "ConditionExpression";
    case ExpressionKind::Filter:
      return "FilterExpression";
    case ExpressionKind::KeyCondition:
      return "KeyConditionExpression";
    case ExpressionKind::Update:
      return "UpdateExpression";
    case ExpressionKind::Projection:
      return "ProjectionExpression";
  }
  return "";
}

std::string_view name_of(Comparator comparator) {
  constexpr std::string_view kNames[] = {"=", "<>", "<", "<=", ">", ">="};
  return kNames[static_cast<int>(comparator)];
}

std::string_view name_of(Clause clause) {
  constexpr std::string_view kNames[] = {"SET", "REMOVE", "ADD", "DELETE"};
  return kNames[static_cast<int>(clause)];
}

Result<std::shared_ptr<const Expression>> parse_expression(ExpressionKind kind,
                                                           std::string_view text) {
  return Parser(kind, text).parse();
}

}  // namespace cloche::dynamodb
