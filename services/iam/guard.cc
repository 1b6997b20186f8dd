#include "services/iam/guard.h"

#include "base/time_text.h"

namespace cloche::iam {
namespace {

std::optional<std::string> header_of(const protocol::HttpRequest& http, std::string_view name) {
  if (!http.has_header(name)) return std::nullopt;
  return std::string(http.header(name));
}

// "::ffff:127.0.0.1" is how a socket of both families tells an IPv4 client.
std::string plain_address(std::string_view peer) {
  constexpr std::string_view mapped = "::ffff:";
  if (peer.starts_with(mapped) && peer.find('.') != std::string_view::npos)
    peer.remove_prefix(mapped.size());
  return std::string(peer);
}

}  // namespace

Result<void> Guard::settle(const protocol::Call& call, Result<void> judged) const {
  if (judged || mode == Mode::Enforce || judged.error().kind != Error::Kind::Refused) return judged;
  if (log) {
    log("iam soft: " + std::string(call.request_id()) + ' ' + std::string(call.service()) + '.' +
        std::string(call.operation()) + " would be refused: " + judged.error().code + ": " +
        judged.error().message);
  }
  return {};
}

Principal principal_of(const protocol::Caller& caller) {
  if (caller.anonymous) return {.anonymous = true};
  return {.account = caller.account, .user = caller.user};
}

std::optional<std::string> RequestContext::find_one(std::string_view key) const {
  const protocol::HttpRequest& http = call_.http();
  if (key == "aws:sourceip") return plain_address(http.peer());
  if (key == "aws:securetransport") return http.https() ? "true" : "false";
  if (key == "aws:useragent") return header_of(http, "User-Agent");
  if (key == "aws:referer") return header_of(http, "Referer");
  if (key == "aws:currenttime") return iso8601(now_);
  if (key == "aws:epochtime") {
    return std::to_string(
        std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count());
  }
  if (key == "aws:requestedregion") return call_.caller().region;
  if (key == "aws:viaawsservice" || key == "aws:principalisawsservice") return "false";
  if (key == "aws:principaltype")
    return who_.anonymous ? "Anonymous" : who_.is_root() ? "Account" : "User";
  if (who_.anonymous) return std::nullopt;
  if (key == "aws:principalarn") return who_.arn();
  if (key == "aws:principalaccount") return who_.account;
  if (key == "aws:userid") return who_.id();
  if (key == "aws:username" && !who_.user.empty()) return who_.user;
  return std::nullopt;
}

std::optional<std::vector<std::string>> RequestContext::find(std::string_view key) const {
  auto one = find_one(key);
  if (!one) return std::nullopt;
  return std::vector<std::string>{*std::move(one)};
}

std::string refusal_text(const Request& request, Refusal why, bool quoted_resource) {
  const std::string quote = quoted_resource ? "\"" : "";
  std::string out = "User: " + request.who.arn() +
                    " is not authorized to perform: " + std::string(request.action) +
                    " on resource: " + quote + std::string(request.resource) + quote;
  switch (why) {
    case Refusal::NoIdentityPolicy:
      return out + " because no identity-based policy allows the " + std::string(request.action) +
             " action";
    case Refusal::DenyOfIdentity:
      return out + " with an explicit deny in an identity-based policy";
    case Refusal::DenyOfResource:
      return out + " with an explicit deny in a resource-based policy";
  }
  return out;
}

Result<void> judge_by_identity(const Guard& guard, const protocol::Call& call,
                               std::string_view action, std::string_view resource, Instant now) {
  if (!guard.is_on()) return {};
  const Principal who = principal_of(call.caller());
  const RequestContext context(call, who, now);
  const Request request{who, action, resource, context};
  const Verdict verdict = judge_identity(guard.user_of(call.caller()), request);
  if (verdict == Verdict::Allow) return {};
  const Refusal why =
      verdict == Verdict::Deny ? Refusal::DenyOfIdentity : Refusal::NoIdentityPolicy;
  return guard.settle(call,
                      refused(400, "AccessDeniedException", refusal_text(request, why, false)));
}

}  // namespace cloche::iam
