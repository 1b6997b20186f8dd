// What a service needs to hold its requests against policies: how strictly, who asks, and the
// condition keys that every request has.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "protocol/protocol.h"
#include "services/iam/iam.h"
#include "services/iam/users.h"

namespace cloche::iam {

// Off: nothing is judged. Soft: what Enforce would refuse is told to the operator, and done.
enum class Mode : std::uint8_t { Off, Soft, Enforce };

// Joined at start and then only read.
struct Guard {
  Mode mode = Mode::Off;
  std::shared_ptr<const Users> users = std::make_shared<const Users>();
  std::function<void(std::string_view)> log{};  // A line for what Soft lets through. May be null.

  bool is_on() const { return mode != Mode::Off; }
  // Null for a key that is in no users file: such a key is its account's root.
  const User* user_of(const protocol::Caller& caller) const {
    return users->by_access_key(caller.access_key);
  }
  // What becomes of a refusal: the error, or under Soft a line for the operator and success.
  Result<void> settle(const protocol::Call& call, Result<void> judged) const;
};

Principal principal_of(const protocol::Caller& caller);

// The keys that AWS puts into the context of every request ("AWS global condition context keys").
// A service derives its own from it. Refers to what it was made from.
class RequestContext : public Context {
 public:
  RequestContext(const protocol::Call& call, const Principal& who, Instant now)
      : call_(call), who_(who), now_(now) {}
  std::optional<std::vector<std::string>> find(std::string_view key) const override;

 protected:
  const protocol::Call& call() const { return call_; }
  Instant now() const { return now_; }

 private:
  std::optional<std::string> find_one(std::string_view key) const;

  const protocol::Call& call_;
  const Principal& who_;
  Instant now_;
};

// AWS's words for a refusal: "User: ARN is not authorized to perform: ACTION on resource: RESOURCE
// because no identity-based policy allows the ACTION action". (IAM User Guide, "Troubleshoot access
// denied error messages".)
enum class Refusal : std::uint8_t { NoIdentityPolicy, DenyOfIdentity, DenyOfResource };
std::string refusal_text(const Request& request, Refusal why, bool quoted_resource);

// For services whose resources have no policies of their own: refuses what the identity's policies
// do not allow, with AccessDeniedException (json protocols).
Result<void> judge_by_identity(const Guard& guard, const protocol::Call& call,
                               std::string_view action, std::string_view resource, Instant now);

}  // namespace cloche::iam
