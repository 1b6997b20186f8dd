#include "dynamodb/expression/bind.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/expression/check.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

bool is_placeholder(std::string_view key, char mark) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return key.size() > 1 && key[0] == mark && std::ranges::all_of(key.substr(1), fits);
}

std::string listed(const auto& entries) {
  std::string keys;
  for (const auto& entry : entries) {
    if (entry.used) continue;
    if (!keys.empty()) keys += ", ";
    keys += entry.key;
  }
  return keys;
}

}  // namespace

namespace {

Result<void> check_key(std::string_view map, std::string_view key, char mark) {
  const std::string prefix = std::string(map) + " contains invalid key: ";
  if (key.size() > kPlaceholderBytesMax) {
    return validation(
        prefix + "The expression attribute map contains a key that is too long; size of key: " +
        std::to_string(key.size()));
  }
  if (is_placeholder(key, mark)) return {};
  return validation(prefix + "Syntax error; key: \"" + std::string(key) + "\"");
}

}  // namespace

Result<void> Placeholders::read(const Value& names, const Value& values) {
  std::size_t names_bytes = 0, values_bytes = 0;
  if (names.present()) {
    if (names.empty()) return validation("ExpressionAttributeNames must not be empty");
    for (const Member& member : names.members()) {
      CLOCHE_TRY_VOID(check_key("ExpressionAttributeNames", member.name, '#'));
      if (member.value.text().empty()) {
        return validation("ExpressionAttributeNames contains invalid value for key " +
                          std::string(member.name));
      }
      names_bytes += member.name.size() + member.value.text().size();
      names_.push_back({member.name, member.value});
    }
    if (names_bytes > kPlaceholdersBytesMax)
      return validation("ExpressionAttributeNames exceeds max size");
  }
  if (!values.present()) return {};
  if (values.empty()) return validation("ExpressionAttributeValues must not be empty");
  for (const Member& member : values.members()) {
    CLOCHE_TRY_VOID(check_key("ExpressionAttributeValues", member.name, ':'));
  }
  for (const Member& member : values.members()) {
    auto checked = check_attribute(member.value, arena_);
    if (!checked) {
      Error error = std::move(checked).error();
      if (error.code == "ValidationException") {
        error.message = "ExpressionAttributeValues contains invalid value: " + error.message +
                        " for key " + std::string(member.name);
      }
      return error;
    }
    values_bytes += member.name.size() + (*checked).bytes;
    values_.push_back({member.name, (*checked).value});
  }
  if (values_bytes > kPlaceholdersBytesMax)
    return validation("ExpressionAttributeValues exceeds max size");
  if (names_bytes + values_bytes > kPlaceholdersBytesMax) {
    return validation(
        "Combined size of ExpressionAttributeNames and ExpressionAttributeValues exceeds max size");
  }
  return {};
}

Placeholders::Entry* Placeholders::find(std::vector<Entry>& entries, std::string_view key) {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &*found;
}

Result<BoundExpression> Placeholders::bind(std::shared_ptr<const Expression> tree) {
  const std::string prefix = "Invalid " + std::string(name_of(tree->kind)) + ": ";
  if (!tree->refusal.empty()) return validation(prefix + tree->refusal);

  const auto names = arena_.array<std::string_view>(tree->names.size());
  const auto values = arena_.array<Value>(tree->values.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    Entry* entry = find(names_, tree->names[i]);
    if (entry != nullptr) entry->used = true;
    std::construct_at(&names[i], entry == nullptr ? std::string_view() : entry->value.text());
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    Entry* entry = find(values_, tree->values[i]);
    if (entry != nullptr) entry->used = true;
    std::construct_at(&values[i], entry == nullptr ? Value() : entry->value);
  }
  BoundExpression bound{std::move(tree), names, values};
  if (const std::string refusal = refusal_of(bound); !refusal.empty())
    return validation(prefix + refusal);
  return bound;
}

Result<void> Placeholders::refuse_unused() const {
  if (const std::string keys = listed(names_); !keys.empty()) {
    return validation("Value provided in ExpressionAttributeNames unused in expressions: keys: {" +
                      keys + "}");
  }
  if (const std::string keys = listed(values_); !keys.empty()) {
    return validation("Value provided in ExpressionAttributeValues unused in expressions: keys: {" +
                      keys + "}");
  }
  return {};
}

std::string path_text(const BoundExpression& expression, const DocumentPath& path) {
  std::string text = "[";
  for (const PathStep& step : path) {
    if (text.size() > 1) text += ", ";
    if (step.kind == PathStep::Kind::Index) {
      text += "[" + std::to_string(step.index) + "]";
    } else {
      text += expression.name(step);
    }
  }
  return text + "]";
}

}  // namespace cloche::dynamodb
