#include "s3/select/sql.h"

#include <algorithm>

#include "base/time_text.h"

namespace cloche::s3::select {
namespace {

struct Token {
  enum class Kind : std::uint8_t { End, Word, Quoted, Text, Number, Sign };
  Kind kind = Kind::End;
  std::string text;
};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a text in quotes; doubled quotes stand for one.
Result<std::string> quoted(std::string_view sql, std::size_t& at) {
  const char quote = sql[at++];
  std::string text;
  for (; at < sql.size(); ++at) {
    if (sql[at] != quote) {
      text += sql[at];
    } else if (at + 1 < sql.size() && sql[at + 1] == quote) {
      text += sql[at++];
    } else {
      ++at;
      return text;
    }
  }
  return query_error("LexerInvalidLiteral", "The SQL expression has a literal without its end.");
}

Result<std::vector<Token>> tokens_of(std::string_view sql) {
  using Kind = Token::Kind;
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < sql.size()) {
    const char c = sql[at];
    const std::size_t begin = at;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == '\'' || c == '"') {
      CLOCHE_TRY(text, quoted(sql, at));
      tokens.push_back({c == '"' ? Kind::Quoted : Kind::Text, std::move(text)});
    } else if (is_digit(c) || (c == '.' && at + 1 < sql.size() && is_digit(sql[at + 1]))) {
      while (at < sql.size() && (is_digit(sql[at]) || sql[at] == '.')) ++at;
      if (at < sql.size() && (sql[at] == 'e' || sql[at] == 'E')) {
        ++at;
        if (at < sql.size() && (sql[at] == '+' || sql[at] == '-')) ++at;
        while (at < sql.size() && is_digit(sql[at])) ++at;
      }
      tokens.push_back({Kind::Number, std::string(sql.substr(begin, at - begin))});
    } else if (is_word(c)) {
      while (at < sql.size() && is_word(sql[at])) ++at;
      tokens.push_back({Kind::Word, std::string(sql.substr(begin, at - begin))});
    } else {
      const std::string_view two = sql.substr(at, 2);
      const bool pair = two == "<=" || two == ">=" || two == "<>" || two == "!=" || two == "||";
      if (!pair && !std::string_view("()[]*+-/%,.<>=;").contains(c))
        return query_error("LexerInvalidChar",
                           "The SQL expression contains a character that is not valid.");
      at += pair ? 2 : 1;
      tokens.push_back({Kind::Sign, std::string(sql.substr(begin, at - begin))});
    }
  }
  tokens.push_back({});
  return tokens;
}

constexpr std::string_view kAggregates[] = {"COUNT", "SUM", "AVG", "MIN", "MAX"};
constexpr std::string_view kFunctions[] = {
    "COALESCE", "NULLIF", "CHAR_LENGTH",  "CHARACTER_LENGTH", "LOWER",    "UPPER",     "SUBSTRING",
    "TRIM",     "UTCNOW", "TO_TIMESTAMP", "TO_STRING",        "DATE_ADD", "DATE_DIFF", "EXTRACT"};
constexpr std::string_view kTypes[] = {"BOOL",   "BOOLEAN", "INT",     "INTEGER",
                                       "STRING", "VARCHAR", "CHAR",    "FLOAT",
                                       "DOUBLE", "DECIMAL", "NUMERIC", "TIMESTAMP"};
