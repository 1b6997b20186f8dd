#include "cli/failed_requests.h"

#include "protocol/http/uri.h"

namespace cloche::cli {
namespace {

// A bucket's name and the longest key; what is longer is nothing that exists.
constexpr std::size_t kTextMax = 1'100;
constexpr std::size_t kTablesToldMax = 5;  // Of a batch.

std::string clipped(std::string_view text) {
  if (text.size() <= kTextMax) return std::string(text);
  return std::string(text.substr(0, kTextMax)) + "...";
}

std::size_t bytes_of(const FailedRequest& request) {
  return sizeof request + request.operation.size() + request.resource.size() +
         request.account.size() + request.region.size() + request.code.size() +
         request.request_id.size();
}

// "/bucket/a%20key" -> "bucket/a key"
std::string of_path(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  Arena arena;
  return clipped(protocol::decode_uri(clipped(path), arena));
}

// What services that have no paths name their resources by.
std::string of_input(const Value& input) {
  for (const std::string_view name :
       {"TableName", "TableArn", "ResourceArn", "StreamArn", "BackupArn", "ExportArn", "ImportArn",
        "KeyId", "AliasName"}) {
    if (const Value& value = input[name]; value.is(Value::Kind::String))
      return clipped(value.text());
  }
  std::string tables;
  std::size_t told = 0;
  for (const Member& table : input["RequestItems"].members()) {
    if (++told > kTablesToldMax) break;
    tables += (tables.empty() ? "" : ", ") + std::string(table.name);
  }
  return clipped(tables);
}

}  // namespace

void FailedRequests::add(FailedRequest request) {
  MutexLock lock(mutex_);
  bytes_ += bytes_of(request);
  kept_.push_back(std::move(request));
  while (kept_.size() > kCountMax || bytes_ > kBytesMax) {
    bytes_ -= bytes_of(kept_.front());
    kept_.pop_front();
    ++dropped_;
  }
}

std::uint64_t FailedRequests::read(const std::function<bool(const FailedRequest&)>& show) const {
  MutexLock lock(mutex_);
  for (auto at = kept_.rbegin(); at != kept_.rend(); ++at)
    if (!show(*at)) break;
  return dropped_;
}

FailedRequest failed_request(const protocol::Finished& finished, std::string_view asked,
                             const Value& input, Instant time, Lsn lsn) {
  return {.time = time,
          .lsn = lsn,
          .operation = clipped(asked),
          .resource = asked.starts_with("s3.") ? of_path(finished.path) : of_input(input),
          .account = finished.caller.account,
          .region = finished.caller.region,
          .code = clipped(finished.error_code),
          .request_id = std::string(finished.request_id),
          .status = finished.status,
          .took = finished.took};
}

}  // namespace cloche::cli
