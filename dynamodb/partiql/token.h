// The words of a PartiQL statement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche::dynamodb::partiql {

enum class TokenKind : std::uint8_t {
  Word,        // price, and the keywords
  Identifier,  // "price": never a keyword
  String,      // 'text'
  Number,
  Parameter,  // ?
  Symbol,     // ( ) [ ] { } << >> . , : * + - = <> != < <= > >=
  End,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string text;  // Without quotes; doubled quotes are one.

  bool is(std::string_view symbol) const { return kind == TokenKind::Symbol && text == symbol; }
  bool is_word(std::string_view upper_case_word) const;  // Keywords go in any case.
};

// Ended by one of kind End. Refuses strings that do not end and characters that belong nowhere.
Result<std::vector<Token>> tokens_of(std::string_view statement);

Error not_well_formed(std::string_view why);

}  // namespace cloche::dynamodb::partiql
