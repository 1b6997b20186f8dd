// Policy documents: from JSON to statements.
#include <algorithm>
#include <array>

#include "base/json.h"
#include "services/iam/condition.h"
#include "services/iam/grammar.h"
#include "services/iam/iam.h"

namespace cloche::iam {
namespace {

constexpr std::array kStatementMembers = {"Sid",          "Effect",      "Principal",
                                          "NotPrincipal", "Action",      "NotAction",
                                          "Resource",     "NotResource", "Condition"};
constexpr std::array kDocumentMembers = {"Version", "Id", "Statement"};

template <class Names>
Result<void> check_members(const Value& object, const Names& known) {
  for (const Member& member : object.members()) {
    if (std::ranges::find(known, member.name) == known.end())
      return malformed("Unknown field " + std::string(member.name));
    const auto same = [&](const Member& other) { return other.name == member.name; };
    if (std::ranges::count_if(object.members(), same) > 1)
      return malformed("This policy contains invalid Json");
  }
  return {};
}

// A text, or a list of texts.
Result<std::vector<std::string>> read_texts(const Value& value, const Error& otherwise) {
  std::vector<std::string> out;
  if (value.is(Value::Kind::String)) {
    out.push_back(value.str());
    return out;
  }
  if (!value.is(Value::Kind::List) || value.empty()) return otherwise;
  for (const Value& item : value.items()) {
    if (!item.is(Value::Kind::String)) return otherwise;
    out.push_back(item.str());
  }
  return out;
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The account of "arn:aws:iam::123456789012:REST", and REST.
std::optional<std::pair<std::string_view, std::string_view>> split_iam_arn(std::string_view arn) {
  for (const std::string_view prefix :
       {"arn:aws:iam::", "arn:aws:sts::", "arn:aws-cn:iam::", "arn:aws-us-gov:iam::"}) {
    if (!arn.starts_with(prefix)) continue;
    const std::string_view rest = arn.substr(prefix.size());
    if (rest.size() < 14 || !is_account(rest.substr(0, 12)) || rest[12] != ':') return std::nullopt;
    return std::pair(rest.substr(0, 12), rest.substr(13));
  }
  return std::nullopt;
}

Error invalid_principal() { return malformed("Invalid principal in policy"); }

Result<void> add_aws_principal(Principals& into, const std::string& text) {
  if (text == "*") {
    into.everyone = true;
  } else if (is_account(text)) {
    into.accounts.push_back(text);
  } else if (const auto arn = split_iam_arn(text)) {
    if (arn->second == "root") {
      into.accounts.emplace_back(arn->first);
    } else if (arn->second.starts_with("user/") || arn->second.starts_with("role/") ||
               arn->second.starts_with("assumed-role/") ||
               arn->second.starts_with("federated-user/")) {
      // A wildcard within an ARN is no principal ("IAM JSON policy elements: Principal").
      if (text.find_first_of("*?") != std::string::npos) return invalid_principal();
      into.arns.push_back(text);
    } else {
      return invalid_principal();
    }
  } else {
    return invalid_principal();
  }
  return {};
}

Result<Principals> parse_principals(const Value& value) {
  Principals out;
  if (value.is(Value::Kind::String)) {
    if (value.text() != "*") return invalid_principal();
    out.everyone = true;
    return out;
  }
  if (!value.is(Value::Kind::Map) || value.empty()) return invalid_principal();
  for (const Member& member : value.members()) {
    CLOCHE_TRY(texts, read_texts(member.value, invalid_principal()));
    if (member.name == "AWS") {
      for (const std::string& text : texts) CLOCHE_TRY_VOID(add_aws_principal(out, text));
    } else if (member.name == "CanonicalUser") {
      for (std::string& text : texts) out.canonical_ids.push_back(std::move(text));
    } else if (member.name == "Service") {
      for (std::string& text : texts) out.services.push_back(std::move(text));
    } else if (member.name == "Federated") {
      for (std::string& text : texts) out.federated.push_back(std::move(text));
    } else {
      return invalid_principal();
    }
  }
  return out;
}

// Which of the two members "X" and "NotX" a statement has; it must be one.
Result<const Value*> one_of(const Value& statement, std::string_view name, bool& negated) {
  const std::string negated_name = "Not" + std::string(name);
  const Value& plain = statement[name];
  const Value& other = statement[negated_name];
  const bool has_plain = !plain.is(Value::Kind::Absent);
  const bool has_other = !other.is(Value::Kind::Absent);
  if (has_plain && has_other) return invalid_syntax();
  if (!has_plain && !has_other) return malformed("Missing required field " + std::string(name));
  negated = has_other;
  return has_other ? &other : &plain;
}

Result<void> parse_principal_of(const Value& value, Policy::Kind kind, Statement& into) {
  if (kind == Policy::Kind::Identity) {
    if (value["Principal"].is(Value::Kind::Absent) && value["NotPrincipal"].is(Value::Kind::Absent))
      return {};
    return malformed("Policy document should not specify a principal.");
  }
  CLOCHE_TRY(const principal, one_of(value, "Principal", into.not_principal));
  CLOCHE_TRY(principals, parse_principals(*principal));
  into.principals = std::move(principals);
  // "You can't use NotPrincipal with Allow": it would let in everybody else.
  if (into.not_principal && into.allow) return malformed("Allow with NotPrincipal is not allowed.");
  return {};
}

Result<Statement> parse_statement(const Value& value, Policy::Kind kind) {
  if (!value.is(Value::Kind::Map)) return invalid_syntax();
  CLOCHE_TRY_VOID(check_members(value, kStatementMembers));
  Statement out;
  const Value& sid = value["Sid"];
  if (!sid.is(Value::Kind::Absent) && !sid.is(Value::Kind::String)) return invalid_syntax();
  out.sid = sid.str();
  const Value& effect = value["Effect"];
  if (effect.is(Value::Kind::Absent)) return malformed("Missing required field Effect");
  if (effect.text() != "Allow" && effect.text() != "Deny")
    return malformed("Invalid effect: " + effect.str());
  out.allow = effect.text() == "Allow";
  CLOCHE_TRY_VOID(parse_principal_of(value, kind, out));

  CLOCHE_TRY(const action, one_of(value, "Action", out.not_action));
  CLOCHE_TRY(actions, read_texts(*action, malformed("Policy has invalid action")));
  for (const std::string& text : actions) {
    if (text != "*" && text.find(':') == std::string::npos)
      return malformed("Policy has invalid action");
  }
  out.actions = std::move(actions);
  CLOCHE_TRY(const resource, one_of(value, "Resource", out.not_resource));
  CLOCHE_TRY(resources, read_texts(*resource, malformed("Policy has invalid resource")));
  out.resources = std::move(resources);
  CLOCHE_TRY(conditions, parse_conditions(value["Condition"]));
  out.conditions = std::move(conditions);
  return out;
}

}  // namespace

Result<Policy> Policy::parse(std::string_view json, Kind kind) {
  if (!json.starts_with('{'))
    return malformed("Policies must be valid JSON and the first byte must be '{'");
  Arena arena;
  const auto document = parse_json(json, arena);
  if (!document) return malformed("This policy contains invalid Json");
  return read(*document, kind);
}

Result<Policy> Policy::read(const Value& document, Kind kind) {
  if (!document.is(Value::Kind::Map)) return invalid_syntax();
  CLOCHE_TRY_VOID(check_members(document, kDocumentMembers));
  Policy out;
  const Value& version = document["Version"];
  if (!version.is(Value::Kind::Absent)) {
    if (version.text() != "2012-10-17" && version.text() != "2008-10-17")
      return malformed("The policy must contain a valid version string");
    out.variables_ = version.text() == "2012-10-17";
  }
  const Value& id = document["Id"];
  if (!id.is(Value::Kind::Absent) && !id.is(Value::Kind::String)) return invalid_syntax();
  const Value& statement = document["Statement"];
  if (statement.is(Value::Kind::Absent)) return malformed("Missing required field Statement");
  if (statement.is(Value::Kind::Map)) {
    CLOCHE_TRY(one, parse_statement(statement, kind));
    out.statements_.push_back(std::move(one));
    return out;
  }
  if (!statement.is(Value::Kind::List)) return invalid_syntax();
  if (statement.empty()) return malformed("Could not parse the policy: Statement is empty!");
  if (statement.size() > kStatementsMax) return invalid_syntax();
  for (const Value& item : statement.items()) {
    CLOCHE_TRY(one, parse_statement(item, kind));
    const auto same = [&](const Statement& other) { return other.sid == one.sid; };
    // IAM insists on it; that S3 does is nowhere said.
    if (kind == Kind::Identity && !one.sid.empty() && std::ranges::any_of(out.statements_, same))
      return malformed("The Statement Ids in the policy are not unique!");
    out.statements_.push_back(std::move(one));
  }
  return out;
}

}  // namespace cloche::iam
