#include "dynamodb/partiql/token.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/expression/token.h"

namespace cloche::dynamodb::partiql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Longer ones first.
constexpr std::string_view kSymbols[] = {"<<", ">>", "<>", "!=", "<=", ">=", "(", ")",
                                         "[",  "]",  "{",  "}",  ".",  ",",  ":", "*",
                                         "+",  "-",  "=",  "<",  ">",  ";"};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> read() {
    while (true) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      CLOCHE_TRY(token, next());
      tokens_.push_back(std::move(token));
    }
    tokens_.emplace_back();
    return std::move(tokens_);
  }

 private:
  Result<Token> next() {
    const char c = text_[at_];
    if (c == '\'') return quoted(TokenKind::String);
    if (c == '"') return quoted(TokenKind::Identifier);
    if (c == '?') return ++at_, Token{TokenKind::Parameter, "?"};
    if (is_letter(c))
      return run(TokenKind::Word, [](char d) { return is_letter(d) || is_digit(d); });
    if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      return number();
    }
    for (const std::string_view symbol : kSymbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += symbol.size();
      return Token{TokenKind::Symbol, std::string(symbol)};
    }
    return not_well_formed("unexpected character '" + std::string(1, c) + "'");
  }

  Token run(TokenKind kind, auto belongs) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return {kind, std::string(text_.substr(begin, at_ - begin))};
  }

  Token number() {
    const std::size_t begin = at_;
    const auto digits = [this] {
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    };
    digits();
    if (at_ < text_.size() && text_[at_] == '.') ++at_, digits();
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      std::size_t after = at_ + 1;
      if (after < text_.size() && (text_[after] == '+' || text_[after] == '-')) ++after;
      if (after < text_.size() && is_digit(text_[after])) at_ = after, digits();
    }
    return {TokenKind::Number, std::string(text_.substr(begin, at_ - begin))};
  }

  Result<Token> quoted(TokenKind kind) {
    const char quote = text_[at_++];
    Token token{kind, ""};
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        token.text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        token.text += text_[at_++];
      } else {
        ++at_;
        return token;
      }
    }
    return not_well_formed("a quoted text does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

bool Token::is_word(std::string_view upper_case_word) const {
  return kind == TokenKind::Word && upper_case(text) == upper_case_word;
}

Result<std::vector<Token>> tokens_of(std::string_view statement) {
  return Reader(statement).read();
}

Error not_well_formed(std::string_view why) {
  return validation("Statement wasn't well formed, can't be processed: " + std::string(why));
}

}  // namespace cloche::dynamodb::partiql
