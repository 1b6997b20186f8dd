#include "s3/select/input.h"

#include "base/json.h"

namespace cloche::s3::select {
namespace {

Error too_long() {
  return query_error("OverMaxRecordSize",
                     "The character number in one record is more than our max threshold, "
                     "maxCharsPerRecord: 1,048,576.");
}

// One character of a setting, or what stands for none.
Result<char> character(const Value& value, char otherwise, std::string_view what) {
  if (!value || value.text().empty()) return otherwise;
  if (value.text().size() > 1)
    return query_error(
        "InvalidRequestParameter",
        "The value of a parameter in the SelectRequest element is not valid: " + std::string(what));
  return value.text()[0];
}

struct CsvFormat {
  std::string header = "NONE";
  std::string record = "\n";
  std::string field = ",";
  char quote = '"', escape = '"', comment = '\0';
  bool quoted_newlines = false;
};

class CsvReader final : public RecordReader {
 public:
  CsvReader(CsvFormat format, ScanRange range)
      : format_(std::move(format)), range_(range), wants_header_(format_.header != "NONE") {}

  Result<bool> append(std::string_view bytes, const Sink& sink) override {
    for (const char c : bytes) {
      text_ += c;
      if (c == format_.quote && format_.quoted_newlines) in_quotes_ = !in_quotes_;
      if (!in_quotes_ && text_.ends_with(format_.record)) {
        text_.resize(text_.size() - format_.record.size());
        const std::size_t size = text_.size() + format_.record.size();
        CLOCHE_TRY(const more, end_record(sink));
        begin_ += size;
        if (!more) return false;
      } else if (text_.size() > kRecordBytesMax) {
        return too_long();
      }
    }
    return true;
  }

  Result<void> finish(const Sink& sink) override {
    if (text_.empty()) return {};
    CLOCHE_TRY_VOID(end_record(sink));
    return {};
  }

 private:
  Result<bool> end_record(const Sink& sink) {
    std::string text = std::move(text_);
    text_.clear();
    // Files of the other system, when lines end as here by default.
    if (format_.record == "\n" && text.ends_with('\r')) text.pop_back();
    if (text.empty() || (format_.comment != '\0' && text[0] == format_.comment)) return true;
    if (wants_header_) {
      wants_header_ = false;
      if (format_.header == "USE") split(text, names_);
      return true;
    }
    if (begin_ < range_.start || begin_ > range_.end) return begin_ <= range_.end;
    Record record;
    split(text, record.fields);
    record.names = format_.header == "USE" ? &names_ : nullptr;
    return sink(record);
  }

  void split(std::string_view text, std::vector<std::string>& fields) const {
    fields.emplace_back();
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const bool next_is_quote = i + 1 < text.size() && text[i + 1] == format_.quote;
      if (quoted && c == format_.escape && next_is_quote) {
        fields.back() += format_.quote;
        ++i;
      } else if (c == format_.quote && (quoted || fields.back().empty())) {
        quoted = !quoted;
      } else if (!quoted && text.substr(i).starts_with(format_.field)) {
        i += format_.field.size() - 1;
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
  }

  const CsvFormat format_;
  const ScanRange range_;
  bool wants_header_;
  bool in_quotes_ = false;
  std::string text_;
  std::uint64_t begin_ = 0;  // Where the record that is gathered begins.
  std::vector<std::string> names_;
};

// The values below a path; lists on the way are gone through.
void expand(const Value& value, std::span<const Step> steps, std::vector<Value>& into) {
  if (value.is(Value::Kind::List)) {
    for (const Value& item : value.items()) expand(item, steps, into);
    return;
  }
  if (steps.empty()) return into.push_back(value);
  expand(value.find(steps.front().name), steps.subspan(1), into);
}

class JsonReader final : public RecordReader {
 public:
  JsonReader(bool lines, const Query& query, ScanRange range)
      : lines_(lines), query_(query), range_(range) {}

