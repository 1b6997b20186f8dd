// Credentials by which the server asks itself, as any client would, where signatures are checked: made at the start of
// each environment, known to nobody else and kept nowhere. Who asks by them is the root of an account.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/env.h"
#include "protocol/protocol.h"
#include "transfer/aws/sign.h"

namespace cloche::cli {

class OwnAccess {
 public:
  // Without signatures any credentials do, and an account's number is its access key.
  OwnAccess(Env& env, protocol::AuthMode auth) : verifies_(auth == protocol::AuthMode::Verify) {
    std::byte chance[32];
    env.random(chance);
    if (verifies_) secret_ = to_hex(chance);
  }

  transfer::Credentials of(const std::string& account) const {
    if (!verifies_) return {account, "test", ""};
    return {std::string(kPrefix) + account, secret_, ""};
  }
  // The account that such an access key stands for; nothing for any other key.
  std::optional<std::string> account_of(std::string_view access_key) const {
    if (!verifies_ || !access_key.starts_with(kPrefix)) return std::nullopt;
    return std::string(access_key.substr(kPrefix.size()));
  }
  const std::string& secret() const { return secret_; }

 private:
  static constexpr std::string_view kPrefix = "CLOCHE-ITSELF-";
  const bool verifies_;
  std::string secret_;
};

}  // namespace cloche::cli
