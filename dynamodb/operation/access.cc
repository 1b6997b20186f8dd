// Requests held against the caller's identity policies, and against the policies of tables and their
// streams.
//
// Source: "Actions, resources, and condition keys for Amazon DynamoDB", Service Authorization
// Reference; of the condition keys only the global ones are known.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

// A table by its name, or by its ARN, which may stand for it in every request.
std::string arn_of_table(const protocol::Call& call, std::string_view name) {
  if (name.starts_with("arn:")) return std::string(name);
  return "arn:aws:dynamodb:" + call.caller().region + ":" + call.caller().account + ":table/" +
         std::string(name);
}

// What the policy of a table or stream says; None where there is none.
iam::Verdict judge_by_resource(Service& service, const iam::Request& request) {
  const std::string_view arn = request.resource;
  const std::size_t begin = arn.find(":table/");
  if (!arn.starts_with("arn:aws:dynamodb:") || begin == std::string_view::npos)
    return iam::Verdict::None;
  const std::string_view place = arn.substr(17, begin - 17);
  const std::size_t colon = place.find(':');
  if (colon == std::string_view::npos) return iam::Verdict::None;
  const std::string_view rest = arn.substr(begin + 7);
  const auto view = service.store.view();
  const auto table = service.catalog.find(
      *view, {std::string(place.substr(colon + 1)), std::string(place.substr(0, colon))},
      rest.substr(0, rest.find('/')));
  if (!table || *table == nullptr) return iam::Verdict::None;
  const bool stream = rest.find("/stream/") != std::string_view::npos;
  const ResourcePolicy& policy = stream ? (*table)->stream_policy : (*table)->policy;
  if (policy.text.empty()) return iam::Verdict::None;
  const auto parsed = iam::Policy::parse(policy.text, iam::Policy::Kind::Resource);
  return parsed ? parsed->judge(request) : iam::Verdict::None;
}

// The account of an ARN; empty if it has none.
std::string_view account_of(std::string_view arn) {
  for (int colons = 0; colons < 4; ++colons) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  return arn.substr(0, arn.find(':'));
}

struct Judge {
  Service& service;
  const protocol::Call& call;

  // "Policy evaluation logic" (IAM User Guide): within an account one of the two policies is enough,
  // between accounts both have to allow; a denial ends it either way.
  Result<void> operator()(std::string_view operation, std::string_view resource) const {
    const std::string action = "dynamodb:" + std::string(operation);
    const iam::Principal who = iam::principal_of(call.caller());
    const iam::RequestContext context(call, who, service.store.clock().now());
    const iam::Request request{who, action, resource, context};
    const iam::Verdict by_identity =
        iam::judge_identity(service.guard.user_of(call.caller()), request);
    const iam::Verdict by_resource = judge_by_resource(service, request);
    const std::string_view owner = account_of(resource);
    const bool foreign = !owner.empty() && owner != who.account;
    const bool identity_allows = by_identity == iam::Verdict::Allow;
    const bool resource_allows = by_resource == iam::Verdict::Allow ||
                                 (foreign && by_resource == iam::Verdict::AllowAccount);
    const bool denied = by_identity == iam::Verdict::Deny || by_resource == iam::Verdict::Deny;
    const bool allowed =
        foreign ? identity_allows && resource_allows : identity_allows || resource_allows;
    if (!denied && allowed) return {};
    const iam::Refusal why = by_identity == iam::Verdict::Deny   ? iam::Refusal::DenyOfIdentity
                             : by_resource == iam::Verdict::Deny ? iam::Refusal::DenyOfResource
                                                                 : iam::Refusal::NoIdentityPolicy;
    return service.guard.settle(call, access_denied(iam::refusal_text(request, why, false)));
  }
};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

