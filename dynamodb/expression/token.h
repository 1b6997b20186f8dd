// The words of an expression, and syntax errors in the service's form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cloche::dynamodb {

enum class TokenKind : std::uint8_t {
  Name,         // price, and the keywords, which are told from names by where they stand
  Placeholder,  // #p
  Value,        // :v
  Number,       // 12
  Symbol,       // ( ) [ ] . , + - = <> < <= > >=
  Other,  // What belongs nowhere: a lone # or :, a percent sign, the first byte of a letter beyond
          // ASCII.
  End,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;
  std::size_t begin = 0;  // In the expression.

  bool is(std::string_view symbol) const { return kind == TokenKind::Symbol && text == symbol; }
  bool is_word(std::string_view upper_case_word) const;  // Keywords go in any case.
};

// The tokens of `text`, ended by one of kind End. They refer into `text`.
std::vector<Token> tokens_of(std::string_view text);

// Syntax error; token: "x", near: "the token before, it, and the one after as they stand in the
// text".
std::string syntax_error(std::string_view text, const std::vector<Token>& tokens, std::size_t at);

std::string upper_case(std::string_view ascii);
bool is_reserved_word(std::string_view name);

}  // namespace cloche::dynamodb
