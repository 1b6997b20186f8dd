// The records of an object: decompressed, split and taken apart as its bytes come.
// Source: "InputSerialization", "CSVInput", "JSONInput" in the S3 API Reference.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/compression.h"
#include "base/document.h"
#include "base/result.h"
#include "s3/select/evaluate.h"

namespace cloche::s3::select {

// "maxCharsPerRecord": AWS's bound of a record.
inline constexpr std::size_t kRecordBytesMax = std::size_t{1} << 20;
// Ours: of a JSON document, which has to be held whole.
inline constexpr std::size_t kDocumentBytesMax = std::size_t{64} << 20;

// "NONE", "GZIP", "BZIP2" or empty; refuses others.
Result<std::unique_ptr<Decompressor>> make_decompressor(std::string_view type);

// Takes decompressed bytes and hands records on; false from the sink ends it.
class RecordReader {
 public:
  using Sink = std::function<Result<bool>(const Record&)>;
  virtual ~RecordReader() = default;
  // False once the sink wants no more.
  virtual Result<bool> append(std::string_view bytes, const Sink& sink) = 0;
  virtual Result<void> finish(const Sink& sink) = 0;
};

// Of the bytes only records that begin within are taken.
struct ScanRange {
  std::uint64_t start = 0;
  std::uint64_t end = UINT64_MAX;
};
// Refuses with AWS's codes for settings that can't be.
Result<std::unique_ptr<RecordReader>> make_reader(const Value& input, const Query& query,
                                                  ScanRange range);

}  // namespace cloche::s3::select
