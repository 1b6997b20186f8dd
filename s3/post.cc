// PostObject: an HTML form that puts an object. Its fields stand for the headers of PutObject, which
// does the rest; the file streams into it as it comes in.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html; texts and fields from
// recordings of AWS, 2025.
#include <algorithm>

#include "s3/errors.h"
#include "s3/form_reader.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/post_policy.h"

namespace cloche::s3 {
namespace {

using protocol::BodyEnd;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return out;
}

// The request as PutObject sees it: the form's fields are its headers.
class FormHttp final : public protocol::HttpRequest {
 public:
  FormHttp(const protocol::HttpRequest& posted, const Pairs& fields)
      : posted_(posted), fields_(fields) {}

  std::string_view method() const override { return posted_.method(); }
  std::string_view target() const override { return posted_.target(); }
  std::string_view host() const override { return posted_.host(); }
  std::string_view header(std::string_view name) const override {
    const std::string* value = find(name);
    if (value != nullptr) return *value;
    return is_of_transport(name) ? posted_.header(name) : std::string_view();
  }
  bool has_header(std::string_view name) const override {
    return find(name) != nullptr || (is_of_transport(name) && posted_.has_header(name));
  }
  std::optional<std::string_view> query(std::string_view) const override { return std::nullopt; }
  std::vector<std::pair<std::string_view, std::string_view>> headers() const override {
    return {fields_.begin(), fields_.end()};
  }
  bool https() const override { return posted_.https(); }
  std::string_view peer() const override { return posted_.peer(); }

 private:
  const std::string* find(std::string_view name) const {
    const auto found = std::ranges::find(fields_, lower(name), &Pairs::value_type::first);
    return found == fields_.end() ? nullptr : &found->second;
  }
  // What says something about the sender, and nothing about the object.
  static bool is_of_transport(std::string_view name) {
    const std::string key = lower(name);
    return key == "host" || key == "user-agent" || key == "referer" || key == "origin";
  }

  const protocol::HttpRequest& posted_;
  const Pairs& fields_;
};

// How the answer has to look.
struct Success {
  int status = 204;
  std::string redirect;  // Empty: none.
};

// A URL that the client's browser could be sent to; any other is as if there were none.
bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string percent_encoded(std::string_view text, bool keep_slash) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos ||
                       (keep_slash && c == '/');
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

// The PutObject that a form stands for.
class FormCall final : public protocol::Call {
 public:
  FormCall(CallPtr posted, std::shared_ptr<const Pairs> fields, protocol::Caller caller,
           Value input, Success success, protocol::BodySource& body)
      : posted_(std::move(posted)),
        fields_(std::move(fields)),
        http_(posted_->http(), *fields_),
        caller_(std::move(caller)),
        input_(input),
        success_(std::move(success)),
        body_(body) {}

  const protocol::Caller& caller() const override { return caller_; }
  std::string_view service() const override { return posted_->service(); }
  std::string_view operation() const override { return "PutObject"; }
  std::string_view request_id() const override { return posted_->request_id(); }
  std::string_view host_id() const override { return posted_->host_id(); }
  const protocol::HttpRequest& http() const override { return http_; }
  std::string base_url() const override { return posted_->base_url(); }
  const Value& input() const override { return input_; }
  Arena& arena() override { return posted_->arena(); }
  protocol::BodySource* body() override { return &body_; }
  void reply(const Value& output) override { reply(output, {}); }
  void reply(const Value& output, std::vector<protocol::BodySegment>) override {
    const std::string_view etag = output["ETag"].text();
    posted_->set_header("ETag", etag);
    for (const auto& [member, header] : kHeaders) {
      if (const Value& value = output[member]) posted_->set_header(header, value.text());
    }
    const std::string location = where();
    if (!success_.redirect.empty()) return redirect(etag);
    posted_->set_header("Location", location);
    posted_->set_status(success_.status);
    std::vector<protocol::BodySegment> body;
    if (success_.status == 201) {
      posted_->set_header("Content-Type", "application/xml");
      body.resize(1);
      body[0].bytes = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>" +
                      xml_escaped(location) + "</Location><Bucket>" + input_["Bucket"].str() +
                      "</Bucket><Key>" + xml_escaped(input_["Key"].text()) + "</Key><ETag>" +
                      xml_escaped(etag) + "</ETag></PostResponse>";
    }
    posted_->reply(Value::map(), std::move(body));
  }
  void fail(Error error) override { posted_->fail(std::move(error)); }
  void set_status(int) override {}
  void set_header(std::string_view name, std::string_view value) override {
    posted_->set_header(name, value);
  }

