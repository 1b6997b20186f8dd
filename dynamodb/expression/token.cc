#include "dynamodb/expression/token.h"

namespace cloche::dynamodb {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return begins_name(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

TokenKind kind_of(std::string_view text, std::size_t at) {
  const char c = text[at];
  const bool named = at + 1 < text.size() && continues_name(text[at + 1]);
  if (begins_name(c)) return TokenKind::Name;
  if (is_digit(c)) return TokenKind::Number;
  if (c == '#') return named ? TokenKind::Placeholder : TokenKind::Other;
  if (c == ':') return named ? TokenKind::Value : TokenKind::Other;
  return std::string_view("()[].,+-=<>").find(c) != std::string_view::npos ? TokenKind::Symbol
                                                                           : TokenKind::Other;
}

std::size_t length_of(TokenKind kind, std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (kind == TokenKind::Number) {
    while (end < text.size() && is_digit(text[end])) ++end;
  } else if (kind == TokenKind::Symbol) {
    const std::string_view two = text.substr(at, 2);
    if (two == "<>" || two == "<=" || two == ">=") ++end;
  } else if (kind != TokenKind::Other) {
    while (end < text.size() && continues_name(text[end])) ++end;
  } else {
    // All bytes of one UTF-8 character, so that an error's text stays UTF-8.
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  }
  return end - at;
}

}  // namespace

bool Token::is_word(std::string_view upper_case_word) const {
  return kind == TokenKind::Name && text.size() == upper_case_word.size() &&
         upper_case(text) == upper_case_word;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (true) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) break;
    const TokenKind kind = kind_of(text, at);
    const std::size_t length = length_of(kind, text, at);
    tokens.push_back({kind, text.substr(at, length), at});
    at += length;
  }
  tokens.push_back({TokenKind::End, "<EOF>", text.size()});
  return tokens;
}

std::string syntax_error(std::string_view text, const std::vector<Token>& tokens, std::size_t at) {
  const Token& token = tokens[at];
  const std::size_t from = at > 0 ? tokens[at - 1].begin : token.begin;
  const Token& last = at + 1 < tokens.size() ? tokens[at + 1] : token;
  std::size_t to = last.kind == TokenKind::End ? text.size() : last.begin + last.text.size();
  while (to > from && is_blank(text[to - 1])) --to;
  return "Syntax error; token: \"" + std::string(token.text) + "\", near: \"" +
         std::string(text.substr(from, to - from)) + "\"";
}

std::string upper_case(std::string_view ascii) {
  std::string upper(ascii);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

}  // namespace cloche::dynamodb
