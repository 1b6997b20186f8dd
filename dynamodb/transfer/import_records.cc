#include "dynamodb/transfer/import_records.h"

#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/transfer/csv.h"

namespace cloche::dynamodb {
namespace {

constexpr std::string_view kMalformed = "MalformedData";

Error malformed(std::string message) {
  Error error = validation(std::move(message));
  error.code = kMalformed;
  return error;
}

// What stands in the place of an item's values may be none at all.
Result<CheckedValue> checked_item(const Value& item, Arena& arena) {
  auto checked = check_item(item, arena);
  if (!checked && checked.error().code == "SerializationException")
    return malformed(checked.error().message);
  return checked;
}

// A line for each item: {"Item": {...}}.
class JsonLines final : public RecordReader {
 public:
  Result<void> append(std::string_view bytes, const Sink& sink) override {
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n')) {
      line_ += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      CLOCHE_TRY_VOID(end_line(sink));
    }
    line_ += bytes;
    return line_.size() > kImportRecordBytesMax ? malformed("A line is too long") : Result<void>();
  }
  Result<void> finish(const Sink& sink) override { return end_line(sink); }

 private:
  Result<void> end_line(const Sink& sink) {
    std::string line;
    line.swap(line_);
    if (line.find_first_not_of(" \t\r") == std::string::npos) return {};
    return sink([&](Arena& arena) -> Result<CheckedValue> {
      // The item outlives the line.
      const auto parsed = parse_json(arena.copy(line), arena);
      if (!parsed || !parsed->is(Value::Kind::Map) || !(*parsed)["Item"].is(Value::Kind::Map))
        return malformed("A line is no item in DynamoDB JSON");
      return checked_item((*parsed)["Item"], arena);
    });
  }

  std::string line_;
};

// A line for each item, under the names in the first one or those given. Keys have the types that the
// table gives them; all else is text.
class CsvLines final : public RecordReader {
 public:
  CsvLines(const Import& import, const Table& table) : CsvLines(options_of(import), table) {}

  Result<void> append(std::string_view bytes, const Sink& sink) override {
    return csv_.append(bytes, [&](CsvReader::Record& record) { return take(record, sink); });
  }
  Result<void> finish(const Sink& sink) override {
    return csv_.finish([&](CsvReader::Record& record) { return take(record, sink); });
  }

 private:
  struct Options {
    char delimiter = ',';
    std::vector<std::string> names;
  };
  CsvLines(Options options, const Table& table)
      : table_(table),
        csv_(options.delimiter, kImportRecordBytesMax),
        names_(std::move(options.names)) {}

  static Options options_of(const Import& import) {
    Arena arena;
    Options options;
    const auto given = parse_json(import.options, arena);
    if (!given) return options;  // There are none.
    const Value& csv = (*given)["Csv"];
    if (!csv["Delimiter"].text().empty()) options.delimiter = csv["Delimiter"].text()[0];
    for (const Value& name : csv["HeaderList"].items()) options.names.push_back(name.str());
    return options;
  }

  Result<void> take(CsvReader::Record& record, const Sink& sink) {
    if (names_.empty()) {
      names_ = std::move(record);
      constexpr std::string_view kMark = "\xEF\xBB\xBF";
      if (names_[0].starts_with(kMark)) names_[0].erase(0, kMark.size());
      return {};
    }
    return sink([&](Arena& arena) -> Result<CheckedValue> {
      if (record.size() != names_.size())
        return malformed("A line has another number of columns than the header");
      Value item = Value::map();
      for (std::size_t i = 0; i < names_.size(); ++i) {
        const auto key =
            std::ranges::find(table_.attributes, names_[i], &std::pair<std::string, Type>::first);
        const Type type = key == table_.attributes.end() ? Type::S : key->second;
        item.set(arena, arena.copy(names_[i]),
                 make_attribute(arena, type, Value::string(arena, record[i])));
      }
      return checked_item(item, arena);
    });
  }

  const Table& table_;
  CsvReader csv_;
  std::vector<std::string> names_;
};

}  // namespace

bool is_malformed(const Error& error) {
  return error.kind == Error::Kind::Refused && error.code == kMalformed;
}

std::unique_ptr<RecordReader> make_record_reader(const Import& import, const Table& table) {
  if (import.format == ImportFormat::Csv) return std::make_unique<CsvLines>(import, table);
  return std::make_unique<JsonLines>();
}

}  // namespace cloche::dynamodb
