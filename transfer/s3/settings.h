// What a bucket is set to, as one document: {"Cors": {"CORSRules": [...]}, "Policy": "...", ...},
// each value as the model's Put operation takes it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transfer/aws/client.h"

namespace cloche::transfer {

// A setting, and which operations read and write it.
struct Setting {
  std::string_view name;  // In documents.
  std::string_view get, put;
  std::string_view payload;  // The member of Put's input that it is.
};

// In the order in which they are written: access first, replication (which wants versioning) last.
std::span<const Setting> bucket_settings();
const Setting* setting_named(std::string_view name);

// The settings that a bucket may have several of, by an Id: inventory, analytics and their like.
struct SettingWithId {
  std::string_view name;
  std::string_view list, put;
  std::string_view listed;   // The member of List's output.
  std::string_view payload;  // The member of Put's input.
};
std::span<const SettingWithId> bucket_settings_with_id();
const SettingWithId* setting_with_id_named(std::string_view name);

// The shape that a setting's value has; null for a text (the policy).
const protocol::Shape* shape_of(const Setting& setting);
const protocol::Shape* shape_of(const SettingWithId& setting);

// What the bucket has that a new one has not. What the other side does not know of, or refuses to
// tell, is handed to `untold` by its name with the reason, and left out.
using Untold = std::function<void(std::string_view setting, const Error& why)>;
Result<Value> read_settings(Client& client, std::string_view bucket, std::string_view region,
                            Arena& arena, const Untold& untold);

// Writes what `settings` has. Where the other side refuses one, `refused` is told and the rest is written.
void write_settings(Client& client, std::string_view bucket, std::string_view region,
                    const Value& settings, const Untold& refused);

}  // namespace cloche::transfer
