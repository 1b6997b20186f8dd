#include "dynamodb/expression/bind.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/expression/check.h"
#include "dynamodb/item/attribute.h"

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

Result<void> Placeholders::read(const Value& names, const Value& values) {
  if (names.present()) {
    if (names.empty()) return validation("ExpressionAttributeNames must not be empty");
    for (const Member& member : names.members()) {
      if (!is_placeholder(member.name, '#')) {
        return validation("ExpressionAttributeNames contains invalid key: Syntax error; key: \"" +
                          std::string(member.name) + "\"");
      }
      if (member.value.text().empty()) {
        return validation("ExpressionAttributeNames contains invalid value for key " +
                          std::string(member.name));
      }
      names_.push_back({member.name, member.value});
    }
  }
  if (!values.present()) return {};
  if (values.empty()) return validation("ExpressionAttributeValues must not be empty");
  for (const Member& member : values.members()) {
    if (!is_placeholder(member.name, ':')) {
      return validation("ExpressionAttributeValues contains invalid key: Syntax error; key: \"" +
                        std::string(member.name) + "\"");
    }
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
    values_.push_back({member.name, (*checked).value});
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
