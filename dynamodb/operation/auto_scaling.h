// Auto scaling as requests set it and answers tell it. Nothing measures the load here: a new setting
// brings the units within its bounds at once, and that is all it does.
//
// Source: "AutoScalingSettingsUpdate", API Reference; rules, texts and what is told as measured on AWS in
// October 2026.
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// What a setting is about.
struct ScalingOf {
  std::string_view global_table;  // Its name, for errors.
  std::string_view account;
  std::string_view resource;  // "table/NAME" or "table/NAME/index/NAME"
  bool reads = true;
};

// Refuses what can't be set, before anything is changed.
Result<void> check_scaling(const Value& update, const ScalingOf& of, engine::Ids& ids);
// Carries it out on a setting and the units that it is about. `update` may be absent.
void set_scaling(const Value& update, const ScalingOf& of, Instant now, std::string& setting,
                 Throughput& units);
// Whether it asks for scaling, rather than for none.
bool wants_scaling(const Value& update);

// AutoScalingSettingsDescription.
Value scaling_description(const std::string& setting, Arena& arena);

}  // namespace cloche::dynamodb
