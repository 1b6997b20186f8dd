#include "transfer/s3/object.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/text.h"
#include "protocol/http/uri.h"
#include "protocol/xml/xml.h"
#include "transfer/s3/checksum.h"

namespace cloche::transfer {
namespace {

// What PutObject takes and GetObject gives back.
constexpr std::string_view kCarried[] = {"cache-control",
                                         "content-disposition",
                                         "content-encoding",
                                         "content-language",
                                         "content-type",
                                         "expires",
                                         "x-amz-storage-class",
                                         "x-amz-website-redirect-location",
                                         "x-amz-object-lock-mode",
                                         "x-amz-object-lock-retain-until-date",
                                         "x-amz-object-lock-legal-hold"};
constexpr std::string_view kAlgorithms[] = {"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"};

int number_in(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// A streamed body in one request; the checksum goes behind it where it is not known yet.
Result<HttpAnswer> stream(Client& client, Unsigned wish, const ObjectPlace& place,
                          std::string_view algorithm, Body body) {
  if (algorithm.empty()) {
    wish.payload_hash = "UNSIGNED-PAYLOAD";
    return client.send_s3(std::move(wish), body.length, body.source, place.region);
  }
  Trailing trailing = with_trailer(algorithm, body.length, std::move(body.source));
  std::erase_if(wish.headers, [&](auto& header) {
    // An object's own encoding stays beside the one of this request.
    if (ascii_lowered(header.first) != "content-encoding") return false;
    trailing.headers.front().second += "," + header.second;
    return true;
  });
  wish.headers.insert(wish.headers.end(), trailing.headers.begin(), trailing.headers.end());
  wish.payload_hash = kUnsignedTrailer;
  return client.send_s3(std::move(wish), trailing.length, trailing.source, place.region);
}

Error other_size(const ObjectPlace& place, std::uint64_t got, std::uint64_t wanted) {
  return refused(400, "OtherSize",
                 "the body of " + place.key + " has " + std::to_string(got) +
                     " bytes where its head tells of " + std::to_string(wanted));
}

Result<std::string> read_all(const Body& body) {
  std::string bytes(static_cast<std::size_t>(body.length), '\0');
  for (std::size_t have = 0; have < bytes.size();) {
    CLOCHE_TRY(const got, body.source(std::as_writable_bytes(std::span(bytes).subspan(have))));
    if (got == 0) return unavailable("a body ended early");
    have += got;
  }
  return bytes;
}

Result<HttpAnswer> put_once(Client& client, const Unsigned& head, const ObjectPlace& place,
                            std::string_view algorithm, Body body) {
  if (body.length > kWholeBodyMax) return stream(client, head, place, algorithm, std::move(body));
  CLOCHE_TRY(const bytes, read_all(body));
  Unsigned wish = head;
  if (!algorithm.empty()) {
    Checksum checksum(algorithm);
    checksum.update(as_bytes(bytes));
    wish.headers.emplace_back(checksum_header(algorithm), checksum.base64());
  }
  return client.ask_s3(std::move(wish), bytes, place.region);
}

Result<std::string> put_whole(Client& client, const ObjectPlace& place, const Upload& what,
                              const OpenBody& open) {
  Unsigned wish = object_request("PUT", place, {});
  wish.headers = what.headers;
  std::string_view algorithm = what.checksum_algorithm;
  if (!what.checksum.empty()) {
    wish.headers.emplace_back(checksum_header(algorithm), what.checksum);
    algorithm = {};
  }
  std::string etag;
  CLOCHE_TRY_VOID(with_patience(client, [&]() -> Result<void> {
    CLOCHE_TRY(body, open(0));
    if (body.length != what.size) return other_size(place, body.length, what.size);
    CLOCHE_TRY(const answer, put_once(client, wish, place, algorithm, std::move(body)));
    etag = answer.header("etag");
    return {};
  }));
  return etag;
}

Result<std::string> begin_upload(Client& client, const ObjectPlace& place, const Upload& what) {
  Unsigned wish = object_request("POST", place, {});
  wish.query.emplace_back("uploads", "");
  wish.headers = what.headers;
  if (!what.checksum_algorithm.empty()) {
    wish.headers.emplace_back("x-amz-checksum-algorithm", what.checksum_algorithm);
    wish.headers.emplace_back("x-amz-checksum-type",
                              what.checksum_of_parts ? "COMPOSITE" : "FULL_OBJECT");
  }
  CLOCHE_TRY(const answer, client.ask_s3(std::move(wish), {}, place.region));
  Arena arena;
  CLOCHE_TRY(const root, protocol::xml::parse(answer.body, arena));
  const protocol::xml::Node* id = root->child("UploadId");
  if (id == nullptr) return unavailable("an upload was begun without an UploadId");
  return std::string(id->text);
}

Result<std::string> put_parts(Client& client, const ObjectPlace& place, const Upload& what,
                              const OpenBody& open, const std::string& upload_id) {
  std::string list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  std::uint64_t total = 0;
  for (int part = 1; part <= what.parts; ++part) {
    std::uint64_t length = 0;
    Unsigned wish = object_request("PUT", place, {});
    wish.query.emplace_back("partNumber", std::to_string(part));
    wish.query.emplace_back("uploadId", upload_id);
    HttpAnswer answer;
    CLOCHE_TRY_VOID(with_patience(client, [&]() -> Result<void> {
      CLOCHE_TRY(body, open(part));
      length = body.length;
      CLOCHE_TRY(got, put_once(client, wish, place, what.checksum_algorithm, std::move(body)));
      answer = std::move(got);
      return {};
    }));
    total += length;
    list += "<Part><PartNumber>" + std::to_string(part) + "</PartNumber><ETag>";
    protocol::xml::append_text(list, answer.header("etag"));
    list += "</ETag>";
    if (!what.checksum_algorithm.empty()) {
      const std::string name = "Checksum" + what.checksum_algorithm;
      protocol::xml::open(list, name);
      list += answer.header(checksum_header(what.checksum_algorithm));
      protocol::xml::close(list, name);
    }
    list += "</Part>";
  }
  if (total != what.size) return other_size(place, total, what.size);
  list += "</CompleteMultipartUpload>";
  Unsigned wish = object_request("POST", place, {});
  wish.query.emplace_back("uploadId", upload_id);
  CLOCHE_TRY(const answer, client.ask_s3(std::move(wish), list, place.region));
  Arena arena;
  CLOCHE_TRY(const root, protocol::xml::parse(answer.body, arena));
  if (root->name == "Error") {
    // S3 may answer 200 before it knows (CompleteMultipartUpload in the S3 API Reference).
    HttpAnswer told = answer;
    told.status = 500;
    return error_of(told);
  }
  const protocol::xml::Node* etag = root->child("ETag");
  return etag == nullptr ? std::string() : std::string(etag->text);
}

}  // namespace

int parts_of_etag(std::string_view etag) {
  const auto dash = etag.rfind('-');
  return dash == std::string_view::npos ? 0 : number_in(etag.substr(dash + 1));
}

ObjectHead head_of(const HttpAnswer& answer) {
  ObjectHead head;
  head.size = answer.content_length().value_or(0);
  head.etag = answer.header("etag");
  for (const auto& [name, value] : answer.headers) {
    const std::string low = ascii_lowered(name);
    if (low.starts_with("x-amz-meta-") || std::ranges::find(kCarried, low) != std::end(kCarried)) {
      if (low == "content-encoding" && value.empty()) continue;
      head.carried.emplace_back(low, value);
    }
  }
  for (const std::string_view algorithm : kAlgorithms) {
    const std::string_view value = answer.header(checksum_header(algorithm));
    if (value.empty()) continue;
    head.checksum_algorithm = algorithm;
    head.checksum = value;
    head.checksum_of_parts = answer.header("x-amz-checksum-type") == "COMPOSITE" ||
                             value.find('-') != std::string_view::npos;
  }
  const std::string_view encryption = answer.header("x-amz-server-side-encryption");
  if (encryption != "AES256") head.encryption = encryption;
  head.encryption_key = answer.header("x-amz-server-side-encryption-aws-kms-key-id");
  head.has_tags = number_in(answer.header("x-amz-tagging-count")) > 0;
  head.parts = number_in(answer.header("x-amz-mp-parts-count"));
  return head;
}

Unsigned object_request(std::string_view method, const ObjectPlace& place,
                        std::string_view version_id) {
  Unsigned wish{.method = std::string(method),
                .path = "/" + place.bucket + "/" + place.key,
                .query{},
                .headers{},
                .payload_hash{}};
  if (!version_id.empty()) wish.query.emplace_back("versionId", std::string(version_id));
  return wish;
}

Result<Tags> read_tags(Client& client, const ObjectPlace& place, std::string_view version_id) {
  Unsigned wish = object_request("GET", place, version_id);
  wish.query.emplace_back("tagging", "");
  CLOCHE_TRY(const answer, client.ask_s3(std::move(wish), {}, place.region));
  Arena arena;
  CLOCHE_TRY(const root, protocol::xml::parse(answer.body, arena));
  Tags tags;
  const protocol::xml::Node* set = root->child("TagSet");
  if (set == nullptr) return tags;
  for (const auto* tag = set->first; tag != nullptr; tag = tag->next) {
    const auto* key = tag->child("Key");
    const auto* value = tag->child("Value");
    if (key != nullptr)
      tags.emplace_back(std::string(key->text), value == nullptr ? "" : std::string(value->text));
  }
  return tags;
}

std::string tags_header(const Tags& tags) {
  std::string out;
  for (const auto& [key, value] : tags) {
    if (!out.empty()) out += '&';
    protocol::append_encoded(out, key);
    out += '=';
    protocol::append_encoded(out, value);
  }
  return out;
}

Result<std::string> upload(Client& client, const ObjectPlace& place, const Upload& what,
                           const OpenBody& open) {
  if (what.parts == 0) return put_whole(client, place, what, open);
  CLOCHE_TRY(const id, begin_upload(client, place, what));
  auto done = put_parts(client, place, what, open, id);
  if (!done) {
    Unsigned abort = object_request("DELETE", place, {});
    abort.query.emplace_back("uploadId", id);
    // Best effort: the first failure is the one to tell.
    (void)client.ask_s3(std::move(abort), {}, place.region).has_value();
  }
  return done;
}

Result<void> put_delete_marker(Client& client, const ObjectPlace& place) {
  CLOCHE_TRY_VOID(client.ask_s3(object_request("DELETE", place, {}), {}, place.region));
  return {};
}

}  // namespace cloche::transfer