 private:
  static constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
      {"VersionId", "x-amz-version-id"},
      {"ServerSideEncryption", "x-amz-server-side-encryption"},
      {"SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"},
      {"Expiration", "x-amz-expiration"},
      {"ChecksumType", "x-amz-checksum-type"},
      {"ChecksumCRC64NVME", "x-amz-checksum-crc64nvme"},
      {"ChecksumCRC32", "x-amz-checksum-crc32"},
      {"ChecksumCRC32C", "x-amz-checksum-crc32c"},
      {"ChecksumSHA1", "x-amz-checksum-sha1"},
      {"ChecksumSHA256", "x-amz-checksum-sha256"},
      {"ChecksumSHA512", "x-amz-checksum-sha512"},
      {"ChecksumMD5", "x-amz-checksum-md5"},
      {"ChecksumXXHASH64", "x-amz-checksum-xxhash64"},
      {"ChecksumXXHASH3", "x-amz-checksum-xxhash3"},
      {"ChecksumXXHASH128", "x-amz-checksum-xxhash128"}};

  std::string where() const {
    const bool bucket_in_path =
        posted_->http().target().substr(0, posted_->http().target().find('?')).size() > 1;
    std::string out = posted_->base_url() + "/";
    if (bucket_in_path) out += input_["Bucket"].str() + "/";
    return out + percent_encoded(input_["Key"].text(), true);
  }
  void redirect(std::string_view etag) {
    std::string to = success_.redirect;
    to += to.find('?') == std::string::npos ? '?' : '&';
    to += "bucket=" + percent_encoded(input_["Bucket"].text(), false) +
          "&key=" + percent_encoded(input_["Key"].text(), false) +
          "&etag=" + percent_encoded(etag, false);
    posted_->set_header("Location", to);
    posted_->set_status(303);
    posted_->reply(Value::map(), std::vector<protocol::BodySegment>());
  }

  const CallPtr posted_;
  const std::shared_ptr<const Pairs> fields_;
  const FormHttp http_;
  const protocol::Caller caller_;
  const Value input_;
  const Success success_;
  protocol::BodySource& body_;
};

// One posted form on its way in. It lives as long as its body is read; PutObject takes the file from
// it as from any body.
class Form final : public protocol::BodySource, public std::enable_shared_from_this<Form> {
 public:
  Form(S3& s3, CallPtr call, std::string_view boundary, protocol::Handler put)
      : s3_(s3),
        call_(std::move(call)),
        put_(std::move(put)),
        reader_(boundary,
                {.field =
                     [this](std::string name, std::string value) {
                       return take_field(std::move(name), std::move(value));
                     },
                 .file = [this](std::optional<std::string> name) { return begin(std::move(name)); },
                 .bytes = [this](std::span<const std::byte> bytes) { return take_bytes(bytes); }}) {
  }

  void start() {
    call_->body()->read(
        [self = shared_from_this()](std::span<const std::byte> piece) {
          return self->reader_.feed(piece);
        },
        [self = shared_from_this()](Result<BodyEnd> end) { self->finish(std::move(end)); });
  }

  // BodySource, for PutObject.
  std::optional<std::uint64_t> length() const override { return std::nullopt; }
  std::string_view expected_sha256() const override { return {}; }
  void read(std::move_only_function<Result<void>(std::span<const std::byte>)> piece,
            std::move_only_function<void(Result<BodyEnd>)> end) override {
    piece_ = std::move(piece);
    end_ = std::move(end);
  }

 private:
  std::string* field(std::string_view name) {
    const auto found = std::ranges::find(*fields_, name, &Pairs::value_type::first);
    return found == fields_->end() ? nullptr : &found->second;
  }

  Result<void> take_field(std::string name, std::string value) {
    name = lower(name);
    if (std::string* there = field(name)) {
      *there += "," + value;  // As headers of one name.
    } else {
      fields_->emplace_back(std::move(name), std::move(value));
    }
    return {};
  }

  // All fields are known, and the file begins: PutObject can.
  Result<void> begin(std::optional<std::string> filename) {
    const std::string* key = field("key");
    if (key == nullptr) return missing_form_field("key");
    CLOCHE_TRY_VOID(put_in_filename(filename));
    CLOCHE_TRY(caller, sign_in());
    if (const std::string* policy = field("policy")) {
      // The bucket is the one that is posted to, whatever a field says.
      Pairs judged = *fields_;
      std::erase_if(judged, [](const auto& one) { return one.first == "bucket"; });
      judged.emplace_back("bucket", call_->input()["Bucket"].text());
      CLOCHE_TRY(range, check_post_policy(*policy, judged, s3_.store().clock().now()));
      range_ = range;
    }
    range_.max = std::min<std::uint64_t>(range_.max, kPutBytesMax);
    CLOCHE_TRY_VOID(read_tagging());
    Value labels = Value::map();
    Arena& arena = call_->arena();
    labels.add(arena, "Bucket", call_->input()["Bucket"]);
    labels.add(arena, "Key", Value::string(arena, *field("key")));
    CLOCHE_TRY(const input, call_->read_as("PutObject", labels, header_fields()));
    inner_ = std::make_shared<FormCall>(call_, fields_, std::move(caller), input, success(), *this);
    put_(inner_);
    return {};
  }

