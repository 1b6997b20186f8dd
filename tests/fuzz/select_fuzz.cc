// SelectObjectContent: a line of SQL, a line of JSON {"Input": ..., "Output": ...}, then the object.
#include "base/json.h"
#include "s3/select/input.h"
#include "s3/select/output.h"
#include "tests/fuzz/target.h"

using namespace cloche;

namespace {

Result<void> run(std::string_view sql, const Value& settings, std::string_view body) {
  CLOCHE_TRY(const query, s3::select::parse_query(sql));
  CLOCHE_TRY(const reader, s3::select::make_reader(settings["Input"], query, {}));
  CLOCHE_TRY(const writer, s3::select::make_writer(settings["Output"]));
  s3::select::Evaluator evaluator(query, Instant());
  std::string out;
  const auto sink = [&](const s3::select::Record& record) -> Result<bool> {
    CLOCHE_TRY(const row, evaluator.take(record));
    if (row) writer->append(out, *row);
    return !evaluator.done();
  };
  for (std::size_t at = 0; at < body.size(); at += 7) {
    CLOCHE_TRY(const goes_on, reader->append(body.substr(at, 7), sink));
    if (!goes_on) return {};
  }
  CLOCHE_TRY_VOID(reader->finish(sink));
  CLOCHE_TRY(const last, evaluator.finish());
  if (last) writer->append(out, *last);
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const std::string_view sql = fuzz::take_line(text);
  Arena arena;
  const auto settings = parse_json(fuzz::take_line(text), arena);
  if (settings) static_cast<void>(run(sql, *settings, text));
  return 0;
}
