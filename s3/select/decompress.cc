#include "s3/select/input.h"

namespace cloche::s3::select {
namespace {

Error truncated() {
  return query_error("TruncatedInput",
                     "Object decompression failed. Check that the object is properly compressed "
                     "using the format specified in the request.");
}

// In AWS's words; and an object without a byte is no compressed one.
class Compressed final : public Decompressor {
 public:
  explicit Compressed(std::unique_ptr<Decompressor> inner) : inner_(std::move(inner)) {}

  Result<void> append(std::string_view bytes, const ByteSink& sink) override {
    begun_ = begun_ || !bytes.empty();
    return told(inner_->append(bytes, sink));
  }
  Result<void> finish() override { return begun_ ? told(inner_->finish()) : truncated(); }

 private:
  static Result<void> told(Result<void> outcome) {
    if (!outcome && outcome.error().code == kMalformedData) return truncated();
    return outcome;
  }

  const std::unique_ptr<Decompressor> inner_;
  bool begun_ = false;
};

}  // namespace

Result<std::unique_ptr<Decompressor>> make_decompressor(std::string_view type) {
  if (type.empty() || type == "NONE") return make_plain();
  if (type == "GZIP") return std::unique_ptr<Decompressor>(new Compressed(make_gunzip()));
  if (type == "BZIP2") return std::unique_ptr<Decompressor>(new Compressed(make_bunzip2()));
  return query_error("InvalidCompressionFormat",
                     "The file is not in a supported compression format. Only GZIP and BZIP2 are "
                     "supported.");
}

}  // namespace cloche::s3::select
