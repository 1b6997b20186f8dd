#include "s3/object_headers.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/metadata_words.h"
#include "s3/names.h"
#include "s3/tag_rules.h"

namespace cloche::s3 {
namespace {

// A system header, the member that the model calls it, and the one that overrides it in GetObject's
// answer.
struct SystemHeader {
  std::string_view header, member, override_member;
};
constexpr std::array<SystemHeader, 6> kSystemHeaders = {{
    {"content-type", "ContentType", "ResponseContentType"},
    {"cache-control", "CacheControl", "ResponseCacheControl"},
    {"content-disposition", "ContentDisposition", "ResponseContentDisposition"},
    {"content-encoding", "ContentEncoding", "ResponseContentEncoding"},
    {"content-language", "ContentLanguage", "ResponseContentLanguage"},
    {"x-amz-website-redirect-location", "WebsiteRedirectLocation", ""},
}};

constexpr std::string_view kDefaultContentType = "binary/octet-stream";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// aws-chunked is the framing of the request's body and no property of the object
// ("Content-Encoding" in PutObject's documentation).
std::string without_aws_chunked(std::string_view encodings) {
  if (!encodings.contains("aws-chunked")) return std::string(encodings);
  std::string kept;  // The others as they were written, blanks included.
  while (!encodings.empty()) {
    const auto comma = encodings.find(',');
    const std::string_view one = encodings.substr(0, comma);
    if (trimmed(one) != "aws-chunked") kept += (kept.empty() ? "" : ",") + std::string(one);
    encodings.remove_prefix(comma == std::string_view::npos ? encodings.size() : comma + 1);
  }
  return std::string(trimmed(kept));
}

// Forms are UTF-8 and headers Latin-1: a form's fields have no encoded words, and what no header can hold of
// theirs becomes a blank (recording of AWS, 2026-02).
bool is_form(const protocol::Call& call) {
  return call.operation() == "PutObject" && call.http().method() == "POST";
}

// The text of a system header as it is kept: UTF-8 whose characters Latin-1 has.
std::string kept_text(std::string_view value, bool form) {
  if (is_ascii(value)) return std::string(value);
  return utf8_from_latin1(form ? latin1_from_utf8(value, ' ').value_or("") : value);
}
// And as a header shows it. Rows of an earlier release may hold any text.
std::string_view shown_text(Arena& arena, std::string_view kept) {
  if (is_ascii(kept)) return kept;
  return arena.copy(latin1_from_utf8(kept).value_or(std::string(kept)));
}

Result<Pairs> read_metadata(const Value& metadata, bool form) {
  Pairs pairs;
  std::size_t size = 0;
  for (const Member& member : metadata.members()) {
    const std::string_view value = member.value.text();
    pairs.emplace_back(lower(member.name),
                       form && is_utf8(value) ? std::string(value) : decode_metadata(value));
    size += member.name.size() + member.value.text().size();
  }
  if (size > kUserMetadataBytesMax) return metadata_too_large(size);
  return pairs;
}

Result<std::string> read_tagging(std::string_view tagging) {
  if (tagging.empty()) return std::string();
  const auto tags = parse_tagging(tagging);
  const auto refused = [&] {
    return invalid_argument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
        "without tag name duplicates.",
        "x-amz-tagging", tagging);
  };
  if (!tags) return refused();
  for (std::size_t i = 0; i < tags->size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if ((*tags)[i].first == (*tags)[j].first) return refused();
    }
  }
  CLOCHE_TRY_VOID(check_object_tags(*tags));
  // A query string has no order; a tag set has, and keeps it.
  auto sorted = *tags;
  std::ranges::sort(sorted);
  return write_tagging(sorted);
}

}  // namespace

Result<std::string> read_storage_class(std::string_view storage_class) {
  if (storage_class.empty() || storage_class == "STANDARD") return std::string();
  for (const std::string_view known :
       {"REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
        "DEEP_ARCHIVE", "GLACIER_IR"}) {
    if (storage_class == known) return std::string(storage_class);
  }
  return invalid_storage_class(storage_class);
}

std::optional<Pairs> parse_tagging(std::string_view tagging) {
  Pairs tags;
  while (!tagging.empty()) {
    const auto end = tagging.find('&');
    const std::string_view one = tagging.substr(0, end);
    tagging.remove_prefix(end == std::string_view::npos ? tagging.size() : end + 1);
    if (one.empty()) continue;  // "key1&&&key2" (recording of AWS, 2025).
    const auto equals = one.find('=');
    std::string key(one.substr(0, equals));
    std::string value(equals == std::string_view::npos ? std::string_view()
                                                       : one.substr(equals + 1));
    if (key.empty() || key.contains(',') || value.contains(',')) return std::nullopt;
    std::replace(key.begin(), key.end(), '+', ' ');
    std::replace(value.begin(), value.end(), '+', ' ');
    tags.emplace_back(url_decoded(key), url_decoded(value));
  }
  return tags;
}

