// Records of CSV as they come: RFC 4180, with the quotes of an unquoted field doubled too.
// Source: "Amazon S3 import formats for DynamoDB", Developer Guide.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche::dynamodb {

class CsvReader {
 public:
  using Record = std::vector<std::string>;
  using Sink = std::function<Result<void>(Record&)>;

  // `bytes_max` bounds a record.
  CsvReader(char delimiter, std::size_t bytes_max) : delimiter_(delimiter), bytes_max_(bytes_max) {}

  // Refuses with "MalformedData" what is no CSV. Lines without anything in them are no records.
  Result<void> append(std::string_view bytes, const Sink& sink);
  Result<void> finish(const Sink& sink);  // The last record may lack its line's end.

 private:
  enum class State : std::uint8_t {
    Begin,    // Of a field.
    Plain,    // In a field without quotes.
    Quote,    // In it, after a quote, which another has to follow.
    Quoted,   // In a field with quotes.
    Closing,  // In it, after a quote: its end, or the first of two.
    Return,   // After a CR, which a LF has to follow.
  };

  Result<void> take(char c, const Sink& sink);
  void end_field();
  Result<void> end_record(const Sink& sink);

  const char delimiter_;
  const std::size_t bytes_max_;
  State state_ = State::Begin;
  std::string field_;
  bool quoted_ = false;
  Record record_;
  std::size_t bytes_ = 0;
};

}  // namespace cloche::dynamodb