constexpr std::string_view kReserved[] = {"FROM", "WHERE", "LIMIT", "AS", "AND", "OR"};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Query> query() {
    if (!word("SELECT"))
      return query_error("ParseUnexpectedToken", "The SQL expression has to begin with SELECT.");
    CLOCHE_TRY_VOID(list());
    if (!word("FROM"))
      return query_error("ParseSelectMissingFrom",
                         "The SQL expression contains a missing FROM after the SELECT list.");
    CLOCHE_TRY_VOID(from());
    if (word("WHERE")) {
      CLOCHE_TRY(where, either());
      query_.where = std::move(where);
    }
    if (word("LIMIT")) {
      const auto limit = Value::number(peek().text).as_integer();
      if (peek().kind != Token::Kind::Number || !limit)
        return query_error("ParseExpectedNumber",
                           "Did not find the expected number in the SQL expression.");
      query_.limit = *limit;
      ++at_;
    }
    sign(";");
    if (peek().kind != Token::Kind::End) return unexpected();
    query_.aggregates = aggregates_;
    return std::move(query_);
  }

 private:
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool is_word_at(std::string_view text, std::size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::Word && upper(peek(ahead).text) == text;
  }
  bool word(std::string_view text) { return is_word_at(text) && ++at_; }
  bool is_sign(std::string_view text, std::size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::Sign && peek(ahead).text == text;
  }
  bool sign(std::string_view text) { return is_sign(text) && ++at_; }
  Error unexpected() const {
    return query_error("ParseUnexpectedToken",
                       "The SQL expression contains an unexpected token: " + peek().text);
  }
  Result<void> expect(std::string_view text) {
    if (!sign(text)) return unexpected();
    return {};
  }
  bool is_name() const {
    return peek().kind == Token::Kind::Quoted ||
           (peek().kind == Token::Kind::Word &&
            std::ranges::find(kReserved, upper(peek().text)) == std::end(kReserved));
  }

  Result<void> list() {
    if (is_sign("*") && is_word_at("FROM", 1)) {
      ++at_;
      query_.all = true;
      return {};
    }
    do {
      CLOCHE_TRY(expression, either());
      Column column;
      if (expression->op == Op::Path && !expression->steps.empty())
        column.name = expression->steps.back().name;
      column.expression = std::move(expression);
      if (word("AS") || is_name()) {
        if (!is_name()) return unexpected();
        column.name = tokens_[at_++].text;
      }
      if (column.name.empty()) column.name = "_" + std::to_string(query_.columns.size() + 1);
      query_.columns.push_back(std::move(column));
    } while (sign(","));
    return {};
  }

  Result<void> from() {
    if (!word("S3OBJECT"))
      return query_error("InvalidTableAlias",
                         "The SQL expression's FROM clause has to name S3Object.");
    while (is_sign("[") || is_sign(".")) {
      if (sign("[")) {
        if (!sign("*")) return unexpected();
        CLOCHE_TRY_VOID(expect("]"));
      } else {
        ++at_;
        if (!is_name()) return unexpected();
        query_.from.push_back(
            {.name = peek().text, .index = {}, .exact = peek().kind == Token::Kind::Quoted});
        ++at_;
      }
    }
    if (word("AS") || is_name()) query_.alias = tokens_[at_++].text;
    return {};
  }

  static ExpressionPtr node(Op op) {
    auto expression = std::make_unique<Expression>();
    expression->op = op;
    return expression;
  }
  static ExpressionPtr node(Op op, ExpressionPtr a, ExpressionPtr b = nullptr) {
    auto expression = node(op);
    expression->arguments.push_back(std::move(a));
    if (b) expression->arguments.push_back(std::move(b));
    return expression;
  }

  // Parentheses and NOTs nest no deeper than this: the parser calls itself for each.
  static constexpr int kDepthMax = 200;
  struct Depth {
    explicit Depth(int& depth) : depth_(++depth) {}
    ~Depth() { --depth_; }
    int& depth_;
  };

  Result<ExpressionPtr> either() {
    const Depth depth(depth_);
    if (depth_ > kDepthMax)
      return query_error("ExpressionTooLong", "The SQL expression is nested too deeply.");
    CLOCHE_TRY(left, both());
    while (word("OR")) {
      CLOCHE_TRY(right, both());
      left = node(Op::Or, std::move(left), std::move(right));
    }
    return left;
  }
  Result<ExpressionPtr> both() {
    CLOCHE_TRY(left, negation());
    while (word("AND")) {
      CLOCHE_TRY(right, negation());
      left = node(Op::And, std::move(left), std::move(right));
    }
    return left;
  }
  Result<ExpressionPtr> negation() {
    const Depth depth(depth_);
    if (depth_ > kDepthMax)
      return query_error("ExpressionTooLong", "The SQL expression is nested too deeply.");
    if (!word("NOT")) return comparison();
    CLOCHE_TRY(inner, negation());
    return node(Op::Not, std::move(inner));
  }

  Result<ExpressionPtr> comparison() {
    CLOCHE_TRY(left, sum());
    constexpr std::pair<std::string_view, Op> kSigns[] = {
        {"=", Op::Equal},         {"<>", Op::NotEqual}, {"!=", Op::NotEqual}, {"<=", Op::LessEqual},
        {">=", Op::GreaterEqual}, {"<", Op::Less},      {">", Op::Greater}};
    for (const auto& [text, op] : kSigns) {
      if (!sign(text)) continue;
      CLOCHE_TRY(right, sum());
      return node(op, std::move(left), std::move(right));
    }
    if (word("IS")) return is_test(std::move(left));
    const bool negated = (is_word_at("NOT") && (is_word_at("BETWEEN", 1) || is_word_at("IN", 1) ||
                                                is_word_at("LIKE", 1))) &&
                         ++at_;
    Result<ExpressionPtr> test(ExpressionPtr{});
    if (word("BETWEEN")) {
      test = between(std::move(left));
    } else if (word("IN")) {
      test = in(std::move(left));
    } else if (word("LIKE")) {
      test = like(std::move(left));
    } else {
      return left;
    }
    if (!test || !negated) return test;
    return node(Op::Not, *std::move(test));
  }
  Result<ExpressionPtr> is_test(ExpressionPtr left) {
    const bool negated = word("NOT");
    ExpressionPtr test;
    if (word("NULL")) {
      test = node(Op::IsNull, std::move(left));
    } else if (word("MISSING")) {
      test = node(Op::IsMissing, std::move(left));
    } else {
      return unexpected();
    }
    return negated ? node(Op::Not, std::move(test)) : std::move(test);
  }
  Result<ExpressionPtr> between(ExpressionPtr left) {
    auto test = node(Op::Between, std::move(left));
    CLOCHE_TRY(low, sum());
    if (!word("AND")) return unexpected();
    CLOCHE_TRY(high, sum());
    test->arguments.push_back(std::move(low));
    test->arguments.push_back(std::move(high));
    return test;
  }
  Result<ExpressionPtr> in(ExpressionPtr left) {
    auto test = node(Op::In, std::move(left));
    const char* const end = is_sign("[") ? "]" : ")";
    if (!sign("(") && !sign("[")) return unexpected();
    do {
      CLOCHE_TRY(item, sum());
      test->arguments.push_back(std::move(item));
    } while (sign(","));
    CLOCHE_TRY_VOID(expect(end));
    return test;
  }
  Result<ExpressionPtr> like(ExpressionPtr left) {
    CLOCHE_TRY(pattern, sum());
    auto test = node(Op::Like, std::move(left), std::move(pattern));
    if (word("ESCAPE")) {
      CLOCHE_TRY(escape, sum());
      test->arguments.push_back(std::move(escape));
    }
    return test;
  }

  Result<ExpressionPtr> sum() {
    CLOCHE_TRY(left, product());
    for (;;) {
      const Op op = sign("+")    ? Op::Add
                    : sign("-")  ? Op::Subtract
                    : sign("||") ? Op::Concat
                                 : Op::Literal;
      if (op == Op::Literal) return left;
      CLOCHE_TRY(right, product());
      left = node(op, std::move(left), std::move(right));
    }
  }
  Result<ExpressionPtr> product() {
    CLOCHE_TRY(left, unary());
    for (;;) {
      const Op op = sign("*")   ? Op::Multiply
                    : sign("/") ? Op::Divide
                    : sign("%") ? Op::Remainder
                                : Op::Literal;
      if (op == Op::Literal) return left;
      CLOCHE_TRY(right, unary());
      left = node(op, std::move(left), std::move(right));
    }
  }
  Result<ExpressionPtr> unary() {
    const Depth depth(depth_);
    if (depth_ > kDepthMax)
      return query_error("ExpressionTooLong", "The SQL expression is nested too deeply.");
    if (sign("+")) return unary();
    if (!sign("-")) return primary();
    CLOCHE_TRY(inner, unary());
    return node(Op::Negate, std::move(inner));
  }

  static ExpressionPtr literal(SqlValue value) {
    auto expression = node(Op::Literal);
    expression->literal = std::move(value);
    return expression;
  }

  Result<ExpressionPtr> primary() {
    const Token token = peek();
    switch (token.kind) {
      case Token::Kind::Number: {
        ++at_;
        const auto number = SqlValue::of_text(token.text).as_number();
        if (!number) return query_error("LexerInvalidLiteral", "The number is not valid.");
        return literal(*number);
      }
      case Token::Kind::Text:
        ++at_;
        return literal(SqlValue::of_text(token.text));
      case Token::Kind::Sign: {
        CLOCHE_TRY_VOID(expect("("));
        CLOCHE_TRY(inner, either());
        CLOCHE_TRY_VOID(expect(")"));
        return inner;
      }
      case Token::Kind::Word:
        return word_expression(upper(token.text));
      case Token::Kind::Quoted:
        return path();
      case Token::Kind::End:
        break;
    }
    return unexpected();
  }

  Result<ExpressionPtr> word_expression(const std::string& name) {
    if (is_sign("(", 1)) return call(name);
    if (word("TRUE")) return literal(SqlValue::boolean(true));
    if (word("FALSE")) return literal(SqlValue::boolean(false));
    if (word("NULL")) return literal(SqlValue::null());
    if (word("MISSING")) return literal({});
    if (word("CASE")) return cases();
    if (!is_name()) return unexpected();
    return path();
  }

  Result<ExpressionPtr> path() {
    auto expression = node(Op::Path);
    do {
      if (!is_name()) return unexpected();
      expression->steps.push_back(
          {.name = peek().text, .index = {}, .exact = peek().kind == Token::Kind::Quoted});
      ++at_;
      while (sign("[")) {
        const auto index = Value::number(peek().text).as_integer();
        if (peek().kind != Token::Kind::Number || !index) return unexpected();
        ++at_;
        expression->steps.push_back({.name = {}, .index = *index});
        CLOCHE_TRY_VOID(expect("]"));
      }
    } while (sign("."));
    return expression;
  }

  Result<ExpressionPtr> cases() {
    auto expression = node(Op::Case);

    if (!is_word_at("WHEN"))
      return query_error("UnsupportedSyntax",
                         "CASE has to be followed by WHEN in this SQL expression.");
    while (word("WHEN")) {
      CLOCHE_TRY(condition, either());
      if (!word("THEN"))
        return query_error("ParseExpectedKeyword",
                           "Did not find the expected keyword in the SQL expression.");
      CLOCHE_TRY(result, either());
      expression->arguments.push_back(std::move(condition));
      expression->arguments.push_back(std::move(result));
    }
    if (word("ELSE")) {
      CLOCHE_TRY(otherwise, either());
      expression->arguments.push_back(std::move(otherwise));
    }
    if (!word("END"))
      return query_error("ParseExpectedKeyword",
                         "Did not find the expected keyword in the SQL expression.");
    return expression;
  }

  Result<ExpressionPtr> call(const std::string& name) {
    at_ += 2;
    if (name == "CAST") return cast();
    if (std::ranges::find(kAggregates, name) != std::end(kAggregates)) return aggregate(name);
    if (std::ranges::find(kFunctions, name) == std::end(kFunctions))
      return query_error("UnsupportedFunction", "Encountered an unsupported function: " + name);
    auto expression = node(Op::Function);
    expression->text = name;
    CLOCHE_TRY_VOID(arguments(*expression));
    CLOCHE_TRY_VOID(expect(")"));
    return expression;
  }

  // Commas stand between most arguments; SUBSTRING, TRIM and EXTRACT have words of their own, and
  // the date functions begin with the name of a part.
  Result<void> arguments(Expression& expression) {
    const std::string& name = expression.text;
    if (is_sign(")")) return {};
    if (name == "TRIM") {
      std::string side = "BOTH";
      for (const std::string_view known : {"LEADING", "TRAILING", "BOTH"})
        if (word(known)) side = known;
      expression.steps.push_back({.name = side, .index = {}});
    } else if (name == "EXTRACT" || name == "DATE_ADD" || name == "DATE_DIFF") {
      expression.steps.push_back({.name = upper(peek().text), .index = {}});
      ++at_;
      if (!word("FROM")) CLOCHE_TRY_VOID(expect(","));
    }
    bool from = word("FROM");
    do {
      CLOCHE_TRY(argument, either());
      expression.arguments.push_back(std::move(argument));
      from = (name == "TRIM" || name == "SUBSTRING") && (word("FROM") || word("FOR"));
    } while (from || sign(","));
    return {};
  }

  Result<ExpressionPtr> cast() {
    CLOCHE_TRY(inner, either());
    if (!word("AS"))
      return query_error("ParseExpectedKeyword",
                         "Did not find the expected keyword in the SQL expression.");
    auto expression = node(Op::Cast, std::move(inner));
    expression->text = upper(peek().text);
    if (peek().kind != Token::Kind::Word ||
        std::ranges::find(kTypes, expression->text) == std::end(kTypes))
      return query_error("ParseExpectedTypeName",
                         "Did not find the expected type name in the SQL expression.");
    ++at_;
    if (sign("(")) {  // DECIMAL(10, 2), VARCHAR(20): taken, and of no effect.
      while (!is_sign(")") && peek().kind != Token::Kind::End) ++at_;
      CLOCHE_TRY_VOID(expect(")"));
    }
    CLOCHE_TRY_VOID(expect(")"));
    return expression;
  }

  Result<ExpressionPtr> aggregate(const std::string& name) {
    auto expression = node(Op::Aggregate);
    expression->text = name;
    expression->slot = aggregates_++;
    if (!(name == "COUNT" && sign("*"))) {
      CLOCHE_TRY(argument, either());
      expression->arguments.push_back(std::move(argument));
    }
    CLOCHE_TRY_VOID(expect(")"));
    return expression;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t aggregates_ = 0;
  int depth_ = 0;
  Query query_;
};

}  // namespace

Error query_error(std::string_view code, std::string_view message) {
  return refused(400, code, std::string(message));
}

Result<Query> parse_query(std::string_view sql) {
  CLOCHE_TRY(tokens, tokens_of(sql));
  return Parser(std::move(tokens)).query();
}

}  // namespace cloche::s3::select
