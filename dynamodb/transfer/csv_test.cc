#include "dynamodb/transfer/csv.h"

#include <gtest/gtest.h>

namespace cloche::dynamodb {
namespace {

// Records as one text: fields in brackets, a line for each; or the error. Read in pieces of every
// size, since pieces end anywhere.
std::string read(std::string_view text, char delimiter = ',', std::size_t bytes_max = 1000) {
  std::string all;
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CsvReader reader(delimiter, bytes_max);
    std::string out;
    const auto sink = [&](CsvReader::Record& record) -> Result<void> {
      for (const std::string& field : record) out += "[" + field + "]";
      out += "\n";
      return {};
    };
    Result<void> done;
    for (std::size_t at = 0; done && at < text.size(); at += piece)
      done = reader.append(text.substr(at, piece), sink);
    if (done) done = reader.finish(sink);
    if (!done) out += done.error().code;
    if (piece > 1) {
      EXPECT_EQ(out, all) << "pieces of " << piece;
    }
    all = out;
  }
  return all;
}

// RFC 4180, section 2.
TEST(Csv, RecordsAndFields) {
  EXPECT_EQ(read("a,b\r\nc,d\n"), "[a][b]\n[c][d]\n");
  EXPECT_EQ(read("a,\n,b"), "[a][]\n[][b]\n");
  EXPECT_EQ(read("\"a,\nb\",\"\"\nc,\"say \"\"x\"\"\"\n"), "[a,\nb][]\n[c][say \"x\"]\n");
  EXPECT_EQ(read("a;b", ';'), "[a][b]\n");
  EXPECT_EQ(read("a\n\n  \nb\n"), "[a]\n[b]\n");
  EXPECT_EQ(read("\"\"\n"), "[]\n");
}

// "Any double quotes characters that exist in the CSV file must be escaped" (S3DataImport.Format).
TEST(Csv, QuotesOfAFieldAreDoubled) {
  EXPECT_EQ(read("\"\"\"123\"\"\",Full \"\"Length\"\" Dress\n"),
            "[\"123\"][Full \"Length\" Dress]\n");
  EXPECT_EQ(read("a\n123,Full \"Length\" Dress\n"), "[a]\nMalformedData");
  EXPECT_EQ(read("\"a\"b\n"), "MalformedData");
  EXPECT_EQ(read("\"a\n"), "MalformedData");
  EXPECT_EQ(read("a\rb\n"), "MalformedData");
  EXPECT_EQ(read("abcdef\n", ',', 5), "MalformedData");
}

}  // namespace
}  // namespace cloche::dynamodb
