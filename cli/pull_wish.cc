#include "cli/pull_wish.h"

namespace cloche::cli {
namespace {

Error invalid_wish(std::string message, std::string_view code = "InvalidRequest") {
  return refused(400, code, std::move(message));
}

}  // namespace

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) out.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

Result<transfer::PullWish> read_pull_wish(const PullOptions& options) {
  transfer::PullWish wish;
  wish.services = split_at_commas(options.services);
  for (const std::string& service : wish.services) {
    if (service != "s3" && service != "dynamodb")
      return invalid_wish("services: '" + service + "' can't be pulled; s3 and dynamodb can");
  }
  wish.only = split_at_commas(options.only);
  for (const std::string& one : wish.only) {
    if (!one.starts_with("s3:") && !one.starts_with("dynamodb:"))
      return invalid_wish("only: '" + one + "' is neither s3:BUCKET nor dynamodb:TABLE");
  }
  bool local = false;
  if (options.endpoint != "aws") {
    CLOCHE_TRY(const address, transfer::Address::parse(options.endpoint));
    local = address.is_loopback();
  }
  transfer::Endpoint& from = wish.from;
  from.url = options.endpoint;
  from.credentials = {options.access_key, options.secret_key, options.session_token};
  if (from.credentials.access_key.empty() && local) from.credentials = {"test", "test", ""};
  if (from.credentials.access_key.empty() || from.credentials.secret_key.empty())
    return invalid_wish("no credentials for the source: give its access key and its secret key",
                        kNoCredentials);
  from.region = options.region;
  from.insecure = options.insecure;
  wish.to.url = options.to;
  wish.to.credentials = {options.to_access_key, options.to_secret_key, ""};
  wish.to.region = options.region;
  CLOCHE_TRY_VOID(transfer::Address::parse(options.to));
  wish.state_file = options.state.empty() ? transfer::usual_state_file(options.endpoint, options.to)
                                          : options.state;
  wish.threads = options.threads;
  wish.from.attempts = wish.to.attempts = options.attempts;
  return wish;
}

}  // namespace cloche::cli
