// What all operations share: the store, the caches, and the way a request goes in and comes out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dynamodb/backup/backup.h"
#include "dynamodb/dynamodb.h"
#include "dynamodb/expression/cache.h"
#include "dynamodb/operation/throttle.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/items.h"
#include "dynamodb/transfer/export.h"
#include "dynamodb/transfer/import.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "services/iam/guard.h"

namespace cloche::dynamodb {

struct DynamoDb::Impl {
  Impl(engine::Store& the_store, const iam::Guard& the_guard, DynamoDbOptions the_options)
      : store(the_store),
        guard(the_guard),
        options(std::move(the_options)),
        copier(the_store),
        exporter(the_store),
        importer(the_store) {
    if (options.throttle.is_on()) {
      throttle =
          std::make_unique<Throttle>(options.throttle, [this] { return store.clock().now(); });
    }
  }

  engine::Store& store;
  const iam::Guard& guard;
  const DynamoDbOptions options;
  Catalog catalog;
  ExpressionCache expressions;
  Copier copier;
  Exporter exporter;
  Importer importer;
  std::unique_ptr<Throttle> throttle;  // Null: no request is refused for its throughput.
};
using Service = DynamoDb::Impl;

inline Place place_of(const protocol::Call& call) {
  return {call.caller().account, call.caller().region};
}

// The table of an item operation; refuses when there is none.
Result<std::shared_ptr<const Table>> need_table(Service& service, const engine::ReadView& view,
                                                const protocol::Call& call,
                                                std::string_view table_name);

// Answers with what `work` makes of one consistent view.
void answer_read(Service& service, const protocol::CallPtr& call,
                 const std::function<Result<Value>(const engine::ReadView&)>& work);

// Runs `work` in a transaction and answers with what it made: a Value in the call's arena.
void answer_write(Service& service, const protocol::CallPtr& call, std::string_view table_name,
                  std::move_only_function<Result<Value>(engine::WriteTxn&)> work);

// Answers the call, now or later, or returns why it can't.
using Operation = Result<void> (*)(Service& service, const protocol::CallPtr& call);

// Each in the file of its subject.
Result<void> create_table(Service& service, const protocol::CallPtr& call);
Result<void> describe_table(Service& service, const protocol::CallPtr& call);
Result<void> list_tables(Service& service, const protocol::CallPtr& call);
Result<void> update_table(Service& service, const protocol::CallPtr& call);
Result<void> delete_table(Service& service, const protocol::CallPtr& call);
Result<void> describe_limits(Service& service, const protocol::CallPtr& call);
Result<void> describe_endpoints(Service& service, const protocol::CallPtr& call);
Result<void> tag_resource(Service& service, const protocol::CallPtr& call);
Result<void> untag_resource(Service& service, const protocol::CallPtr& call);
Result<void> list_tags(Service& service, const protocol::CallPtr& call);
Result<void> update_time_to_live(Service& service, const protocol::CallPtr& call);
Result<void> describe_time_to_live(Service& service, const protocol::CallPtr& call);
Result<void> put_item(Service& service, const protocol::CallPtr& call);
Result<void> update_item(Service& service, const protocol::CallPtr& call);
Result<void> delete_item(Service& service, const protocol::CallPtr& call);
Result<void> get_item(Service& service, const protocol::CallPtr& call);
Result<void> query(Service& service, const protocol::CallPtr& call);
Result<void> scan(Service& service, const protocol::CallPtr& call);
Result<void> batch_get_item(Service& service, const protocol::CallPtr& call);
Result<void> batch_write_item(Service& service, const protocol::CallPtr& call);
Result<void> transact_get_items(Service& service, const protocol::CallPtr& call);
Result<void> transact_write_items(Service& service, const protocol::CallPtr& call);
Result<void> create_backup(Service& service, const protocol::CallPtr& call);
Result<void> describe_backup(Service& service, const protocol::CallPtr& call);
Result<void> list_backups(Service& service, const protocol::CallPtr& call);
Result<void> delete_backup(Service& service, const protocol::CallPtr& call);
Result<void> restore_from_backup(Service& service, const protocol::CallPtr& call);
Result<void> restore_to_point_in_time(Service& service, const protocol::CallPtr& call);
Result<void> describe_continuous_backups(Service& service, const protocol::CallPtr& call);
Result<void> update_continuous_backups(Service& service, const protocol::CallPtr& call);
Result<void> export_table(Service& service, const protocol::CallPtr& call);
Result<void> describe_export(Service& service, const protocol::CallPtr& call);
Result<void> list_exports(Service& service, const protocol::CallPtr& call);
Result<void> describe_replica_scaling(Service& service, const protocol::CallPtr& call);
Result<void> update_replica_scaling(Service& service, const protocol::CallPtr& call);
Result<void> create_global_table(Service& service, const protocol::CallPtr& call);
Result<void> update_global_table(Service& service, const protocol::CallPtr& call);
Result<void> describe_global_table(Service& service, const protocol::CallPtr& call);
Result<void> list_global_tables(Service& service, const protocol::CallPtr& call);
Result<void> describe_global_settings(Service& service, const protocol::CallPtr& call);
Result<void> update_global_settings(Service& service, const protocol::CallPtr& call);
Result<void> import_table(Service& service, const protocol::CallPtr& call);
Result<void> describe_import(Service& service, const protocol::CallPtr& call);
Result<void> list_imports(Service& service, const protocol::CallPtr& call);
Result<void> execute_statement(Service& service, const protocol::CallPtr& call);
Result<void> batch_execute_statement(Service& service, const protocol::CallPtr& call);
Result<void> execute_transaction(Service& service, const protocol::CallPtr& call);
Result<void> describe_contributor_insights(Service& service, const protocol::CallPtr& call);
Result<void> update_contributor_insights(Service& service, const protocol::CallPtr& call);
Result<void> list_contributor_insights(Service& service, const protocol::CallPtr& call);
Result<void> put_resource_policy(Service& service, const protocol::CallPtr& call);
Result<void> get_resource_policy(Service& service, const protocol::CallPtr& call);
Result<void> delete_resource_policy(Service& service, const protocol::CallPtr& call);
Result<void> enable_kinesis(Service& service, const protocol::CallPtr& call);
Result<void> disable_kinesis(Service& service, const protocol::CallPtr& call);
Result<void> update_kinesis(Service& service, const protocol::CallPtr& call);
Result<void> describe_kinesis(Service& service, const protocol::CallPtr& call);
Result<void> list_streams(Service& service, const protocol::CallPtr& call);
Result<void> describe_stream(Service& service, const protocol::CallPtr& call);
Result<void> get_shard_iterator(Service& service, const protocol::CallPtr& call);
Result<void> get_records(Service& service, const protocol::CallPtr& call);

// access.cc: refuses with AccessDeniedException what neither the caller's identity policies nor the
// resource's policy allow. Called only where the guard is on.
Result<void> judge(Service& service, const protocol::Call& call);

// background.cc: work that goes on after its request was answered.
Result<void> backfill_later(engine::WriteTxn& txn, const Table& table, std::int64_t index_id,
                            std::string_view from);
void name_work(Service& service);

}  // namespace cloche::dynamodb
