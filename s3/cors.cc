#include "s3/cors.h"

#include <algorithm>

#include "base/text.h"
#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/stored.h"
#include "s3/website.h"

namespace cloche::s3 {
namespace {

using protocol::HttpRequest;
using protocol::OriginVerdict;

constexpr std::string_view kMethods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};

const StoredSetting kCors = {.kind = Setting::Cors,
                             .member = "CORSConfiguration",
                             .output_member = {},
                             .check = check_cors,
                             .decide = nullptr,
                             .missing = no_such_cors_configuration};

bool has_many_wildcards(std::string_view pattern) { return std::ranges::count(pattern, '*') > 1; }

Result<void> check_rule(const Value& rule) {
  for (const Value& method : rule["AllowedMethods"].items()) {
    if (std::ranges::find(kMethods, method.text()) == std::end(kMethods))
      return invalid_request(
          "Found unsupported HTTP method in CORS config. Unsupported method is " + method.str());
  }
  for (const Value& origin : rule["AllowedOrigins"].items()) {
    if (has_many_wildcards(origin.text()))
      return invalid_request("AllowedOrigin \"" + origin.str() +
                             "\" can not have more than one wildcard.");
  }
  for (const Value& header : rule["AllowedHeaders"].items()) {
    if (has_many_wildcards(header.text()))
      return invalid_request("AllowedHeader \"" + header.str() +
                             "\" can not have more than one wildcard.");
  }
  for (const Value& header : rule["ExposeHeaders"].items()) {
    if (header.text().contains('*'))
      return invalid_request("ExposeHeader \"" + header.str() +
                             "\" contains wildcard. We currently do not support wildcard for "
                             "ExposeHeader.");
  }
  return {};
}

// '*' stands for any run of characters, the empty one too.
bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  const std::string_view end = pattern.substr(star + 1);
  return text.size() + 1 >= pattern.size() && text.starts_with(pattern.substr(0, star)) &&
         text.ends_with(end);
}

// The origin pattern of the rule that takes the question; nothing if the rule doesn't.
const Value* allowing_origin(const Value& rule, const CorsQuestion& question) {
  const auto methods = rule["AllowedMethods"].items();
  const auto is_asked = [&](const Value& method) { return method.text() == question.method; };
  if (std::ranges::none_of(methods, is_asked)) return nullptr;
  for (const std::string& header : question.headers) {
    const auto allows = [&](const Value& allowed) {
      return matches(ascii_lowered(allowed.text()), header);
    };
    if (std::ranges::none_of(rule["AllowedHeaders"].items(), allows)) return nullptr;
  }
  for (const Value& origin : rule["AllowedOrigins"].items()) {
    if (matches(origin.text(), question.origin)) return &origin;
  }
  return nullptr;
}

std::string joined(const Value& list) {
  std::string out;
  for (const Value& item : list.items()) {
    if (!out.empty()) out += ", ";
    out += item.text();
  }
  return out;
}

