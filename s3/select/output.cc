#include "s3/select/output.h"

#include "base/json.h"

namespace cloche::s3::select {
namespace {

std::string text_or(const Value& value, std::string_view otherwise) {
  return value && !value.text().empty() ? value.str() : std::string(otherwise);
}

class CsvWriter final : public RowWriter {
 public:
  explicit CsvWriter(const Value& csv)
      : field_(text_or(csv["FieldDelimiter"], ",")),
        record_(text_or(csv["RecordDelimiter"], "\n")),
        quote_(text_or(csv["QuoteCharacter"], "\"")),
        escape_(text_or(csv["QuoteEscapeCharacter"], "\"")),
        always_(csv["QuoteFields"].text() == "ALWAYS") {}

  void append(std::string& out, const Row& row) const override {
    bool first = true;
    for (const auto& [name, value] : row) {
      if (!first) out += field_;
      first = false;
      append_field(out, value.to_text());
    }
    out += record_;
  }

 private:
  void append_field(std::string& out, const std::string& text) const {
    const bool needed = text.contains(field_) || text.contains(record_) || text.contains(quote_);
    if (!always_ && !needed) {
      out += text;
      return;
    }
    out += quote_;
    for (const char c : text) {
      if (c == quote_[0]) out += escape_;
      out += c;
    }
    out += quote_;
  }

  const std::string field_, record_, quote_, escape_;
  const bool always_;
};

class JsonWriter final : public RowWriter {
 public:
  explicit JsonWriter(const Value& json) : record_(text_or(json["RecordDelimiter"], "\n")) {}

  void append(std::string& out, const Row& row) const override {
    char separator = '{';
    for (const auto& [name, value] : row) {
      if (value.kind == SqlValue::Kind::Missing) continue;
      out += separator;
      separator = ',';
      append_json_string(out, name);
      out += ':';
      value.append_json(out);
    }
    out += separator == '{' ? "{}" : "}";
    out += record_;
  }

 private:
  const std::string record_;
};

}  // namespace

Result<std::unique_ptr<RowWriter>> make_writer(const Value& output) {
  if (output["CSV"].present() == output["JSON"].present())
    return query_error("InvalidRequestParameter",
                       "The value of a parameter in the SelectRequest element is not valid: one of "
                       "CSV and JSON has to be the output.");
  const Value& csv = output["CSV"];
  if (!csv) return std::unique_ptr<RowWriter>(new JsonWriter(output["JSON"]));
  const Value& quotes = csv["QuoteFields"];
  if (quotes && quotes.text() != "ALWAYS" && quotes.text() != "ASNEEDED")
    return query_error("InvalidQuoteFields",
                       "The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.");
  return std::unique_ptr<RowWriter>(new CsvWriter(csv));
}

}  // namespace cloche::s3::select
