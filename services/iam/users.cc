#include "services/iam/users.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "services/iam/wildcard.h"

namespace cloche::iam {
namespace {

constexpr std::array kMembers = {"name",      "account",   "displayName", "email",
                                 "accessKey", "secretKey", "policies"};
// An access key is part of headers and URLs (IAM API Reference, AccessKey: 16 to 128 word
// characters; suites and emulators have shorter ones and other characters).
constexpr std::size_t kAccessKeyMax = 128;
constexpr std::size_t kUserNameMax = 64;  // IAM User Guide, "IAM and AWS STS quotas".

// The place in the file that is being read, for texts.
struct Place {
  std::string_view file;
  std::string path;

  Place in(std::string_view member) const { return {file, path + std::string(member)}; }
  Error refuse(std::string_view why) const {
    return refused(400, "InvalidSetting",
                   std::string(file) + ": " + (path.empty() ? "" : path + ": ") + std::string(why));
  }
};

Result<std::string> read_text(const Value& object, std::string_view name, const Place& place,
                              bool needed) {
  const Value& value = object[name];
  const Place here = place.in("." + std::string(name));
  if (value.is(Value::Kind::Absent)) {
    if (needed) return here.refuse("is missing");
    return std::string();
  }
  if (!value.is(Value::Kind::String)) return here.refuse("must be a text");
  if (needed && value.text().empty()) return here.refuse("must not be empty");
  return value.str();
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_user_name(std::string_view text) {
  return text.size() <= kUserNameMax && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("+=,.@_-").find(c) != std::string_view::npos;
         });
}

bool is_access_key(std::string_view text) {
  return text.size() <= kAccessKeyMax && std::ranges::all_of(text, [](char c) {
           return c > ' ' && c < 0x7F && c != ',' && c != '/';
         });
}

Result<std::vector<Policy>> read_policies(const Value& list, const Place& place) {
  if (!list.is(Value::Kind::List)) return place.refuse("must be a list of policy documents");
  std::vector<Policy> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto policy = Policy::read(list.items()[i], Policy::Kind::Identity);
    if (!policy) return place.in("[" + std::to_string(i) + "]").refuse(policy.error().message);
    out.push_back(*std::move(policy));
  }
  return out;
}

Result<User> read_user(const Value& object, const Place& place) {
  if (!object.is(Value::Kind::Map)) return place.refuse("must be an object");
  for (const Member& member : object.members()) {
    if (std::ranges::find(kMembers, member.name) == kMembers.end())
      return place.in("." + std::string(member.name)).refuse("is not known");
  }
  User user;
  CLOCHE_TRY(name, read_text(object, "name", place, true));
  if (!is_user_name(name))
    return place.in(".name").refuse("letters, digits and +=,.@_- only, at most 64");
  CLOCHE_TRY(account, read_text(object, "account", place, true));
  if (!is_account(account)) return place.in(".account").refuse("must be 12 digits");
  CLOCHE_TRY(display_name, read_text(object, "displayName", place, false));
  CLOCHE_TRY(email, read_text(object, "email", place, false));
  CLOCHE_TRY(access_key, read_text(object, "accessKey", place, true));
  if (!is_access_key(access_key))
    return place.in(".accessKey").refuse("visible characters without , and / only, at most 128");
  CLOCHE_TRY(secret_key, read_text(object, "secretKey", place, true));
  user.name = std::move(name);
  user.account = std::move(account);
  user.display_name = std::move(display_name);
  user.email = std::move(email);
  user.access_key = std::move(access_key);
  user.secret_key = std::move(secret_key);
  const Value& policies = object["policies"];
  user.root = policies.is(Value::Kind::Absent);
  if (user.root) return user;
  CLOCHE_TRY(read, read_policies(policies, place.in(".policies")));
  user.policies = std::move(read);
  return user;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return matches(*expand(a, nullptr, false), b, Case::Ignored);
}

}  // namespace

Result<Users> Users::parse(std::string_view json, std::string_view file) {
  const Place top{.file = file, .path = {}};
  Arena arena;
  const auto document = parse_json(json, arena);
  if (!document) return top.refuse("is no valid JSON: " + document.error().message);
  const Value& list = (*document)["users"];
  if (!list.is(Value::Kind::List)) return top.in("users").refuse("must be a list");
  for (const Member& member : document->members()) {
    if (member.name != "users") return top.in(member.name).refuse("is not known");
  }
  Users out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Place place = top.in("users[" + std::to_string(i) + "]");
    CLOCHE_TRY(user, read_user(list.items()[i], place));
    if (!out.by_key_.emplace(user.access_key, i).second)
      return place.in(".accessKey").refuse("another user has the same");
    const auto same = [&](const User& other) {
      return other.account == user.account && other.root == user.root && !user.root &&
             other.name == user.name;
    };
    if (std::ranges::any_of(out.users_, same))
      return place.in(".name").refuse("another user of the account has the same");
    out.users_.push_back(std::move(user));
  }
  return out;
}

const User* Users::by_access_key(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &users_[found->second];
}

const std::string* Users::account_of_email(std::string_view email) const {
  const User* found = nullptr;
  for (const User& user : users_) {
    if (user.email.empty() || !same_ignoring_case(user.email, email)) continue;
    if (found == nullptr || (user.root && !found->root)) found = &user;
  }
  return found == nullptr ? nullptr : &found->account;
}

std::string_view Users::display_name_of(std::string_view account) const {
  for (const User& user : users_) {
    if (user.account == account && user.root) return user.display_name;
  }
  return {};
}

Verdict judge_identity(const User* user, const Request& request) {
  if (request.who.anonymous) return Verdict::None;
  // Somebody with a name and without policies is a session, which may do nothing of itself.
  if (user == nullptr) return request.who.user.empty() ? Verdict::Allow : Verdict::None;
  if (user->root) return Verdict::Allow;
  Verdict verdict = Verdict::None;
  for (const Policy& policy : user->policies) {
    const Verdict one = policy.judge(request);
    if (one == Verdict::Deny) return one;
    verdict = std::max(verdict, one);
  }
  return verdict;
}

}  // namespace cloche::iam
