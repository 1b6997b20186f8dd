#include <string>

#include "base/digest.h"
#include "services/iam/iam.h"

namespace cloche::iam {

std::string canonical_id(std::string_view account) {
  return to_hex(sha256(as_bytes("cloche canonical user " + std::string(account))));
}

std::string Principal::arn() const {
  if (anonymous) return {};
  return "arn:aws:iam::" + account + (user.empty() ? ":root" : ":user/" + user);
}

// The alphabet and length of AWS's unique ids (IAM User Guide, "IAM identifiers").
std::string Principal::id() const {
  if (anonymous || user.empty()) return account;
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const Sha256 hash = sha256(as_bytes(arn()));
  std::string out = "AIDA";
  for (std::size_t i = 0; i < 17; ++i) out += alphabet[std::to_integer<unsigned>(hash[i]) % 32];
  return out;
}

}  // namespace cloche::iam
