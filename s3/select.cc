// SelectObjectContent. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html and
// RESTSelectObjectAppendix; the SQL is in select/.
//
// Runs on S3's worker, a piece of the body at a time: the next one when what came of the last has been sent.
#include "base/time_text.h"
#include "s3/customer_key.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/restore.h"
#include "s3/select/input.h"
#include "s3/select/output.h"
#include "s3/stored_body.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

using select::query_error;

constexpr std::size_t kExpressionBytesMax = std::size_t{256} << 10;  // AWS's bound.
constexpr std::size_t kFrameBytes = std::size_t{64} << 10;           // Of a Records message.
constexpr std::size_t kRowBytesMax = std::size_t{1} << 20;  // AWS's: "in the input or result".
constexpr std::size_t kSentAtOnce = std::size_t{256} << 10;
// After so long without a row the client is told that there is somebody.
constexpr std::chrono::seconds kSilenceMax{1};

struct Selection {
  select::Query query;
  std::unique_ptr<Decompressor> decompressor;
  std::unique_ptr<select::RecordReader> reader;
  std::unique_ptr<select::RowWriter> writer;
  ObjectRecord object;
  std::optional<CustomerKey> key;
  std::shared_ptr<engine::ReadView> view;
  bool progress = false;

  std::optional<select::Evaluator> evaluator;
  std::string read;         // Of the object, not all taken yet.
  std::size_t read_at = 0;  // What has been taken of it.
  std::uint64_t place = 0;  // In the object, behind what has been read.

  std::string frames, rows;  // To be sent.
  std::uint64_t scanned = 0, processed = 0, returned = 0;
  bool enough = false;  // LIMIT is reached.
  bool ended = false;   // All frames are made.
};

void append_frame(Selection& selection, std::string_view event, std::string_view content_type,
                  std::string_view payload) {
  std::vector<std::pair<std::string_view, std::string_view>> headers = {{":message-type", "event"},
                                                                        {":event-type", event}};
  if (!content_type.empty()) headers.emplace_back(":content-type", content_type);
  selection.frames += protocol::event_message(headers, payload);
}

void append_counts(Selection& selection, std::string_view event) {
  const std::string name(event);
  append_frame(selection, event, "text/xml",
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?><" + name + "><BytesScanned>" +
                   std::to_string(selection.scanned) + "</BytesScanned><BytesProcessed>" +
                   std::to_string(selection.processed) + "</BytesProcessed><BytesReturned>" +
                   std::to_string(selection.returned) + "</BytesReturned></" + name + ">");
}

void flush_rows(Selection& selection) {
  if (selection.rows.empty()) return;
  selection.returned += selection.rows.size();
  append_frame(selection, "Records", "application/octet-stream", selection.rows);
  selection.rows.clear();
}

Result<void> take_row(Selection& selection, const select::Row& row) {
  const std::size_t before = selection.rows.size();
  selection.writer->append(selection.rows, row);
  if (selection.rows.size() - before > kRowBytesMax) {
    selection.rows.resize(before);
    return query_error("OverMaxRecordSize",
                       "The character number in one record is more than our max threshold, "
                       "maxCharsPerRecord: 1,048,576.");
  }
  if (selection.rows.size() >= kFrameBytes) flush_rows(selection);
  return {};
}

// `start` alone: from there on; `end` alone: so many bytes of the end ("ScanRange").
Result<select::ScanRange> range_of(const Value& range, std::uint64_t size) {
  const auto start = range["Start"].as_integer();
  const auto end = range["End"].as_integer();
  if (!start && !end) return select::ScanRange{};
  if ((start && *start < 0) || (end && *end < 0) || (start && end && *start > *end))
    return query_error("InvalidScanRange", "The provided scan range is not valid.");
  if (start) {
    return select::ScanRange{.start = static_cast<std::uint64_t>(*start),
                             .end = end ? static_cast<std::uint64_t>(*end) : UINT64_MAX};
  }
  const auto last = static_cast<std::uint64_t>(*end);
  return select::ScanRange{.start = last < size ? size - last : 0, .end = UINT64_MAX};
}

Result<void> plan(S3& s3, const protocol::Call& call, Selection& selection) {
  const Value& input = call.input();
  if (input["ExpressionType"].text() != "SQL")
    return query_error("InvalidExpressionType",
                       "The ExpressionType is invalid. Only SQL expressions are supported.");
  if (input["Expression"].text().size() > kExpressionBytesMax)
    return query_error("ExpressionTooLong",
                       "The SQL expression is too long. The maximum byte-length for an SQL "
                       "expression is 256 KB.");
  CLOCHE_TRY(const bucket, find_bucket(*selection.view, input));
  CLOCHE_TRY(object, find_version(*selection.view, bucket, input["Key"].text(), ""));
  if (object.delete_marker) return no_such_key(input["Key"].text());
  CLOCHE_TRY(key, read_customer_key(input, KeyUse::Decrypt));
  CLOCHE_TRY_VOID(check_customer_key(object.encryption, key));
  CLOCHE_TRY_VOID(check_not_archived(object, s3.store().clock().now()));
  CLOCHE_TRY(query, select::parse_query(input["Expression"].text()));
  selection.query = std::move(query);
  CLOCHE_TRY(const range, range_of(input["ScanRange"], object.size));
  const Value& serialization = input["InputSerialization"];
  CLOCHE_TRY(decompressor, select::make_decompressor(serialization["CompressionType"].text()));
  CLOCHE_TRY(reader, select::make_reader(serialization, selection.query, range));
  CLOCHE_TRY(writer, select::make_writer(input["OutputSerialization"]));
  selection.decompressor = std::move(decompressor);
  selection.reader = std::move(reader);
  selection.writer = std::move(writer);
  selection.object = std::move(object);
  selection.key = std::move(key);
  selection.progress = input["RequestProgress"]["Enabled"].as_bool();
  return {};
}

