#include "s3/post_policy.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/json.h"
#include "base/time_text.h"
#include "s3/errors.h"

namespace cloche::s3 {
namespace {

// Fields that sign the policy, or that it need not speak of.
constexpr std::array kExempt = {"awsaccesskeyid", "signature", "x-amz-signature", "policy", "file"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return out;
}

const std::string* field(const Pairs& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Pairs::value_type::first);
  return found == fields.end() ? nullptr : &found->second;
}

std::string text_of(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

// The condition as AWS repeats it: ["eq", "$key", "value"].
Error failed(std::string_view operation, std::string_view first, std::string_view second) {
  return access_denied("Invalid according to Policy: Policy Condition failed: [\"" +
                       std::string(operation) + "\", \"" + std::string(first) + "\", \"" +
                       std::string(second) + "\"]");
}

struct Checked {
  LengthRange range;
  std::vector<std::string> names;  // Of the fields that a condition spoke of.
};

Result<void> check_match(std::string_view operation, std::string_view name, const Value& value,
                         const Pairs& fields, Checked& checked) {
  if (!value.is(Value::Kind::String))
    return invalid_policy_document("Invalid Simple-Condition: value must be a string.");
  if (!name.starts_with('$')) return failed(operation, name, value.text());
  const std::string key = lower(name.substr(1));
  const std::string* actual = field(fields, key);
  const std::string_view wanted = value.text();
  // "starts-with" nothing is true of every value, and of none (POST Policy, "Condition matching").
  const bool free = operation == "starts-with" && wanted.empty();
  const bool holds =
      free ||
      (actual != nullptr && (operation == "eq" ? *actual == wanted : actual->starts_with(wanted)));
  if (!holds) return failed(operation, name, wanted);
  checked.names.push_back(key);
  return {};
}

Result<void> check_range(const Value& low, const Value& high, Checked& checked) {
  const auto min = low.as_integer();
  const auto max = high.as_integer();
  if (!min || !max) return failed("content-length-range", low.text(), high.text());
  if (*min < 0 || *max < *min)
    return invalid_policy_document("Invalid content-length-range: " + text_of(low) + ", " +
                                   text_of(high) + ".");
  checked.range = {.min = static_cast<std::uint64_t>(*min),
                   .max = static_cast<std::uint64_t>(*max)};
  return {};
}

Result<void> check_condition(const Value& condition, const Pairs& fields, Checked& checked) {
  if (condition.is(Value::Kind::Map)) {
    if (condition.size() != 1) {
      return invalid_policy_document(
          "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
    }
    const Member& member = condition.members()[0];
    return check_match("eq", "$" + std::string(member.name), member.value, fields, checked);
  }
  const auto items = condition.items();
  if (items.size() != 3)
    return invalid_policy_document("Invalid Condition: wrong number of arguments.");
  const std::string operation = lower(items[0].text());
  if (operation == "content-length-range") return check_range(items[1], items[2], checked);
  if (operation != "eq" && operation != "starts-with")
    return invalid_policy_document("Invalid Condition: unknown operation '" + items[0].str() +
                                   "'.");
  return check_match(operation, items[1].text(), items[2], fields, checked);
}

// "Each form field ... must appear in the list of conditions."
Result<void> check_extra_fields(const Pairs& fields, const Checked& checked) {
  std::string extra;
  for (const auto& [name, value] : fields) {
    // Checksums say nothing that the signer could want to keep the form from saying.
    if (name.starts_with("x-ignore-") || name.starts_with("x-amz-checksum-")) continue;
    if (std::ranges::find(kExempt, name) != kExempt.end()) continue;
    if (std::ranges::find(checked.names, name) != checked.names.end()) continue;
    extra += (extra.empty() ? "" : ", ") + name;
  }
  if (extra.empty()) return {};
  return access_denied("Invalid according to Policy: Extra input fields: " + extra);
}

}  // namespace

Result<LengthRange> check_post_policy(std::string_view policy, const Pairs& fields, Instant now) {
  std::string json;
  if (!from_base64(policy, json)) return invalid_policy_document("Invalid base64.");
  Arena arena;
  const auto document = parse_json(json, arena);
  if (!document || !document->is(Value::Kind::Map)) return invalid_policy_document("Invalid JSON.");
  const Value& expiration = (*document)["expiration"];
  if (!expiration) return invalid_policy_document("Policy missing expiration.");
  const auto expires =
      expiration.text().ends_with('Z') ? parse_iso8601(expiration.text()) : std::nullopt;
  if (!expires)
    return invalid_policy_document("Invalid 'expiration' value: '" + expiration.str() + "'");
  if (*expires < now) return access_denied("Invalid according to Policy: Policy expired.");
  const Value& conditions = (*document)["conditions"];
  if (!conditions.is(Value::Kind::List))
    return invalid_policy_document("Policy missing conditions.");
  Checked checked;
  for (const Value& condition : conditions.items())
    CLOCHE_TRY_VOID(check_condition(condition, fields, checked));
  CLOCHE_TRY_VOID(check_extra_fields(fields, checked));
  return checked.range;
}

}  // namespace cloche::s3
