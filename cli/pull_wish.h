// What a pull is asked for with, on a command line or over the admin API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transfer/pull.h"

namespace cloche::cli {

struct PullOptions {
  std::string endpoint;  // The source; "aws" is AWS itself.
  std::string to = "http://127.0.0.1:4566";
  std::string services = "s3,dynamodb";  // With commas, as `only`.
  std::string only;
  std::string access_key, secret_key, session_token;  // Of the source.
  std::string region = "us-east-1";
  std::string to_access_key = "test", to_secret_key = "test";
  std::string state;  // A path; empty: the usual one.
  int threads = 8;
  int attempts = transfer::kAttemptsMax;
  bool insecure = false;
  bool json = false;
};

inline constexpr std::string_view kNoCredentials = "NoCredentials";

// Refuses what can't be meant, and a source beyond this machine without credentials (kNoCredentials).
Result<transfer::PullWish> read_pull_wish(const PullOptions& options);

std::vector<std::string> split_at_commas(std::string_view text);

}  // namespace cloche::cli
