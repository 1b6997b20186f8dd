#include "services/iam/wildcard.h"

namespace cloche::iam {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

char16_t glyph(char c) { return static_cast<unsigned char>(c); }

void append_bytes(Glyphs& out, std::string_view text) {
  for (const char c : text) out += glyph(c);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "aws:username", or "aws:PrincipalTag/team, 'none'" with the text for where there is no value.
bool append_variable(Glyphs& out, std::string_view inside, const Context& context) {
  if (inside == "*" || inside == "?" || inside == "$") {
    append_bytes(out, inside);
    return true;
  }
  const std::size_t comma = inside.find(',');
  if (const auto values = context.find(context_key(trimmed(inside.substr(0, comma))));
      values && values->size() == 1) {
    append_bytes(out, values->front());
    return true;
  }
  if (comma == std::string_view::npos) return false;
  std::string_view otherwise = trimmed(inside.substr(comma + 1));
  if (otherwise.size() < 2 || !otherwise.starts_with('\'') || !otherwise.ends_with('\''))
    return false;
  append_bytes(out, otherwise.substr(1, otherwise.size() - 2));
  return true;
}

// How many bytes the character at the beginning of the text has.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

std::string context_key(std::string_view key) {
  std::string out(key);
  const std::size_t end = std::min(out.find('/'), out.size());
  for (std::size_t i = 0; i < end; ++i) out[i] = lower(out[i]);
  return out;
}

std::optional<Glyphs> expand(std::string_view text, const Context* variables, bool wildcards) {
  Glyphs out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (variables != nullptr && c == '$' && text.substr(at).starts_with("${")) {
      const std::size_t end = text.find('}', at);
      if (end != std::string_view::npos) {
        if (!append_variable(out, text.substr(at + 2, end - at - 2), *variables))
          return std::nullopt;
        at = end;
        continue;
      }
    }
    if (wildcards && c == '*') {
      out += kAnyRun;
    } else if (wildcards && c == '?') {
      out += kAnyOne;
    } else {
      out += glyph(c);
    }
  }
  return out;
}

// Goes back to the last * only: what an earlier one could take, the last can take as well.
bool matches(std::u16string_view pattern, std::string_view text, Case letters) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::u16string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == kAnyRun) {
      star = p++;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && pattern[p] == kAnyOne) {
      ++p;
      t += character_size(text.substr(t));
      continue;
    }
    const bool same =
        p < pattern.size() && pattern[p] < kAnyRun &&
        (letters == Case::Matters ? pattern[p] == glyph(text[t])
                                  : lower(static_cast<char>(pattern[p])) == lower(text[t]));
    if (same) {
      ++p;
      ++t;
    } else if (star != std::u16string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == kAnyRun) ++p;
  return p == pattern.size();
}

bool covers_action(std::string_view pattern, std::string_view action) {
  return matches(*expand(pattern, nullptr, true), action, Case::Ignored);
}

bool covers(std::string_view pattern, std::string_view text) {
  return matches(*expand(pattern, nullptr, true), text);
}

}  // namespace cloche::iam
