// Runs a query on records, one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "s3/select/sql.h"

namespace cloche::s3::select {

// A record: fields of CSV with their names (empty where there is no header), or a JSON document.
struct Record {
  std::vector<std::string> fields;
  const std::vector<std::string>* names = nullptr;  // Of CSV with a header.
  Value json;                                       // Absent for CSV.
};

// What a query makes of a record: names and values in the order of its list.
using Row = std::vector<std::pair<std::string, SqlValue>>;

class Evaluator {
 public:
  Evaluator(const Query& query, Instant now);

  // The row of a record that the query takes; nothing if it doesn't, or if rows come at the end
  // (aggregates).
  Result<std::optional<Row>> take(const Record& record);
  // True once LIMIT is reached.
  bool done() const;
  // The one row of a query with aggregates; nothing for others.
  Result<std::optional<Row>> finish();

 private:
  struct Sum {
    std::int64_t count = 0;
    SqlValue value;  // The sum, or the extreme.
  };

  Result<SqlValue> value_of(const Expression& expression, const Record* record);
  Result<SqlValue> function(const Expression& expression, const Record* record);
  SqlValue path(const Expression& expression, const Record& record) const;
  Result<void> aggregate(const Expression& expression, const Record& record);
  Result<Row> row_of(const Record* record);

  const Query& query_;
  const Instant now_;
  std::vector<Sum> sums_;
  std::int64_t rows_ = 0;
};

}  // namespace cloche::s3::select