AnswerHeaders headers_of(const Value& rule, const Value& origin, const CorsQuestion& question) {
  AnswerHeaders headers;
  const bool any = origin.text() == "*";
  headers.emplace_back("Access-Control-Allow-Origin", any ? "*" : question.origin);
  headers.emplace_back("Access-Control-Allow-Methods", joined(rule["AllowedMethods"]));
  std::string asked;
  for (const std::string& header : question.headers) asked += (asked.empty() ? "" : ", ") + header;
  if (!asked.empty()) headers.emplace_back("Access-Control-Allow-Headers", asked);
  if (!rule["ExposeHeaders"].empty())
    headers.emplace_back("Access-Control-Expose-Headers", joined(rule["ExposeHeaders"]));
  if (const auto age = rule["MaxAgeSeconds"].as_integer())
    headers.emplace_back("Access-Control-Max-Age", std::to_string(*age));
  if (!any) headers.emplace_back("Access-Control-Allow-Credentials", "true");
  headers.emplace_back("Vary",
                       "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
  return headers;
}

OriginVerdict refused(Error error) {
  return {.kind = OriginVerdict::Kind::Refused, .headers = {}, .error = std::move(error)};
}

OriginVerdict decided(AnswerHeaders headers) {
  return {.kind = OriginVerdict::Kind::Decided, .headers = std::move(headers), .error = {}};
}

// For a bucket without rules, or none at all.
OriginVerdict judge_without_rules(const HttpRequest& request, const CorsQuestion& question,
                                  bool trusted, bool bucket_found) {
  if (trusted) return {};
  const std::string_view why =
      bucket_found ? "CORS is not enabled for this bucket." : "Bucket not found";
  const bool unsafe = request.method() == "POST" && !request.has_header("authorization");
  if (request.method() != "OPTIONS" && !unsafe) return decided({});
  return refused(cors_forbidden(why, question.method, "BUCKET"));
}

OriginVerdict judge_by_rules(const HttpRequest& request, const CorsQuestion& question,
                             const Value& configuration, bool object) {
  const bool preflight = request.method() == "OPTIONS";
  if (preflight && !request.has_header("Access-Control-Request-Method"))
    return refused(bad_request("Invalid Access-Control-Request-Method: null"));
  if (auto headers = evaluate_cors(configuration, question)) return decided(*std::move(headers));
  const bool unsafe = request.method() == "POST" && !request.has_header("authorization");
  if (!preflight && !unsafe) return decided({});
  return refused(cors_forbidden(
      "This CORS request is not allowed. This is usually because the evalution of Origin, request "
      "method / Access-Control-Request-Method or Access-Control-Request-Headers are not "
      "whitelisted by the resource's CORS spec.",
      question.method, object ? "OBJECT" : "BUCKET"));
}

Result<OriginVerdict> judge(S3& s3, const HttpRequest& request, std::string_view path,
                            bool trusted) {
  const std::size_t slash = path.find('/', 1);
  std::string bucket_name(website_bucket(request.host()));
  if (bucket_name.empty() && path.size() > 1) bucket_name = url_decoded(path.substr(1, slash - 1));
  if (bucket_name.empty()) return OriginVerdict();
  const CorsQuestion question = cors_question(request);
  if (question.origin.empty())
    return refused(bad_request("Insufficient information. Origin request header needed."));
  const auto view = s3.store().view();
  CLOCHE_TRY(const bucket, find_bucket_named(*view, bucket_name));
  if (!bucket || !bucket->has(Setting::Cors))
    return judge_without_rules(request, question, trusted, bucket.has_value());
  Arena arena;
  CLOCHE_TRY(const configuration, read_setting(*view, *bucket, Setting::Cors, arena));
  const bool object = slash != std::string_view::npos && slash + 1 < path.size();
  return judge_by_rules(request, question, configuration, object);
}

}  // namespace

Result<void> check_cors(const protocol::Call&, const Value& configuration) {
  const Value& rules = configuration["CORSRules"];
  if (rules.empty()) return malformed_xml();
  if (rules.size() > kCorsRulesMax)
    return invalid_request(
        "The number of CORS rules should not exceed allowed limit of 100 rules.");
  for (const Value& rule : rules.items()) {
    if (rule["AllowedMethods"].empty() || rule["AllowedOrigins"].empty()) return malformed_xml();
  }
  for (const Value& rule : rules.items()) CLOCHE_TRY_VOID(check_rule(rule));
  return {};
}

CorsQuestion cors_question(const HttpRequest& request) {
  CorsQuestion question{.origin = request.header("Origin"),
                        .method = request.header("Access-Control-Request-Method"),
                        .headers = {}};
  if (question.method.empty()) question.method = request.method();
  std::string_view rest = request.header("Access-Control-Request-Headers");
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) question.headers.push_back(ascii_lowered(name));
  }
  return question;
}

std::optional<AnswerHeaders> evaluate_cors(const Value& configuration,
                                           const CorsQuestion& question) {
  for (const Value& rule : configuration["CORSRules"].items()) {
    if (const Value* origin = allowing_origin(rule, question))
      return headers_of(rule, *origin, question);
  }
  return std::nullopt;
}

protocol::OriginJudge cors_judge(S3& s3) {
  return [&s3](const HttpRequest& request, std::string_view path, bool trusted) -> OriginVerdict {
    auto verdict = judge(s3, request, path, trusted);
    if (!verdict) return refused(std::move(verdict).error());
    return *std::move(verdict);
  };
}

void put_bucket_cors(S3& s3, const CallPtr& call) { put_stored(s3, call, kCors); }
void get_bucket_cors(S3& s3, const CallPtr& call) { get_stored(s3, call, kCors); }
void delete_bucket_cors(S3& s3, const CallPtr& call) { delete_stored(s3, call, kCors); }

}  // namespace cloche::s3