// Takes records from what has been read, a little at a time: what is compressed may become a thousand times
// as much.
Result<void> take_bytes(Selection& selection) {
  constexpr std::size_t kTakenAtOnce = 1024;
  const auto sink = [&](const select::Record& record) -> Result<bool> {
    if (selection.evaluator->done()) return false;
    CLOCHE_TRY(const row, selection.evaluator->take(record));
    if (row) CLOCHE_TRY_VOID(take_row(selection, *row));
    return !selection.evaluator->done();
  };
  const auto decompressed = [&](std::string_view bytes) -> Result<void> {
    if (selection.enough) return {};
    selection.processed += bytes.size();
    CLOCHE_TRY(const more, selection.reader->append(bytes, sink));
    selection.enough = !more;
    return {};
  };
  if (selection.read_at < selection.read.size()) {
    const auto part = std::string_view(selection.read).substr(selection.read_at, kTakenAtOnce);
    selection.read_at += part.size();
    selection.scanned += part.size();
    return selection.decompressor->append(part, decompressed);
  }
  if (!selection.enough) {
    if (selection.scanned > 0) CLOCHE_TRY_VOID(selection.decompressor->finish());
    CLOCHE_TRY_VOID(selection.reader->finish(sink));
  }
  CLOCHE_TRY(const last, selection.evaluator->finish());
  if (last) CLOCHE_TRY_VOID(take_row(selection, *last));
  selection.ended = true;
  return {};
}

// The next piece of the body; empty when all have been read.
Result<void> read_on(S3& s3, Selection& selection) {
  constexpr std::uint64_t kReadAtOnce = std::uint64_t{64} << 10;
  selection.read.clear();
  selection.read_at = 0;
  const auto part =
      part_of(selection.object.extents, {.first = selection.place, .length = kReadAtOnce});
  const CustomerKey* key = selection.key ? &*selection.key : nullptr;
  CLOCHE_TRY_VOID(read_pieces(s3.store(), *selection.view, part, key,
                              [&](std::span<const std::byte> piece) -> Result<void> {
                                selection.read += as_text(piece);
                                return {};
                              }));
  selection.place += selection.read.size();
  return {};
}

// Works until there is something to send: a good piece of rows, the end, or a sign of life.
Result<void> work(S3& s3, Selection& selection) {
  const auto until = s3.store().env().monotonic() + kSilenceMax;
  while (!selection.ended && selection.frames.size() < kSentAtOnce) {
    if (!selection.enough && selection.read_at == selection.read.size())
      CLOCHE_TRY_VOID(read_on(s3, selection));
    if (selection.enough) selection.read_at = selection.read.size();
    CLOCHE_TRY_VOID(take_bytes(selection));
    if (selection.ended || s3.store().env().monotonic() < until) continue;
    flush_rows(selection);
    if (selection.progress) append_counts(selection, "Progress");
    if (selection.frames.empty()) append_frame(selection, "Cont", "", "");
    return {};
  }
  if (!selection.ended) return {};
  flush_rows(selection);
  if (selection.progress) append_counts(selection, "Progress");
  append_counts(selection, "Stats");
  append_frame(selection, "End", "", "");
  return {};
}

// The answer's events, made as they are sent.
class Events final : public protocol::BodyMaker {
 public:
  Events(S3& s3, std::shared_ptr<Selection> selection)
      : s3_(s3), selection_(std::move(selection)) {}

  void next(std::move_only_function<void(Result<std::string>)> then) override {
    if (!selection_->frames.empty() || selection_->ended)
      return then(std::exchange(selection_->frames, {}));
    s3_.worker().post([&s3 = s3_, selection = selection_, then = std::move(then)]() mutable {
      if (auto worked = work(s3, *selection); !worked) fail_with(*selection, worked.error());
      then(std::exchange(selection->frames, {}));
    });
  }

  // What goes wrong after the first rows the stream itself tells.
  static void fail_with(Selection& selection, const Error& error) {
    const bool refused = error.kind == Error::Kind::Refused;
    const std::pair<std::string_view, std::string_view> headers[] = {
        {":message-type", "error"},
        {":error-code", refused ? std::string_view(error.code) : "InternalError"},
        {":error-message", refused ? std::string_view(error.message)
                                   : "We encountered an internal error. Please try again."}};
    flush_rows(selection);
    selection.frames += protocol::event_message(headers, {});
    selection.ended = true;
  }

 private:
  S3& s3_;
  const std::shared_ptr<Selection> selection_;
};

// Before the first byte an error is an answer like any other.
void begin(S3& s3, const CallPtr& call, const std::shared_ptr<Selection>& selection) {
  if (auto worked = work(s3, *selection); !worked) {
    if (selection->frames.empty() && selection->returned == 0)
      return call->fail(std::move(worked).error());
    Events::fail_with(*selection, worked.error());
  }
  call->reply(Value::map(), std::make_unique<Events>(s3, selection));
}

}  // namespace

void select_object_content(S3& s3, const CallPtr& call) {
  auto selection = std::make_shared<Selection>();
  selection->view = s3.store().view();
  if (auto planned = plan(s3, *call, *selection); !planned)
    return call->fail(std::move(planned).error());
  selection->evaluator.emplace(selection->query, s3.store().clock().now());
  s3.worker().post([&s3, call, selection] { begin(s3, call, selection); });
}

}  // namespace cloche::s3
