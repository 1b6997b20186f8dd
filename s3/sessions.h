// CreateSession: keys for one directory bucket, good for five minutes. Nothing is kept of a session: its key and
// token carry what it is and are known again by a secret of the data directory's own.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "protocol/protocol.h"
#include "s3/s3.h"

namespace cloche::s3 {

inline constexpr std::string_view kSessionHeader = "x-amz-s3session-token";

struct Session {
  std::string bucket;
  bool read_only = false;
  // Who made it: SDKs that are given an endpoint sign with a session what is about the bucket too, which is then
  // his to do or not.
  protocol::Caller maker;
};

// Who a request with a session's key is, beside its account: a name that no policy has, so that it may do nothing
// but what the session is for.
inline constexpr std::string_view kSessionUser = "s3express-session";
// The account that a session's key is of; nothing if it is no such key.
std::optional<std::string> session_account(S3& s3, std::string_view access_key);

// The session that the request's token is of; nothing if it has none. Refuses with InvalidToken a token that is
// none of ours or was not given out with the request's key, and with ExpiredToken.
Result<std::optional<Session>> session_of(S3& s3, const protocol::Call& call, Instant now);

}  // namespace cloche::s3