  Result<bool> append(std::string_view bytes, const Sink& sink) override {
    if (!lines_) {
      text_ += bytes;
      if (text_.size() > kDocumentBytesMax) return too_long();
      return true;
    }
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = bytes.find('\n', at);
      const bool ends = end != std::string_view::npos;
      text_ += bytes.substr(at, ends ? end - at : end);
      if (text_.size() > kRecordBytesMax) return too_long();
      if (!ends) break;
      at = end + 1;
      CLOCHE_TRY(const more, end_record(sink));
      if (!more) return false;
    }
    return true;
  }

  Result<void> finish(const Sink& sink) override {
    CLOCHE_TRY_VOID(end_record(sink));
    return {};
  }

 private:
  Result<bool> end_record(const Sink& sink) {
    const std::string text = std::move(text_);
    text_.clear();
    const std::uint64_t begin = begin_;
    begin_ += text.size() + 1;
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) return true;
    if (begin < range_.start || begin > range_.end) return begin <= range_.end;
    Arena arena;
    const auto parsed = parse_json(text, arena);
    if (!parsed)
      return query_error("JSONParsingError",
                         "Encountered an error parsing the JSON file. Check the file and try "
                         "again.");
    std::vector<Value> values;
    if (query_.from.empty()) {
      values.push_back(*parsed);
    } else {
      expand(*parsed, query_.from, values);
    }
    for (const Value& value : values) {
      Record record;
      record.json = value;
      if (!value) continue;
      CLOCHE_TRY(const more, sink(record));
      if (!more) return false;
    }
    return true;
  }

  const bool lines_;
  const Query& query_;
  const ScanRange range_;
  std::string text_;
  std::uint64_t begin_ = 0;
};

Result<std::unique_ptr<RecordReader>> make_csv(const Value& csv, ScanRange range) {
  CsvFormat format;
  if (const Value& header = csv["FileHeaderInfo"]) format.header = header.text();
  if (format.header != "NONE" && format.header != "USE" && format.header != "IGNORE")
    return query_error("InvalidFileHeaderInfo",
                       "The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.");
  if (const Value& record = csv["RecordDelimiter"]; record && !record.text().empty())
    format.record = record.text();
  if (const Value& field = csv["FieldDelimiter"]; field && !field.text().empty())
    format.field = field.text();
  if (format.record.size() > 2 || format.field.size() > 2)
    return query_error("InvalidRequestParameter",
                       "The value of a parameter in the SelectRequest element is not valid: a "
                       "delimiter is too long.");
  CLOCHE_TRY(quote, character(csv["QuoteCharacter"], '"', "QuoteCharacter"));
  CLOCHE_TRY(escape, character(csv["QuoteEscapeCharacter"], '"', "QuoteEscapeCharacter"));
  CLOCHE_TRY(comment, character(csv["Comments"], '\0', "Comments"));
  format.quote = quote;
  format.escape = escape;
  format.comment = comment;
  format.quoted_newlines = csv["AllowQuotedRecordDelimiter"].as_bool();
  return std::unique_ptr<RecordReader>(new CsvReader(std::move(format), range));
}

}  // namespace

Result<std::unique_ptr<RecordReader>> make_reader(const Value& input, const Query& query,
                                                  ScanRange range) {
  if (input["Parquet"])
    return query_error("UnsupportedParquetType",
                       "Cloche reads CSV and JSON: Parquet input is not implemented.");
  if (input["CSV"].present() == input["JSON"].present())
    return query_error("InvalidDataSource",
                       "Invalid data source type. Only CSV, JSON, and Parquet are supported.");
  if (const Value& csv = input["CSV"]) return make_csv(csv, range);
  const std::string_view type = input["JSON"]["Type"].text();
  if (type != "LINES" && type != "DOCUMENT")
    return query_error("InvalidJsonType",
                       "The JsonType is invalid. Only DOCUMENT and LINES are supported.");
  return std::unique_ptr<RecordReader>(new JsonReader(type == "LINES", query, range));
}

}  // namespace cloche::s3::select
