#include "engine/seal/container.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/check.h"
#include "base/json.h"

namespace cloche::engine {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kMagicBegin = "cloche sealed file 1\nsha256 ";
// zstd adds a little where nothing gets smaller.
constexpr std::uint64_t kStateChunkStoredMax = kStateChunk + kStateChunk / 128 + 1024;
// Nobody has so much; and sums of such numbers do not overflow.
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 50;
constexpr std::uint64_t kBlobsMax = kTarMemberMax / kBlobLine;  // Their list is a member.

void put(std::string& header, std::size_t at, std::string_view text) {
  header.replace(at, text.size(), text);
}

std::string octal(std::uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
  return text;
}

Value number(std::uint64_t value) { return Value::integer(static_cast<std::int64_t>(value)); }

// Numbers and digests of a manifest from outside; the first that is none is told.
class Reader {
 public:
  std::uint64_t number(const Value& from, std::string_view name, std::uint64_t max) {
    const auto value = from[name].as_integer();
    if (from[name].is(Value::Kind::Number) && value && *value >= 0 &&
        static_cast<std::uint64_t>(*value) <= max)
      return static_cast<std::uint64_t>(*value);
    fail(name);
    return 0;
  }
  Sha256 digest(const Value& from, std::string_view name) {
    Sha256 digest{};
    if (!from_hex(from[name].text(), digest)) fail(name);
    return digest;
  }
  std::span<const Value> list(const Value& from, std::string_view name) {
    if (!from[name].is(Value::Kind::List)) fail(name);
    return from[name].items();
  }
  void fail(std::string_view name) {
    if (wrong_.empty()) wrong_ = name;
  }
  Result<void> status() const {
    if (wrong_.empty()) return {};
    return damaged("the manifest of the sealed file has no proper \"" + wrong_ + "\"");
  }

 private:
  std::string wrong_;
};

}  // namespace

std::string tar_header(std::string_view name, std::uint64_t size) {
  CLOCHE_CHECK(name.size() <= 100 && size <= kTarMemberMax);
  std::string header(kTarBlock, '\0');
  put(header, 0, name);
  put(header, 100, octal(0644, 7));
  put(header, 108, octal(0, 7));
  put(header, 116, octal(0, 7));
  put(header, 124, octal(size, 11));
  put(header, 136, octal(0, 11));
  put(header, 148, "        ");
  header[156] = '0';
  put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, octal(sum, 6) + '\0');
  return header;
}

std::string magic_text(const Sha256& manifest) {
  return std::string(kMagicBegin) + to_hex(manifest) + "\n";
}

Result<Sha256> parse_magic(std::string_view text) {
  Sha256 digest{};
  if (text.starts_with(kMagicBegin) && text.ends_with('\n')) {
    const std::string_view hex =
        text.substr(kMagicBegin.size(), text.size() - kMagicBegin.size() - 1);
    if (from_hex(hex, digest) && magic_text(digest) == text) return digest;
  }
  if (text.starts_with("cloche sealed file "))
    return damaged("the file was sealed by a newer release of Cloche: open it with that one");
  return damaged("this is no sealed file of Cloche");
}

std::string Manifest::encode() const {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "format", Value::integer(kFormat));
  out.add(arena, "schema", Value::integer(schema));
  if (!only.empty()) {
    Value& parts = out.add(arena, "only", Value::list());
    for (const std::string& part : only) parts.push(arena, Value::string(part));
  }
  Value& all = out.add(arena, "tables", Value::list());
  for (const SealedTable& table : tables) {
    Value& told = all.push(arena, Value::map());
    told.add(arena, "name", Value::string(table.name));
    told.add(arena, "rows", number(table.rows));
    told.add(arena, "sha256", Value::string(arena, to_hex(table.digest)));
  }
  Value state = Value::map();
  state.add(arena, "bytes", number(state_bytes));
  Value pieces = Value::list();
  for (const SealedChunk& chunk : chunks) {
    Value& told = pieces.push(arena, Value::map());
    told.add(arena, "stored", number(chunk.stored));
    told.add(arena, "sha256", Value::string(arena, to_hex(chunk.digest)));
  }
  state.add(arena, "chunks", pieces);
  out.add(arena, "state", state);
  Value blobs_told = Value::map();
  blobs_told.add(arena, "count", number(blobs));
  blobs_told.add(arena, "bytes", number(blob_bytes));
  blobs_told.add(arena, "sha256", Value::string(arena, to_hex(blob_list)));
  out.add(arena, "blobs", blobs_told);
  std::string json;
  append_json(json, out);
  return json + "\n";
}

