#include "engine/blob/blob_row.h"

#include "engine/key.h"
#include "engine/store/varint.h"

namespace cloche::engine {
namespace {

constexpr std::uint64_t kInline = 0;
constexpr std::uint64_t kFile = 1;

}  // namespace

std::string BlobRow::encode() const {
  std::string value;
  value.reserve(bytes.size() + 24);
  append_varint(value, references);
  append_varint(value, size);
  append_varint(value, in_file ? kFile : kInline);
  append_varint(value, garbage_since.value());
  value.append(bytes);
  return value;
}

Result<BlobRow> BlobRow::decode(std::string_view value) {
  ByteReader reader(value);
  BlobRow row;
  row.references = reader.varint();
  row.size = reader.varint();
  const std::uint64_t place = reader.varint();
  row.garbage_since = Lsn(reader.varint());
  row.in_file = place == kFile;
  row.bytes = reader.rest();
  const bool right_size = row.bytes.size() == (row.in_file ? 0 : row.size);
  if (reader.failed() || place > kFile || !right_size)
    return damaged("a blob's row can't be taken apart");
  return row;
}

std::string blob_key(const Sha256& digest) { return KeyWriter().blob(as_text(digest)).take(); }

std::string garbage_key(Lsn since, const Sha256& digest) {
  return KeyWriter().integer(static_cast<std::int64_t>(since.value())).blob(as_text(digest)).take();
}

}  // namespace cloche::engine
