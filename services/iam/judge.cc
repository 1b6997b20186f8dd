// What a policy says about one request.
#include <algorithm>

#include "services/iam/condition.h"
#include "services/iam/iam.h"
#include "services/iam/wildcard.h"

namespace cloche::iam {
namespace {

enum class Named : std::uint8_t { No, Account, Directly };

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool names_account(const Principals& principals, const Principal& who) {
  if (who.anonymous) return false;
  return has(principals.accounts, who.account) ||
         (!principals.canonical_ids.empty() &&
          has(principals.canonical_ids, canonical_id(who.account)));
}

Named named_by(const Principals& principals, const Principal& who) {
  if (principals.everyone) return Named::Directly;
  if (who.anonymous) return Named::No;
  if (!who.user.empty() && has(principals.arns, who.arn())) return Named::Directly;
  if (!names_account(principals, who)) return Named::No;
  return who.is_root() ? Named::Directly : Named::Account;
}

// Only who is listed with all that he is, account and user, is left out ("IAM JSON policy elements:
// NotPrincipal").
bool is_left_out(const Principals& principals, const Principal& who) {
  if (principals.everyone) return true;
  if (who.anonymous || !names_account(principals, who)) return false;
  return who.user.empty() || has(principals.arns, who.arn());
}

Named applies_to(const Statement& statement, const Principal& who) {
  if (!statement.principals) return Named::Directly;  // An identity's own.
  if (!statement.not_principal) return named_by(*statement.principals, who);
  return is_left_out(*statement.principals, who) ? Named::No : Named::Directly;
}

bool covers_request(const Statement& statement, const Request& request, const Context* variables) {
  const bool action = std::ranges::any_of(statement.actions, [&](const std::string& pattern) {
    return pattern == "*" || covers_action(pattern, request.action);
  });
  if (action == statement.not_action) return false;
  const bool resource = std::ranges::any_of(statement.resources, [&](const std::string& pattern) {
    const auto glyphs = expand(pattern, variables, true);
    return glyphs && matches(*glyphs, request.resource);
  });
  return resource != statement.not_resource;
}

}  // namespace

Verdict Policy::judge(const Request& request) const {
  const Context* const variables = variables_ ? &request.context : nullptr;
  Verdict verdict = Verdict::None;
  for (const Statement& statement : statements_) {
    const Named named = applies_to(statement, request.who);
    if (named == Named::No || !covers_request(statement, request, variables)) continue;
    const bool all = std::ranges::all_of(statement.conditions, [&](const Condition& condition) {
      return holds(condition, request.context, variables_);
    });
    if (!all) continue;
    if (!statement.allow) return Verdict::Deny;
    verdict = std::max(verdict, named == Named::Directly ? Verdict::Allow : Verdict::AllowAccount);
  }
  return verdict;
}

}  // namespace cloche::iam
