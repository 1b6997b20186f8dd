#include "dynamodb/transfer/csv.h"

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

Error malformed(std::string_view why) {
  Error error = validation("The CSV is malformed: " + std::string(why));
  error.code = "MalformedData";
  return error;
}

}  // namespace

Result<void> CsvReader::append(std::string_view bytes, const Sink& sink) {
  for (const char c : bytes) {
    if (++bytes_ > bytes_max_) return malformed("a line is too long");
    CLOCHE_TRY_VOID(take(c, sink));
  }
  return {};
}

Result<void> CsvReader::finish(const Sink& sink) {
  if (state_ == State::Quoted || state_ == State::Quote) return malformed("a quote is not closed");
  return end_record(sink);
}

Result<void> CsvReader::take(char c, const Sink& sink) {
  if (state_ == State::Return) return c == '\n' ? end_record(sink) : malformed("a stray CR");
  if (state_ == State::Quoted) {
    if (c == '"') {
      state_ = State::Closing;
    } else {
      field_ += c;
    }
    return {};
  }
  if (c == '"') {
    if (state_ == State::Begin) {
      quoted_ = true;
      state_ = State::Quoted;
      return {};
    }
    if (state_ == State::Plain) {
      state_ = State::Quote;
      return {};
    }
    // The second of two.
    field_ += c;
    state_ = state_ == State::Closing ? State::Quoted : State::Plain;
    return {};
  }
  if (state_ == State::Quote) return malformed("a quote in a field is not doubled");
  if (c == delimiter_) {
    end_field();
    return {};
  }
  if (c == '\r') {
    state_ = State::Return;
    return {};
  }
  if (c == '\n') return end_record(sink);
  if (state_ == State::Closing) return malformed("text after a closing quote");
  field_ += c;
  state_ = State::Plain;
  return {};
}

void CsvReader::end_field() {
  record_.push_back(std::move(field_));
  field_.clear();
  state_ = State::Begin;
}

Result<void> CsvReader::end_record(const Sink& sink) {
  const bool is_blank =
      record_.empty() && !quoted_ && field_.find_first_not_of(" \t") == std::string::npos;
  end_field();
  quoted_ = false;
  bytes_ = 0;
  Record record;
  record.swap(record_);
  return is_blank ? Result<void>() : sink(record);
}

}  // namespace cloche::dynamodb
