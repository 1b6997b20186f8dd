// Two lines: a statement, and its parameters as JSON.
#include "base/json.h"
#include "dynamodb/partiql/statement.h"
#include "tests/fuzz/target.h"

using namespace cloche;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const std::string_view statement = fuzz::take_line(text);
  Arena arena;
  const auto parameters = parse_json(fuzz::take_line(text), arena);
  static_cast<void>(
      dynamodb::parse_statement(statement, parameters ? *parameters : Value(), arena));
  return 0;
}
