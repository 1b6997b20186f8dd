// Texts of policies with * and ? and variables. Not for other folders.
//
// Source: IAM User Guide, "IAM policy elements: Variables and tags", "... Resource".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/iam/iam.h"

namespace cloche::iam {

// Bytes of a text, and among them the two wildcards. What a variable stands for is always bytes: a
// user named "*" is not everybody.
using Glyphs = std::u16string;
inline constexpr char16_t kAnyRun = 0x100;
inline constexpr char16_t kAnyOne = 0x101;

// Puts in the values of ${variables}; `variables` is null where the policy has none. Nothing if a
// variable has neither value nor default: then the statement does not match.
std::optional<Glyphs> expand(std::string_view text, const Context* variables, bool wildcards);

enum class Case : std::uint8_t { Matters, Ignored };
bool matches(std::u16string_view pattern, std::string_view text, Case letters = Case::Matters);

// The key as Context::find takes it.
std::string context_key(std::string_view key);

}  // namespace cloche::iam
