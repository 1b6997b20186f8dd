#include "dynamodb/table/table_work.h"

namespace cloche::dynamodb {

engine::KeyWriter work_on(const Table& table) {
  engine::KeyWriter payload;
  payload.text(table.account).text(table.region).text(table.name).integer(table.id);
  return payload;
}

Result<std::shared_ptr<const Table>> table_of_work(Catalog& catalog, const engine::ReadView& view,
                                                   engine::KeyReader& payload) {
  const Place place{payload.text(), payload.text()};
  const std::string name = payload.text();
  const std::int64_t id = payload.integer();
  CLOCHE_TRY(table, catalog.find(view, place, name));
  if (table != nullptr && table->id != id) table = nullptr;
  return table;
}

}  // namespace cloche::dynamodb
