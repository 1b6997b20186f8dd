#include "cli/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/time_text.h"
#include "engine/history.h"

namespace cloche::cli {
namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

// Names of LocalStack that Cloche takes without a word, as nothing has to change for them: what
// they switch is how Cloche is, or belongs to services and containers that are not here.
// LocalStack's config.py and constants.py say what each means.
constexpr std::array kHarmless = {"DISABLE_EVENTS",
                                  "EAGER_SERVICE_LOADING",
                                  "STRICT_SERVICE_LOADING",
                                  "SNAPSHOT_SAVE_STRATEGY",
                                  "SNAPSHOT_LOAD_STRATEGY",
                                  "SNAPSHOT_FLUSH_INTERVAL",
                                  "SKIP_SSL_CERT_DOWNLOAD",
                                  "REMOVE_SSL_CERT",
                                  "FAIL_FAST",
                                  "CLEAR_TMP_FOLDER",
                                  "SHUTDOWN_TIMEOUT",
                                  "ACTIVATE_PRO",
                                  "AUTH_TOKEN",
                                  "API_KEY",
                                  "S3_SKIP_KMS_KEY_VALIDATION",
                                  "DYNAMODB_HEAP_SIZE",
                                  "DYNAMODB_LOCAL_PORT",
                                  "VOLUME_DIR",
                                  "MAIN_CONTAINER_NAME",
                                  "DNS_ADDRESS",
                                  "ENABLE_CONFIG_UPDATES",
                                  "CONFIG_PROFILE"};

// Names whose users expect something that this release does not do. Said at start, unless they are
// set to 0 (or, where they forbid, to 1): nothing is expected then.
struct WithoutEffect {
  std::string_view name;
  std::string_view instead = {};
  bool when = true;   // The boolean that is worth a remark. Other values always are.
  bool plain = true;  // Read without a prefix as well.
};
constexpr std::array kWithoutEffect = {
    WithoutEffect{"DYNAMODB_SHARE_DB"},
    WithoutEffect{"DYNAMODB_IN_MEMORY", "--durability memory keeps nothing on disk"},
    WithoutEffect{"S3_DIR", "all state is below --data"},
    WithoutEffect{"S3_SKIP_SIGNATURE_VALIDATION", "--auth verify checks signatures", false},
    WithoutEffect{"USE_SSL",
                  "https is served beside http, URLs in answers are as the client asked"},
    // The shell's own HOSTNAME is none of our business.
    WithoutEffect{"HOSTNAME", "LOCALSTACK_HOST sets the host of URLs in answers", true, false},
};

constexpr std::array kKnown = {"LISTEN",
                               "DATA",
                               "DURABILITY",
                               "AUTH",
                               "IAM",
                               "USERS",
                               "NEW_BUCKETS",
                               "LOG",
                               "SERVICES",
                               "THREADS",
                               "SEED",
                               "CLOCK",
                               "HISTORY_SIZE",
                               "HISTORY_AGE",
                               "HOST",
                               "CREDENTIALS",
                               "CORS_ORIGINS",
                               "CERTIFICATE",
                               "PERSISTENCE",
                               "GATEWAY_LISTEN",
                               "EDGE_PORT",
                               "EDGE_BIND_HOST",
                               "DATA_DIR",
                               "DEBUG",
                               "LS_LOG",
                               "ENFORCE_IAM",
                               "HOSTNAME_EXTERNAL",
                               "PARITY_AWS_ACCESS_KEY_ID",
                               "ALLOW_NONSTANDARD_REGIONS",
                               "DISABLE_CORS_CHECKS",
                               "DYNAMODB_REMOVE_EXPIRED_ITEMS",
                               "DYNAMODB_THROTTLE",
                               "DYNAMODB_ERROR_PROBABILITY",
                               "DYNAMODB_READ_ERROR_PROBABILITY",
                               "DYNAMODB_WRITE_ERROR_PROBABILITY",
                               "DISABLE_CORS_HEADERS",
                               "CUSTOM_SSL_CERT_PATH",
                               "EXTRA_CORS_ALLOWED_ORIGINS",
                               "ENDPOINT"};

Environment index(const std::vector<std::string>& environment) {
  Environment map;
  for (const std::string& entry : environment) {
    if (const auto equals = entry.find('='); equals != std::string::npos)
      map[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return map;
}

// CLOCHE_NAME, then LOCALSTACK_NAME, then NAME itself where `plain` says that LocalStack reads it
// so.
std::optional<std::string> look_up(const Environment& environment, std::string_view name,
                                   bool plain) {
  for (const std::string_view prefix : {"CLOCHE_", "LOCALSTACK_", ""}) {
    if (prefix.empty() && !plain) continue;
    if (const auto found = environment.find(std::string(prefix) + std::string(name));
        found != environment.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) parts.emplace_back(one);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return parts;
}

Error bad_value(std::string_view what, std::string_view value, std::string_view instead) {
  return refused(400, "InvalidSetting",
                 std::string(what) + ": '" + std::string(value) + "' is not understood; " +
                     std::string(instead));
}

bool is_true(std::string_view value) {
  return value == "1" || value == "true" || value == "True" || value == "TRUE";
}
bool is_false(std::string_view value) {
  return value == "0" || value == "false" || value == "False" || value == "FALSE";
}

template <class Number>
Result<Number> number(std::string_view what, std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return bad_value(what, text, "a whole number is needed");
  return value;
}

// "ip:port", "ip" or ":port", as GATEWAY_LISTEN has them.
std::string whole_address(std::string_view address, std::string_view default_port) {
  std::string whole(address);
  if (whole.starts_with(':')) whole.insert(0, "0.0.0.0");
  const auto colon = whole.rfind(':');
  const bool bracket_last = whole.ends_with(']');
  if (colon == std::string::npos || bracket_last) whole += ":" + std::string(default_port);
  return whole;
}

// One setting's text: from the option, or from the first name of the environment that is set.
struct Source {
  const Environment& environment;
  std::optional<std::string> operator()(const std::optional<std::string>& option,
                                        std::initializer_list<std::string_view> own,
                                        std::initializer_list<std::string_view> plain = {}) const {
    if (option) return option;
    for (const std::string_view name : own) {
      if (auto value = look_up(environment, name, false)) return value;
    }
    for (const std::string_view name : plain) {
      if (auto value = look_up(environment, name, true)) return value;
    }
    return std::nullopt;
  }
  // A switch of LocalStack's.
  bool is_on(std::string_view name) const {
    const auto value = look_up(environment, name, true);
    return value && is_true(*value);
  }
};

Result<void> read_durability(Settings& settings, const Source& from, const Options& options) {
  if (const auto text = from(options.durability, {"DURABILITY"})) {
    if (*text == "memory") {
      settings.durability = wal::Durability::Memory;
    } else if (*text == "commit") {
      settings.durability = wal::Durability::Commit;
    } else if (*text == "fsync") {
      settings.durability = wal::Durability::Fsync;
    } else {
      return bad_value("--durability", *text, "use memory, commit or fsync");
    }
  } else if (const auto persistence = from({}, {}, {"PERSISTENCE"});
             persistence && is_false(*persistence)) {
    settings.durability = wal::Durability::Memory;
  }
  return {};
}

// "500MiB", "4G", "1048576"; powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  int shift = 0;
  if (!unit.empty()) {
    constexpr std::string_view kUnits = "KMGT";
    const std::size_t which = kUnits.find(unit[0]);
    if (which == std::string_view::npos) return std::nullopt;
    shift = 10 * (static_cast<int>(which) + 1);
    unit.remove_prefix(1);
  }
  if (!unit.empty() && unit != "iB" && unit != "B") return std::nullopt;
  if (number > UINT64_MAX >> shift) return std::nullopt;
  return number << shift;
}

Result<void> read_access(Settings& settings, const Source& from, const Options& options) {
  if (const auto text = from(options.auth, {"AUTH"})) {
    if (*text != "open" && *text != "verify")
      return bad_value("--auth", *text, "use open or verify");
    settings.auth = *text == "verify" ? protocol::AuthMode::Verify : protocol::AuthMode::Open;
  }
  auto iam = from(options.iam, {"IAM"});
  if (const auto enforce = from({}, {}, {"ENFORCE_IAM"}); !iam && enforce && is_true(*enforce))
    iam = "enforce";
  if (iam && *iam != "off") {
    if (*iam != "soft" && *iam != "enforce")
      return bad_value("--iam", *iam, "use off, soft or enforce");
    settings.iam = *iam == "soft" ? iam::Mode::Soft : iam::Mode::Enforce;
  }
  settings.users_file = from(options.users, {"USERS"}).value_or("");
  if (const auto text = from(options.new_buckets, {"NEW_BUCKETS"})) {
    if (*text != "closed" && *text != "open")
      return bad_value("--new-buckets", *text, "use closed or open");
    settings.open_new_buckets = *text == "open";
  }
  if (const auto credentials = from({}, {"CREDENTIALS"})) {
    for (const std::string& pair : split(*credentials)) {
      const auto colon = pair.find(':');
      if (colon == std::string::npos)
        return bad_value("CLOCHE_CREDENTIALS", "...",
                         "write KEY:SECRET, several with commas between");
      settings.credentials.emplace_back(pair.substr(0, colon), pair.substr(colon + 1));
    }
  }
  if (settings.credentials.empty() && settings.users_file.empty())
    settings.credentials = {{"test", "test"}};
  return {};
}

Result<void> read_addresses(Settings& settings, const Source& from, const Options& options) {
  const std::string port = from({}, {}, {"EDGE_PORT"}).value_or("4566");
  if (const auto listen = from(options.listen, {"LISTEN"}, {"GATEWAY_LISTEN"})) {
    settings.listen.clear();
    for (const std::string& address : split(*listen))
      settings.listen.push_back(whole_address(address, port));
    if (settings.listen.empty()) return bad_value("--listen", *listen, "write HOST:PORT");
  } else {
    settings.listen = {from({}, {}, {"EDGE_BIND_HOST"}).value_or("127.0.0.1") + ":" + port};
  }
  if (const auto host = from({}, {"HOST"}, {"HOSTNAME_EXTERNAL"}))
    settings.advertised_host = whole_address(*host, port);
  return {};
}

Result<void> read_log(Settings& settings, const Source& from, const Options& options) {
  const auto text = from(options.log, {"LOG"}, {"LS_LOG"});
  if (!text) {
    if (from.is_on("DEBUG")) settings.log = LogLevel::Info;
    return {};
  }
  if (*text == "error") {
    settings.log = LogLevel::Error;
  } else if (*text == "warn" || *text == "warning") {
    settings.log = LogLevel::Warn;
  } else if (*text == "info" || *text == "debug" || *text == "trace" || *text == "trace-internal") {
    settings.log = LogLevel::Info;
  } else {
    return bad_value("--log", *text, "use error, warn or info");
  }
  return {};
}

void remark_on_what_has_no_effect(Settings& settings, const Environment& environment) {
  for (const WithoutEffect& setting : kWithoutEffect) {
    for (const std::string_view prefix : {"CLOCHE_", "LOCALSTACK_", ""}) {
      if (prefix.empty() && !setting.plain) continue;
      const std::string name = std::string(prefix) + std::string(setting.name);
      const auto found = environment.find(name);
      if (found == environment.end() || found->second.empty()) continue;
      if (setting.when ? is_false(found->second) : is_true(found->second)) continue;
      std::string remark = name + " is accepted and changes nothing in this release";
      if (!setting.instead.empty()) remark.append("; ").append(setting.instead);
      settings.remarks.push_back(std::move(remark));
    }
  }
}

void remark_on_unknown(Settings& settings, const Environment& environment) {
  for (const auto& [name, value] : environment) {
    std::string_view rest = name;
    const bool ours = rest.starts_with("CLOCHE_");
    if (!ours && !rest.starts_with("LOCALSTACK_")) continue;
    rest.remove_prefix(ours ? 7 : 11);
    const auto is = [&](const char* known) { return rest == known; };
    if (std::ranges::any_of(kKnown, is) || std::ranges::any_of(kHarmless, is)) continue;
    if (std::ranges::find(kWithoutEffect, rest, &WithoutEffect::name) != kWithoutEffect.end())
      continue;
    settings.remarks.push_back("the environment sets " + name +
                               ", which this release does not know: it changes nothing");
  }
}

}  // namespace

std::string_view name_of(wal::Durability durability) {
  switch (durability) {
    case wal::Durability::Memory:
      return "memory";
    case wal::Durability::Commit:
      return "commit";
    case wal::Durability::Fsync:
      return "fsync";
  }
  return "";
}

std::string_view name_of(iam::Mode mode) {
  switch (mode) {
    case iam::Mode::Off:
      return "off (everyone may do everything)";
    case iam::Mode::Soft:
      return "soft (what would be refused is told)";
    case iam::Mode::Enforce:
      return "enforce";
  }
  return "";
}

Result<Settings> read_settings(const Options& options,
                               const std::vector<std::string>& environment) {
  Settings settings;
  const Environment map = index(environment);
  const Source from{map};
  CLOCHE_TRY_VOID(read_addresses(settings, from, options));
  CLOCHE_TRY_VOID(read_durability(settings, from, options));
  CLOCHE_TRY_VOID(read_access(settings, from, options));
  CLOCHE_TRY_VOID(read_log(settings, from, options));
  settings.data = from(options.data, {"DATA"}, {"DATA_DIR"}).value_or(settings.data);
  if (const auto threads = from(options.threads, {"THREADS"})) {
    CLOCHE_TRY(const count, number<int>("--threads", *threads));
    if (count < 0 || count > 256)
      return bad_value("--threads", *threads, "0 (one per core) to 256");
    settings.threads = count;
  }
  if (const auto seed = from(options.seed, {"SEED"})) {
    CLOCHE_TRY(const value, number<std::uint64_t>("--seed", *seed));
    settings.seed = value;
    // Of several threads one would answer first now and another then, each with ids of its own.
    if (settings.threads == 0) settings.threads = 1;
  }
  if (const auto clock = from(options.clock, {"CLOCK"})) {
    const auto at = parse_iso8601(*clock);
    if (!at) return bad_value("--clock", *clock, "write a time like 2026-01-01T00:00:00Z");
    settings.clock_at = *at;
  }
  settings.until_eof = options.until_eof;
  settings.sealed = options.sealed.value_or("");
  if (const auto size = from(options.history_size, {"HISTORY_SIZE"})) {
    const auto bytes = parse_size(*size);
    if (!bytes) return bad_value("--history-size", *size, "a size such as 500MiB or 4GiB");
    settings.log_retain_bytes = *bytes;
  }
  if (const auto age = from(options.history_age, {"HISTORY_AGE"})) {
    const auto duration = engine::parse_duration(*age);
    if (!duration) return bad_value("--history-age", *age, "a duration such as 12h or 30d");
    settings.log_retain_age = std::chrono::ceil<std::chrono::seconds>(*duration);
  }
  if (const auto services = from(options.services, {}, {"SERVICES"})) {
    for (const std::string& service : split(*services))
      settings.services.push_back(service.substr(0, service.find(':')));
  }
  settings.certificate_file = from({}, {"CERTIFICATE"}, {"CUSTOM_SSL_CERT_PATH"}).value_or("");
  if (const auto origins = from({}, {"CORS_ORIGINS"}, {"EXTRA_CORS_ALLOWED_ORIGINS"}))
    settings.cors_origins = split(*origins);
  if (from.is_on("DISABLE_CORS_CHECKS")) settings.cors_origins.emplace_back("*");
  settings.cors_headers = !from.is_on("DISABLE_CORS_HEADERS");
  settings.parity_access_keys = from.is_on("PARITY_AWS_ACCESS_KEY_ID");
  if (const auto removal = look_up(map, "DYNAMODB_REMOVE_EXPIRED_ITEMS", true))
    settings.remove_expired_items = !is_false(*removal);
  settings.dynamodb_throttle = options.dynamodb_throttle || from.is_on("DYNAMODB_THROTTLE");
  for (const auto& [name, into] :
       {std::pair("DYNAMODB_ERROR_PROBABILITY", &settings.dynamodb_errors),
        std::pair("DYNAMODB_READ_ERROR_PROBABILITY", &settings.dynamodb_read_errors),
        std::pair("DYNAMODB_WRITE_ERROR_PROBABILITY", &settings.dynamodb_write_errors)}) {
    const auto given = look_up(map, name, true);
    if (!given) continue;
    CLOCHE_TRY(const chance, number<double>(name, *given));
    if (!(chance >= 0 && chance <= 1)) return bad_value(name, *given, "a number from 0 to 1");
    *into = chance;
  }
  settings.nonstandard_regions = from.is_on("ALLOW_NONSTANDARD_REGIONS");
  remark_on_what_has_no_effect(settings, map);
  remark_on_unknown(settings, map);
  return settings;
}

}  // namespace cloche::cli
