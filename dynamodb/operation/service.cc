#include "dynamodb/operation/service.h"

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

void answer(const protocol::CallPtr& call, const Result<Value>& result) {
  if (result) {
    call->reply(*result);
  } else {
    call->fail(result.error());
  }
}

}  // namespace

Result<std::shared_ptr<const Table>> need_table(Service& service, const engine::ReadView& view,
                                                const protocol::Call& call,
                                                std::string_view table_name) {
  CLOCHE_TRY(table, service.catalog.find(view, place_of(call), table_name));
  if (table == nullptr || table->restoring) return table_not_found();
  return table;
}

void answer_read(Service& service, const protocol::CallPtr& call,
                 const std::function<Result<Value>(const engine::ReadView&)>& work) {
  const auto view = service.store.view();
  answer(call, work(*view));
}

void answer_write(Service& service, const protocol::CallPtr& call, std::string_view table_name,
                  std::move_only_function<Result<Value>(engine::WriteTxn&)> work) {
  // Lives until both the closure and its outcome are through: they may run on other threads, one
  // after the other.
  struct Running {
    protocol::CallPtr call;
    std::move_only_function<Result<Value>(engine::WriteTxn&)> work;
    Value output;
  };
  auto running = std::make_shared<Running>(Running{call, std::move(work), Value()});
  std::string summary = "dynamodb.";
  summary.append(call->operation()).append(" ").append(table_name);
  service.store.submit(
      summary,
      [running](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(const output, running->work(txn));
        running->output = output;
        return {};
      },
      [running](Result<void> result) {
        if (result) {
          running->call->reply(running->output);
        } else {
          running->call->fail(std::move(result).error());
        }
      });
}

}  // namespace cloche::dynamodb
