// SelectObjectContent. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html and
// RESTSelectObjectAppendix; the SQL is in select/.
//
// Runs on S3's worker, a piece of the body at a time. The answer is gathered before it is sent, up
// to kResultBytesMax.
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
constexpr std::size_t kResultBytesMax = std::size_t{256} << 20;      // Ours.

struct Selection {
  select::Query query;
  std::unique_ptr<select::Decompressor> decompressor;
  std::unique_ptr<select::RecordReader> reader;
  std::unique_ptr<select::RowWriter> writer;
  ObjectRecord object;
  std::optional<CustomerKey> key;
  std::shared_ptr<engine::ReadView> view;
  bool progress = false;

  std::string frames, rows;
  std::uint64_t scanned = 0, processed = 0, returned = 0;
  bool enough = false;
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
  selection.writer->append(selection.rows, row);
  if (selection.rows.size() >= kFrameBytes) flush_rows(selection);
  if (selection.frames.size() > kResultBytesMax)
    return query_error("Busy", "The result is larger than Cloche gathers (256 MiB).");
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

Result<void> run(S3& s3, Selection& selection) {
  select::Evaluator evaluator(selection.query, s3.store().clock().now());
  const auto sink = [&](const select::Record& record) -> Result<bool> {
    if (evaluator.done()) return false;
    CLOCHE_TRY(const row, evaluator.take(record));
    if (row) CLOCHE_TRY_VOID(take_row(selection, *row));
    return !evaluator.done();
  };
  const auto decompressed = [&](std::string_view bytes) -> Result<void> {
    if (selection.enough) return {};
    selection.processed += bytes.size();
    CLOCHE_TRY(const more, selection.reader->append(bytes, sink));
    selection.enough = !more;
    return {};
  };
  const CustomerKey* key = selection.key ? &*selection.key : nullptr;
  CLOCHE_TRY_VOID(read_pieces(s3.store(), *selection.view, selection.object.extents, key,
                              [&](std::span<const std::byte> piece) -> Result<void> {
                                if (selection.enough) return {};
                                selection.scanned += piece.size();
                                return selection.decompressor->append(
                                    {reinterpret_cast<const char*>(piece.data()), piece.size()},
                                    decompressed);
                              }));
  if (!selection.enough) {
    if (selection.scanned > 0) CLOCHE_TRY_VOID(selection.decompressor->finish());
    CLOCHE_TRY_VOID(selection.reader->finish(sink));
  }
  CLOCHE_TRY(const last, evaluator.finish());
  if (last) CLOCHE_TRY_VOID(take_row(selection, *last));
  return {};
}

void answer_with(const CallPtr& call, Selection& selection, Result<void> done) {
  flush_rows(selection);
  if (!done) {
    // What is wrong before the first row is an answer like any other; later the stream tells it.
    if (selection.frames.empty() || done.error().kind != Error::Kind::Refused)
      return call->fail(std::move(done).error());
    const std::pair<std::string_view, std::string_view> headers[] = {
        {":message-type", "error"},
        {":error-code", done.error().code},
        {":error-message", done.error().message}};
    selection.frames += protocol::event_message(headers, {});
  } else {
    if (selection.progress) append_counts(selection, "Progress");
    append_counts(selection, "Stats");
    append_frame(selection, "End", "", "");
  }
  std::vector<protocol::BodySegment> body(1);
  body[0].bytes = std::move(selection.frames);
  call->reply(Value::map(), std::move(body));
}

}  // namespace

void select_object_content(S3& s3, const CallPtr& call) {
  auto selection = std::make_shared<Selection>();
  selection->view = s3.store().view();
  if (auto planned = plan(s3, *call, *selection); !planned)
    return call->fail(std::move(planned).error());
  s3.worker().post([&s3, call, selection] { answer_with(call, *selection, run(s3, *selection)); });
}

}  // namespace cloche::s3
