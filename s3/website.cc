#include "s3/website.h"

#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

const StoredSetting kWebsite = {.kind = Setting::Website,
                                .member = "WebsiteConfiguration",
                                .output_member = {},
                                .check = check_website,
                                .decide = nullptr,
                                .missing = no_such_website};

bool is_protocol(const Value& value) {
  return !value || value.text() == "http" || value.text() == "https";
}

Error invalid_protocol() {
  return invalid_request(
      "Invalid protocol, protocol can be http or https. If not defined the protocol will be "
      "selected automatically.");
}

// A code in `low` to `high`, as text.
bool is_code(std::string_view code, int low, int high) {
  const auto number = Value::number(code).as_integer();
  return code.size() == 3 && number && *number >= low && *number <= high;
}

Result<void> check_redirect(const Value& redirect) {
  if (redirect.empty()) return malformed_xml();
  if (!is_protocol(redirect["Protocol"])) return invalid_protocol();
  if (const Value& code = redirect["HttpRedirectCode"]; code && !is_code(code.text(), 301, 399))
    return invalid_request("The provided HTTP redirect code (" + code.str() +
                           ") is not valid. Valid codes are 3XX except 300.");
  if (redirect["ReplaceKeyWith"] && redirect["ReplaceKeyPrefixWith"])
    return invalid_request("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
  return {};
}

Result<void> check_condition(const Value& condition) {
  if (!condition) return {};
  if (condition.empty())
    return invalid_request(
        "Condition cannot be empty. To redirect all requests without a condition, the condition "
        "element shouldn't be present.");
  const Value& code = condition["HttpErrorCodeReturnedEquals"];
  if (code && !is_code(code.text(), 400, 599))
    return invalid_request("The provided HTTP error code (" + code.str() +
                           ") is not valid. Valid codes are 4XX or 5XX.");
  return {};
}

Result<void> check_index(const Value& configuration) {
  const Value& index = configuration["IndexDocument"];
  if (!index)
    return invalid_argument(
        "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        "IndexDocument", "null");
  const std::string_view suffix = index["Suffix"].text();
  if (suffix.empty() || suffix.contains('/'))
    return invalid_argument("The IndexDocument Suffix is not well formed", "IndexDocument", suffix);
  return {};
}

std::string_view protocol_of(const Value& redirect, const Visit& visit) {
  if (const Value& protocol = redirect["Protocol"]) return protocol.text();
  return visit.https ? "https" : "http";
}

std::string url_of(const Value& redirect, const Visit& visit, std::string_view path) {
  const Value& host = redirect["HostName"];
  return std::string(protocol_of(redirect, visit)) + "://" +
         std::string(host ? host.text() : visit.host) + std::string(path);
}

bool holds(const Value& condition, const Visit& visit, std::optional<int> error_status) {
  const Value& code = condition["HttpErrorCodeReturnedEquals"];
  if (code.present() != error_status.has_value()) return false;
  if (error_status && code.as_integer(0) != *error_status) return false;
  return visit.key.starts_with(condition["KeyPrefixEquals"].text());
}

std::string key_after(const Value& redirect, const Value& condition, const Visit& visit) {
  if (const Value& key = redirect["ReplaceKeyWith"]) return key.str();
  if (const Value& prefix = redirect["ReplaceKeyPrefixWith"])
    return prefix.str() + visit.key.substr(condition["KeyPrefixEquals"].text().size());
  return visit.key;
}

// As in a URL's path; what S3 lists with encoding-type=url has '+' for a blank.
std::string path_encoded(std::string_view key) {
  std::string out;
  for (const char c : url_encoded(key)) {
    if (c == '+') {
      out += "%20";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Result<void> check_website(const protocol::Call&, const Value& configuration) {
  const Value& all = configuration["RedirectAllRequestsTo"];
  const Value& rules = configuration["RoutingRules"];
  if (all) {
    if (configuration["IndexDocument"] || configuration["ErrorDocument"] || rules)
      return invalid_argument(
          "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
          "RedirectAllRequestsTo", "not null");
    if (!is_protocol(all["Protocol"])) return invalid_protocol();
    return {};
  }
  CLOCHE_TRY_VOID(check_index(configuration));
  if (rules && rules.empty()) return malformed_xml();
  if (rules.size() > kRoutingRulesMax)
    return invalid_request(std::to_string(rules.size()) +
                           " routing rules provided, the number of routing rules in a website "
                           "configuration is limited to 50.");
  for (const Value& rule : rules.items()) {
    CLOCHE_TRY_VOID(check_redirect(rule["Redirect"]));
    CLOCHE_TRY_VOID(check_condition(rule["Condition"]));
  }
  return {};
}

std::string_view website_bucket(std::string_view host) {
  constexpr std::string_view kMark = ".s3-website";
  const std::size_t at = host.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = host.substr(at + kMark.size());
  return rest.starts_with('.') || rest.starts_with('-') ? host.substr(0, at) : std::string_view();
}

std::optional<Redirect> redirect_all(const Value& configuration, const Visit& visit) {
  const Value& all = configuration["RedirectAllRequestsTo"];
  if (!all) return std::nullopt;
  return Redirect{.status = 301, .location = url_of(all, visit, visit.path)};
}

std::optional<Redirect> routed(const Value& configuration, const Visit& visit,
                               std::optional<int> error_status) {
  for (const Value& rule : configuration["RoutingRules"].items()) {
    const Value& redirect = rule["Redirect"];
    const Value& condition = rule["Condition"];
    if (!holds(condition, visit, error_status)) continue;
    const std::string path = '/' + path_encoded(key_after(redirect, condition, visit));
    return Redirect{.status = static_cast<int>(redirect["HttpRedirectCode"].as_integer(301)),
                    .location = url_of(redirect, visit, path)};
  }
  return std::nullopt;
}

void put_bucket_website(S3& s3, const CallPtr& call) { put_stored(s3, call, kWebsite); }
void get_bucket_website(S3& s3, const CallPtr& call) { get_stored(s3, call, kWebsite); }
void delete_bucket_website(S3& s3, const CallPtr& call) { delete_stored(s3, call, kWebsite); }

}  // namespace cloche::s3
