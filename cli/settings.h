// What `cloche start` can be told, by option or environment. An option wins over CLOCHE_<NAME>,
// which wins over LocalStack's name.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "protocol/protocol.h"
#include "services/iam/guard.h"
#include "wal/log.h"

namespace cloche::cli {

enum class LogLevel : std::uint8_t { Error, Warn, Info };  // Info: a line for every request.

struct Settings {
  std::vector<std::string> listen = {"127.0.0.1:4566"};
  std::string data = "./cloche-data";
  wal::Durability durability = wal::Durability::Commit;
  protocol::AuthMode auth = protocol::AuthMode::Open;
  iam::Mode iam = iam::Mode::Off;
  std::string users_file;         // Of --users; empty: none.
  bool open_new_buckets = false;  // --new-buckets open.
  LogLevel log = LogLevel::Info;
  int threads = 0;
  bool until_eof = false;  // --until-eof
  std::optional<std::uint64_t> seed;
  std::optional<Instant> clock_at;                          // --clock
  std::string sealed;                                       // A file that `open` begins with.
  std::uint64_t log_retain_bytes = std::uint64_t{1} << 30;  // --history-size
  std::chrono::seconds log_retain_age{0};                   // --history-age; 0: any.
  std::vector<std::string> services;                        // Empty: all.
  std::string advertised_host;
  std::string certificate_file;
  std::vector<std::string> cors_origins;  // "*": all.
  bool cors_headers = true;
  bool parity_access_keys = false;   // PARITY_AWS_ACCESS_KEY_ID
  bool nonstandard_regions = false;  // ALLOW_NONSTANDARD_REGIONS
  // Of --auth=verify, beside the keys of the users file. Neither: test:test.
  std::vector<std::pair<std::string, std::string>> credentials;
  bool remove_expired_items = true;  // DYNAMODB_REMOVE_EXPIRED_ITEMS
  bool dynamodb_throttle = false;    // --dynamodb-throttle
  // DYNAMODB_ERROR_PROBABILITY, DYNAMODB_READ_..., DYNAMODB_WRITE_...
  double dynamodb_errors = 0, dynamodb_read_errors = 0, dynamodb_write_errors = 0;
  std::vector<std::string>
      remarks;  // Said at start: settings that are unknown, or that change nothing here.
};

// As given on the command line; absent where nothing was.
struct Options {
  std::optional<std::string> listen, data, durability, auth, iam, users, new_buckets, log, services,
      threads, seed, clock, sealed, history_size, history_age;
  bool dynamodb_throttle = false, until_eof = false;
};

// Joins options and environment (`environ`-style "NAME=value" texts). Refuses values that make no
// sense, with what would.
Result<Settings> read_settings(const Options& options, const std::vector<std::string>& environment);

std::string_view name_of(wal::Durability durability);
std::string_view name_of(iam::Mode mode);

}  // namespace cloche::cli
