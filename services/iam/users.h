// The users file of `cloche start --users FILE`: accounts and users that can be told apart, with
// their keys, until the IAM service can make them. A JSON document:
//
//   {"users": [{"name": "ada", "account": "111122223333", "displayName": "Ada L.",
//               "email": "ada@example.com", "accessKey": "AKIA...", "secretKey": "...",
//               "policies": [{"Version": "2012-10-17", "Statement": [...]}]}]}
//
// Needed are name, account, accessKey and secretKey. Without "policies" the key is that of the
// account's root, who may do all within the account; with it (also with none in it) that of an IAM
// user, who may do what the policies allow.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/iam/iam.h"

namespace cloche::iam {

struct User {
  std::string name, account, display_name, email, access_key, secret_key;
  bool root = true;
  std::vector<Policy> policies;

  Principal principal() const { return {.account = account, .user = root ? "" : name}; }
};

// Immutable once made; safe from any thread.
class Users {
 public:
  // Refuses with a text that names `file` and the place: "users.json: users[2].account: ...".
  static Result<Users> parse(std::string_view json, std::string_view file);

  bool empty() const { return users_.empty(); }
  const std::vector<User>& all() const { return users_; }
  // Null if nobody has this key.
  const User* by_access_key(std::string_view key) const;
  // The account whose root, or else any user of which, has the address (letters' case does not
  // matter); null if none. ACLs grant by it.
  const std::string* account_of_email(std::string_view email) const;
  // The name under which an account is shown; empty if none is known.
  std::string_view display_name_of(std::string_view account) const;

 private:
  std::vector<User> users_;
  std::map<std::string, std::size_t, std::less<>> by_key_;
};

// What the identity's own policies say. A key that is in no users file is its account's root.
Verdict judge_identity(const User* user, const Request& request);

}  // namespace cloche::iam