// The next word of a PartiQL statement, or what stands in quotes, without them.
std::string_view next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(" \t\r\n(");
  if (begin == std::string_view::npos) return rest = {};
  rest.remove_prefix(begin);
  const bool quoted = rest.starts_with('"');
  const std::size_t end =
      quoted ? rest.find('"', 1) : std::min(rest.find_first_of(" \t\r\n(){}[],;.\""), rest.size());
  if (end == std::string_view::npos) return rest = {};
  std::string_view word =
      quoted ? rest.substr(1, end - 1) : rest.substr(0, std::max<std::size_t>(end, 1));
  rest.remove_prefix(quoted ? end + 1 : word.size());
  return word;
}

// PartiQL has actions of its own, one for each kind of statement. What can't be understood here the
// parser will refuse; till then it is judged as what touches every table.
Result<void> judge_statement(const Judge& judge, std::string_view statement) {
  std::string_view rest = statement;
  std::string verb = upper(next_word(rest));
  if (verb == "EXISTS") verb = upper(next_word(rest));
  const std::string_view before_table = verb == "INSERT" ? "INTO" : verb == "UPDATE" ? "" : "FROM";
  const std::string_view action = verb == "INSERT"   ? "PartiQLInsert"
                                  : verb == "UPDATE" ? "PartiQLUpdate"
                                  : verb == "DELETE" ? "PartiQLDelete"
                                                     : "PartiQLSelect";
  if (!before_table.empty()) {
    while (!rest.empty() && upper(next_word(rest)) != before_table) {}
  }
  const std::string_view table = next_word(rest);
  if (table.empty()) return judge(action, "*");
  std::string resource = arn_of_table(judge.call, table);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    resource += "/index/" + std::string(next_word(rest));
  }
  return judge(action, resource);
}

Result<void> judge_statements(const Judge& judge) {
  const Value& input = judge.call.input();
  if (const Value& one = input["Statement"]) return judge_statement(judge, one.text());
  for (const char* list : {"Statements", "TransactStatements"}) {
    for (const Value& item : input[list].items())
      CLOCHE_TRY_VOID(judge_statement(judge, item["Statement"].text()));
  }
  return {};
}

// Each part of a transaction is judged as the operation that it is.
Result<void> judge_transaction(const Judge& judge) {
  for (const Value& item : judge.call.input()["TransactItems"].items()) {
    for (const Member& part : item.members()) {
      const std::string_view operation = part.name == "Get"              ? "GetItem"
                                         : part.name == "Put"            ? "PutItem"
                                         : part.name == "Update"         ? "UpdateItem"
                                         : part.name == "Delete"         ? "DeleteItem"
                                         : part.name == "ConditionCheck" ? "ConditionCheckItem"
                                                                         : std::string_view();
      if (operation.empty()) continue;
      CLOCHE_TRY_VOID(judge(operation, arn_of_table(judge.call, part.value["TableName"].text())));
    }
  }
  return {};
}

}  // namespace

Result<void> judge(Service& service, const protocol::Call& call) {
  const Judge judge{service, call};
  const Value& input = call.input();
  const std::string_view operation = call.operation();
  if (operation.find("Statement") != std::string_view::npos || operation == "ExecuteTransaction")
    return judge_statements(judge);
  if (operation.starts_with("Transact")) return judge_transaction(judge);
  if (operation.starts_with("Batch")) {
    for (const Member& table : input["RequestItems"].members())
      CLOCHE_TRY_VOID(judge(operation, arn_of_table(call, table.name)));
    return {};
  }
  for (const char* member :
       {"ResourceArn", "StreamArn", "BackupArn", "ExportArn", "ImportArn", "TableArn"}) {
    if (const Value& arn = input[member]) return judge(operation, arn.text());
  }
  const Value& created = input["TableCreationParameters"]["TableName"];
  const Value& table = created ? created : input["TableName"];
  if (!table) return judge(operation, "*");
  std::string resource = arn_of_table(call, table.text());
  if (const Value& index = input["IndexName"]) resource += "/index/" + index.str();
  return judge(operation, resource);
}

}  // namespace cloche::dynamodb
