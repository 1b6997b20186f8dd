// Operation name to handler. What is not here answers NotImplemented by its name.
#include <memory>

#include "services/kms/records.h"

namespace cloche::kms {
namespace {

using Read = Result<Value> (*)(const engine::ReadView&, protocol::Call&);
using Write = Result<Value> (*)(engine::WriteTxn&, protocol::Call&);

constexpr std::pair<std::string_view, Read> kReads[] = {
    {"DescribeKey", describe_key}, {"ListKeys", list_keys}, {"ListAliases", list_aliases}};
constexpr std::pair<std::string_view, Write> kWrites[] = {
    {"CreateKey", create_key},
    {"EnableKey", enable_key},
    {"DisableKey", disable_key},
    {"ScheduleKeyDeletion", schedule_key_deletion},
    {"CancelKeyDeletion", cancel_key_deletion},
    {"CreateAlias", create_alias},
    {"DeleteAlias", delete_alias},
};

void answer(const protocol::CallPtr& call, Result<Value> output) {
  if (output) {
    call->reply(*output);
  } else {
    call->fail(std::move(output).error());
  }
}

void commit(engine::Store& store, const protocol::CallPtr& call, Write work) {
  auto output = std::make_shared<Value>();
  store.submit(
      "kms." + std::string(call->operation()),
      [call, output, work](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(const made, work(txn, *call));
        *output = made;
        return {};
      },
      [call, output](Result<void> done) {
        answer(call, done ? Result<Value>(*output) : Result<Value>(std::move(done).error()));
      });
}

}  // namespace

void register_kms(protocol::Registry& registry, engine::Store& store) {
  protocol::Service& service = registry.add("kms");
  for (const auto& [name, work] : kReads) {
    service.on(name, [&store, work = work](const protocol::CallPtr& call) {
      answer(call, work(*store.view(), *call));
    });
  }
  for (const auto& [name, work] : kWrites) {
    service.on(name,
               [&store, work = work](const protocol::CallPtr& call) { commit(store, call, work); });
  }
  store.on_work(std::string(kRemoveKey), remove_key);
}

}  // namespace cloche::kms
