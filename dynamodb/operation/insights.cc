// Contributor insights: remembered for tables and indexes, and told back. Nothing is counted: what
// the service would count goes to CloudWatch.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

// The setting of the table, or of the index if one is named.
template <class SomeTable>
auto setting_of(SomeTable& table, std::string_view index_name)
    -> Result<decltype(&table.contributor_insights)> {
  if (index_name.empty()) return &table.contributor_insights;
  const auto index = std::ranges::find(table.indexes, index_name, &Index::name);
  if (index == table.indexes.end() || !index->global) {
    Error error = table_not_found();
    error.message =
        "Requested resource not found: Index: " + std::string(index_name) + " not found";
    return error;
  }
  return &index->contributor_insights;
}

Value summary(const Table& table, std::string_view index_name, std::string_view status,
              Arena& arena) {
  Value out = Value::map();
  out.add(arena, "TableName", Value::string(arena, table.name));
  if (!index_name.empty()) out.add(arena, "IndexName", Value::string(arena, index_name));
  out.add(arena, "ContributorInsightsStatus", Value::string(status));
  return out;
}

}  // namespace

Result<void> describe_contributor_insights(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  CLOCHE_TRY(const name, table_name_of(input["TableName"].text()));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, service.catalog.find(view, place_of(*call), name));
    if (table == nullptr) return table_not_found(name);
    const std::string_view index = input["IndexName"].text();
    CLOCHE_TRY(const enabled, setting_of(*table, index));
    Arena& arena = call->arena();
    Value output = summary(*table, index, *enabled ? "ENABLED" : "DISABLED", arena);
    if (!*enabled) return output;
    Value rules = Value::list();
    const std::string of = table->name + (index.empty() ? "" : "-" + std::string(index));
    for (const char* rule :
         {"DynamoDBContributorInsights-PKC-", "DynamoDBContributorInsights-PKT-"})
      rules.push(arena, Value::string(arena, rule + of));
    output.add(arena, "ContributorInsightsRuleList", rules);
    return output;
  });
  return {};
}

Result<void> update_contributor_insights(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name](engine::WriteTxn& txn) -> Result<Value> {
                 const Value& input = request.input();
                 CLOCHE_TRY(const found, service.catalog.find(txn, place_of(request), name));
                 if (found == nullptr) return table_not_found(name);
                 Table table = *found;
                 const std::string_view index = input["IndexName"].text();
                 CLOCHE_TRY(const setting, setting_of(table, index));
                 *setting = input["ContributorInsightsAction"].text() == "ENABLE";
                 CLOCHE_TRY_VOID(Catalog::store(txn, table));
                 return summary(table, index, *setting ? "ENABLING" : "DISABLING", request.arena());
               });
  return {};
}

Result<void> list_contributor_insights(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  std::string_view name;  // Empty: all tables.
  if (input["TableName"].present()) {
    CLOCHE_TRY(const given, table_name_of(input["TableName"].text()));
    name = given;
  }
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    Arena& arena = call->arena();
    Value list = Value::list();
    engine::KeyWriter mine;
    const Place place = place_of(*call);
    mine.text(place.account).text(place.region);
    if (!name.empty()) mine.text(name);
    const auto cursor = view.scan(kTables, engine::KeyRange::of(mine));
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(const table, decode_table(cursor->value()));
      if (table.contributor_insights) list.push(arena, summary(table, "", "ENABLED", arena));
      for (const Index& index : table.indexes) {
        if (index.contributor_insights)
          list.push(arena, summary(table, index.name, "ENABLED", arena));
      }
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    output.add(arena, "ContributorInsightsSummaries", list);
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