Result<Manifest> Manifest::parse(std::string_view json) {
  Arena arena;
  const auto parsed = parse_json(json, arena);
  if (!parsed) return damaged("the manifest of the sealed file is no JSON");
  Reader in;
  if (in.number(*parsed, "format", INT64_MAX) > kFormat)
    return damaged("the file was sealed by a newer release of Cloche: open it with that one");
  Manifest manifest;
  manifest.schema = static_cast<std::uint32_t>(in.number(*parsed, "schema", UINT32_MAX));
  for (const Value& part : (*parsed)["only"].items()) manifest.only.push_back(part.str());
  for (const Value& told : in.list(*parsed, "tables")) {
    manifest.tables.push_back({.name = told["name"].str(),
                               .rows = in.number(told, "rows", kBytesMax),
                               .digest = in.digest(told, "sha256")});
  }
  const Value& state = (*parsed)["state"];
  manifest.state_bytes = in.number(state, "bytes", kBytesMax);
  for (const Value& told : in.list(state, "chunks")) {
    manifest.chunks.push_back({.stored = in.number(told, "stored", kStateChunkStoredMax),
                               .digest = in.digest(told, "sha256")});
  }
  const Value& blobs = (*parsed)["blobs"];
  manifest.blobs = in.number(blobs, "count", kBlobsMax);
  manifest.blob_bytes = in.number(blobs, "bytes", kBytesMax);
  manifest.blob_list = in.digest(blobs, "sha256");
  if (manifest.chunks.size() != (manifest.state_bytes + kStateChunk - 1) / kStateChunk)
    in.fail("chunks");
  CLOCHE_TRY_VOID(in.status());
  return manifest;
}

std::string Manifest::chunk_name(std::size_t index) const {
  char name[40];
  std::snprintf(name, sizeof name, "state.db/%07zu.zst", index);
  return name;
}

std::uint64_t Manifest::chunk_bytes(std::size_t index) const {
  return std::min(kStateChunk, state_bytes - index * kStateChunk);
}

std::string SealedBlob::name() const {
  const std::string hex = to_hex(blob.digest);
  return "blobs/" + hex.substr(0, 2) + "/" + hex + (is_raw() ? "" : ".zst");
}

std::string blob_line(const SealedBlob& blob) {
  char text[40];
  std::snprintf(text, sizeof text, " %013llu %013llu\n",
                static_cast<unsigned long long>(blob.blob.size),
                static_cast<unsigned long long>(blob.stored));
  return to_hex(blob.blob.digest) + text;
}

Result<SealedBlob> parse_blob_line(std::string_view line) {
  SealedBlob blob;
  const auto read = [&](std::size_t at, std::uint64_t& into) {
    const char* const begin = line.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + 13, into);
    return line[at - 1] == ' ' && error == std::errc() && end == begin + 13;
  };
  if (line.size() != kBlobLine || !from_hex(line.substr(0, 64), blob.blob.digest) ||
      !read(65, blob.blob.size) || !read(79, blob.stored) || line.back() != '\n' ||
      blob.blob.size == 0 || blob.stored == 0 || blob.stored > blob.blob.size ||
      blob.stored > kTarMemberMax || blob_line(blob) != line)
    return damaged("a line of the list of blobs can't be taken apart");
  return blob;
}

}  // namespace cloche::engine
