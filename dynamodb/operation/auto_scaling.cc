#include "dynamodb/operation/auto_scaling.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/json.h"
#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

// The errors of Application Auto Scaling come through as they are.
Error from_auto_scaling(std::string text, engine::Ids& ids) {
  return validation(std::move(text) +
                    " (Service: AWSApplicationAutoScaling; Status Code: 400; Error Code: "
                    "ValidationException; Request ID: " +
                    ids.uuid() + "; Proxy: null)");
}

std::string as_java_prints(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  std::string out(text, end);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

Result<void> check_target(double target, bool reads, engine::Ids& ids) {
  if (target < 8.51592e-109 || target > 1.174271e108) {
    return from_auto_scaling(
        "For target tracking scaling, target value must be between '8.51592E-109' and "
        "'1.174271E108', but was '" +
            as_java_prints(target) + "'.",
        ids);
  }
  if (target < 10 || target > 90) {
    return from_auto_scaling("For predefined metric type DynamoDB" +
                                 std::string(reads ? "Read" : "Write") +
                                 "CapacityUtilization, target value must be between '10.0' and "
                                 "'90.0', but was '" +
                                 as_java_prints(target) + "'.",
                             ids);
  }
  return {};
}

}  // namespace

bool wants_scaling(const Value& update) {
  return update.present() && !update["AutoScalingDisabled"].as_bool();
}

Result<void> check_scaling(const Value& update, const ScalingOf& of, engine::Ids& ids) {
  if (!wants_scaling(update)) return {};
  std::string missing;
  for (const char* name : {"MaximumUnits", "ScalingPolicyUpdate", "MinimumUnits"}) {
    if (update[name].present()) continue;
    missing.append(missing.empty() ? "'" : ", '").append(name).append("'");
  }
  if (!missing.empty()) {
    return validation("Failed to update settings for global table with name: ‘" +
                      std::string(of.global_table) + "’: Parameters " + missing +
                      " are required unless auto scaling is being disabled.");
  }
  if (update["MaximumUnits"].as_integer(0) < update["MinimumUnits"].as_integer(0))
    return from_auto_scaling("Maximum capacity cannot be less than minimum capacity", ids);
  const Value& policy = update["ScalingPolicyUpdate"]["TargetTrackingScalingPolicyConfiguration"];
  return check_target(policy["TargetValue"].as_double().value_or(0), of.reads, ids);
}

void set_scaling(const Value& update, const ScalingOf& of, Instant now, std::string& setting,
                 Throughput& units) {
  if (!update.present()) return;
  setting.clear();
  if (!wants_scaling(update)) return;
  Arena arena;
  Value out = Value::map();
  const std::int64_t least = update["MinimumUnits"].as_integer(0);
  const std::int64_t most = update["MaximumUnits"].as_integer(0);
  out.add(arena, "MinimumUnits", Value::integer(least));
  out.add(arena, "MaximumUnits", Value::integer(most));
  const std::string role = "arn:aws:iam::" + std::string(of.account) +
                           ":role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
                           "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable";
  const Value& given = update["AutoScalingRoleArn"];
  out.add(arena, "AutoScalingRoleArn", given.present() ? given : Value::string(role));
  Value& policy = out.add(arena, "ScalingPolicies", Value::list()).push(arena, Value::map());
  const Value& asked = update["ScalingPolicyUpdate"];
  const std::string name = "DynamoDB" + std::string(of.reads ? "Read" : "Write") +
                           "CapacityUtilization:" + std::string(of.resource);
  policy.add(arena, "PolicyName",
             asked["PolicyName"].present() ? asked["PolicyName"] : Value::string(name));
  policy.add(arena, "TargetTrackingScalingPolicyConfiguration",
             asked["TargetTrackingScalingPolicyConfiguration"]);
  append_json(setting, out);
  std::int64_t& now_units = of.reads ? units.read_units : units.write_units;
  const std::int64_t before = now_units;
  now_units = std::clamp(before, least, std::max(least, most));
  if (now_units > before) units.increased = now;
  if (now_units < before) units.decreased = now;
}

Value scaling_description(const std::string& setting, Arena& arena) {
  if (!setting.empty()) return Value::raw(arena.copy(setting));
  Value out = Value::map();
  out.add(arena, "AutoScalingDisabled", Value::boolean(true));
  out.add(arena, "ScalingPolicies", Value::list());
  return out;
}

}  // namespace cloche::dynamodb