std::string write_tagging(const Pairs& tags) {
  std::string out;
  for (const auto& [key, value] : tags) {
    if (!out.empty()) out += '&';
    out += url_encoded(key) + '=' + url_encoded(value);
  }
  return out;
}

// What only directory buckets know.
static Result<void> refuse_not_built(const Value& input) {
  if (is_directory_name(input["Bucket"].text())) return {};  // It appends.
  constexpr std::pair<std::string_view, std::string_view> kNotBuilt[] = {
      {"WriteOffsetBytes", "x-amz-write-offset-bytes"},
  };
  for (const auto& [member, header] : kNotBuilt) {
    if (input[member]) return header_not_implemented(header, "");
  }
  return {};
}

// "Setting an object redirect using the Amazon S3 console" and beside it.
static Result<void> check_redirect(std::string_view location) {
  if (location.empty()) return {};
  for (const std::string_view prefix : {"/", "http://", "https://"}) {
    if (!location.starts_with(prefix)) continue;
    if (location.size() <= kRedirectBytesMax) return {};
    return invalid_redirect_location(
        "The length of website redirect location cannot exceed 2,048 characters.");
  }
  return invalid_redirect_location(
      "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.");
}

Result<ObjectHeaders> read_object_headers(const protocol::Call& call) {
  const Value& input = call.input();
  CLOCHE_TRY_VOID(refuse_not_built(input));
  CLOCHE_TRY_VOID(check_redirect(input["WebsiteRedirectLocation"].text()));
  ObjectHeaders headers;
  const bool form = is_form(call);
  for (const SystemHeader& known : kSystemHeaders) {
    std::string value = kept_text(input[known.member].text(), form);
    if (known.header == "content-encoding") value = without_aws_chunked(value);
    if (known.header == "content-type" && value.empty()) value = kDefaultContentType;
    if (!value.empty()) headers.system.emplace_back(known.header, std::move(value));
  }
  // Kept as text: the model calls it a timestamp, but S3 stores whatever was sent.
  if (const std::string_view expires = call.http().header("expires"); !expires.empty())
    headers.system.emplace_back("expires", kept_text(expires, form));
  CLOCHE_TRY(metadata, read_metadata(input["Metadata"], form));
  const std::string_view class_asked = input["StorageClass"].text();
  // A directory bucket has one, which store_newest writes.
  const bool express = is_directory_name(input["Bucket"].text());
  if (express && !class_asked.empty() && class_asked != kExpressClass)
    return invalid_storage_class(class_asked);
  CLOCHE_TRY(storage_class, read_storage_class(express ? std::string_view() : class_asked));
  CLOCHE_TRY(tagging, read_tagging(input["Tagging"].text()));
  headers.metadata = std::move(metadata);
  headers.storage_class = std::move(storage_class);
  headers.tagging = std::move(tagging);
  return headers;
}

Result<void> check_overrides(const protocol::Call& call) {
  for (const std::string_view name :
       {"response-content-type", "response-content-language", "response-expires",
        "response-cache-control", "response-content-disposition", "response-content-encoding"}) {
    const auto asked = call.http().query(name);
    if (asked && !latin1_from_utf8(*asked)) {
      return invalid_argument("Header value cannot be represented using ISO-8859-1.", name, *asked);
    }
  }
  return {};
}

void add_object_headers(Value& output, protocol::Call& call, const ObjectHeaders& headers) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  for (const SystemHeader& known : kSystemHeaders) {
    const auto stored = std::find_if(headers.system.begin(), headers.system.end(),
                                     [&](const auto& pair) { return pair.first == known.header; });
    const Value& asked = input[known.override_member];
    if (asked) {
      output.add(arena, known.member, Value::string(shown_text(arena, asked.text())));
    } else if (stored != headers.system.end()) {
      output.add(arena, known.member, Value::string(arena, shown_text(arena, stored->second)));
    }
  }
  const auto expires = std::find_if(headers.system.begin(), headers.system.end(),
                                    [](const auto& pair) { return pair.first == "expires"; });
  if (const auto asked = call.http().query("response-expires"); asked) {
    call.set_header("Expires", shown_text(arena, *asked));
  } else if (expires != headers.system.end()) {
    call.set_header("Expires", shown_text(arena, expires->second));
  }
  if (!headers.metadata.empty()) {
    Value metadata = Value::map();
    for (const auto& [name, value] : headers.metadata)
      metadata.add(arena, arena.copy(name), Value::string(arena, encode_metadata(value)));
    output.add(arena, "Metadata", metadata);
  }
  if (!headers.storage_class.empty())
    output.add(arena, "StorageClass", Value::string(arena, headers.storage_class));
  if (!headers.tagging.empty()) {
    const auto count = 1 + std::count(headers.tagging.begin(), headers.tagging.end(), '&');
    output.add(arena, "TagCount", Value::integer(count));
  }
}

}  // namespace cloche::s3
