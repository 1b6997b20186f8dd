// Global tables of version 2017.11.29: tables that a client has made in each region, joined under one
// name. They know each other as replicas (table/replicas.h).
//
// AWS takes no new ones any more since 2026 (measured: "DynamoDB global tables version 2017.11.29 is not
// supported"), while those that there are go on; here they are made as they were, by
// docs/decisions/0031.
// Source: "Global tables version 2017.11.29 (Legacy)", Developer Guide; CreateGlobalTable and the
// operations beside it, API Reference.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// The tables of a global table, by region.
using GlobalTable = std::map<std::string, Table>;

// Refuses with GlobalTableNotFoundException.
Result<GlobalTable> find_global_table(Service& service, const engine::ReadView& view,
                                      const Place& place, std::string_view name);
Error global_table_error(std::string_view code, std::string message);

}  // namespace cloche::dynamodb