  // Without a name of the file the text stays (recording of AWS, 2025).
  Result<void> put_in_filename(const std::optional<std::string>& filename) {
    constexpr std::string_view variable = "${filename}";
    if (!filename) return {};
    for (auto& [name, value] : *fields_) {
      if (name == "policy" || name == "signature") continue;
      for (std::size_t at = 0; (at = value.find(variable, at)) != std::string::npos;) {
        value.replace(at, variable.size(), *filename);
        at += filename->size();
      }
    }
    return {};
  }

  // Which fields sign a form, and what is said about the one that is not there.
  Result<protocol::Caller> sign_in() {
    const auto text = [&](std::string_view name) {
      const std::string* found = field(name);
      return found == nullptr ? std::string_view() : std::string_view(*found);
    };
    const bool v4 = field("x-amz-signature") || field("x-amz-credential") ||
                    field("x-amz-algorithm") || field("x-amz-date");
    const bool v2 = field("awsaccesskeyid") || field("signature");
    if (!v4 && !v2) {
      if (field("policy") != nullptr) return access_denied();
      return protocol::Caller();
    }
    if (field("policy") == nullptr) return missing_form_field("policy");
    if (v4) {
      for (const auto& name :
           {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date"}) {
        if (field(lower(name)) == nullptr) return missing_form_field(name);
      }
    } else {
      for (const auto& name : {"AWSAccessKeyId", "Signature"}) {
        if (field(lower(name)) == nullptr) return missing_form_field(name);
      }
    }
    return call_->sign_in({.v4 = v4,
                           .credential = text(v4 ? "x-amz-credential" : "awsaccesskeyid"),
                           .signature = text(v4 ? "x-amz-signature" : "signature"),
                           .signed_text = text("policy")});
  }

  // The field holds XML, PutObject's header the form of a query.
  Result<void> read_tagging() {
    std::string* tagging = field("tagging");
    if (tagging == nullptr) return {};
    CLOCHE_TRY(const document, call_->read_shape("Tagging", *tagging));
    Pairs tags;
    for (const Value& tag : document["TagSet"].items())
      tags.emplace_back(tag["Key"].text(), tag["Value"].text());
    fields_->emplace_back("x-amz-tagging", write_tagging(tags));
    return {};
  }

  // The fields under the names of the headers that they stand for.
  std::vector<std::pair<std::string_view, std::string_view>> header_fields() const {
    std::vector<std::pair<std::string_view, std::string_view>> out;
    for (const auto& [name, value] : *fields_) {
      const std::string_view header = name == "acl" ? std::string_view("x-amz-acl") : name;
      // Lengths and digests are those of the form, not of the file.
      if (header == "content-length" || header == "content-md5" || header == "x-amz-date") continue;
      out.emplace_back(call_->arena().copy(header), call_->arena().copy(value));
    }
    return out;
  }

  Success success() {
    Success out;
    if (const std::string* status = field("success_action_status"))
      out.status = *status == "200" ? 200 : *status == "201" ? 201 : 204;
    for (const auto name : {"redirect", "success_action_redirect"}) {
      if (const std::string* url = field(name); url != nullptr && is_url(*url)) out.redirect = *url;
    }
    return out;
  }

  // What is too large is read on, to be told how large it is.
  Result<void> take_bytes(std::span<const std::byte> bytes) {
    size_ += bytes.size();
    if (!piece_ || size_ > range_.max) return {};
    auto taken = piece_(bytes);
    if (!taken) end_file(std::move(taken).error());
    return {};
  }

  void end_file(Result<BodyEnd> end) {
    piece_ = nullptr;
    if (auto told = std::exchange(end_, nullptr)) told(std::move(end));
  }

  Result<BodyEnd> outcome(Result<BodyEnd> end) const {
    if (!end) return end;
    if (!reader_.file_ended()) return malformed_post();
    if (size_ > range_.max) return entity_too_large(size_, range_.max);
    if (size_ < range_.min) return form_file_too_small(size_, range_.min);
    return BodyEnd{};
  }

  void finish(Result<BodyEnd> end) {
    if (!reader_.file_began()) {
      if (end) return call_->fail(missing_form_file());
      return call_->fail(std::move(end).error());
    }
    if (inner_ == nullptr) return call_->fail(end ? malformed_post() : std::move(end).error());
    end_file(outcome(std::move(end)));
    inner_.reset();
  }

  S3& s3_;
  const CallPtr call_;
  const protocol::Handler put_;
  FormReader reader_;
  std::shared_ptr<Pairs> fields_ = std::make_shared<Pairs>();
  LengthRange range_;
  std::uint64_t size_ = 0;
  CallPtr inner_;
  std::move_only_function<Result<void>(std::span<const std::byte>)> piece_;
  std::move_only_function<void(Result<BodyEnd>)> end_;
};

}  // namespace

protocol::Handler post_handler(S3& s3, protocol::Handler put) {
  return [&s3, put = std::move(put)](const CallPtr& call) {
    const auto boundary = form_boundary(call->http().header("Content-Type"));
    if (!boundary) {
      return call->fail(
          precondition_failed("Bucket POST must be of the enclosure-type multipart/form-data"));
    }
    std::make_shared<Form>(s3, call, *boundary, put)->start();
  };
}

}  // namespace cloche::s3
