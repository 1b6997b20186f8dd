// Rows as CSV or JSON. Source: "OutputSerialization" in the S3 API Reference.
#pragma once

#include <memory>
#include <string>

#include "base/document.h"
#include "base/result.h"
#include "s3/select/evaluate.h"

namespace cloche::s3::select {

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void append(std::string& out, const Row& row) const = 0;
};
Result<std::unique_ptr<RowWriter>> make_writer(const Value& output);

}  // namespace cloche::s3::select
