#include "s3/form_reader.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace cloche::s3 {
namespace {

// What a form says, as text: "name=value;" for fields, "<filename|content>" for the file.
std::string read(const std::string& form, std::size_t piece, std::string* error = nullptr) {
  std::string seen;
  FormReader reader("b", {.field =
                              [&](const std::string& name, const std::string& value) {
                                seen += name + "=" + value + ";";
                                return Result<void>();
                              },
                          .file =
                              [&](const std::optional<std::string>& name) {
                                seen += "<" + name.value_or("-") + "|";
                                return Result<void>();
                              },
                          .bytes =
                              [&](std::span<const std::byte> bytes) {
                                seen += as_text(bytes);
                                return Result<void>();
                              }});
  for (std::size_t at = 0; at < form.size(); at += piece) {
    const auto fed = reader.feed(as_bytes(std::string_view(form).substr(at, piece)));
    if (fed) continue;
    if (error != nullptr) *error = fed.error().code;
    return "refused";
  }
  return seen + (reader.file_ended() ? ">" : "");
}

std::string part(const std::string& disposition, const std::string& content) {
  return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n";
}

// However the bytes are cut, the same comes out.
TEST(FormReader, ReadsFieldsAndFileInPiecesOfAnySize) {
  const std::string form = "a preamble\r\n" + part("name=\"key\"", "k") + part("name=empty", "") +
                           part("name=\"a\\\"b\"", "1\r\n2") +
                           part("name=\"file\"; filename=\"C:\\d\\f.txt\"", "x\r\n--\r\n--B\r\n") +
                           part("name=\"late\"", "ignored") + "--b--\r\n";
  for (std::size_t piece = 1; piece < form.size(); ++piece)
    EXPECT_EQ(read(form, piece), "key=k;empty=;a\"b=1\r\n2;<f.txt|x\r\n--\r\n--B\r\n>") << piece;
}

TEST(FormReader, TellsAnUnfinishedForm) {
  EXPECT_EQ(read(part("name=file", "abc").substr(0, 60), 7).back() == '>', false);
  EXPECT_EQ(read(part("name=file", "") + "--b--", 3), "<-|>");
  EXPECT_EQ(read("", 1), "");
}

TEST(FormReader, RefusesWhatIsNoFormOrTooLarge) {
  std::string error;
  EXPECT_EQ(read("--b\r\nContent-Type: x\r\n\r\nabc\r\n--b--", 5, &error), "refused");
  EXPECT_EQ(error, "MalformedPOSTRequest");
  EXPECT_EQ(read(part("name=a", std::string(30'000, 'x')), 1000, &error), "refused");
  EXPECT_EQ(error, "MaxPostPreDataLengthExceeded");
  EXPECT_NE(read(part("name=file", std::string(300'000, 'x')) + "--b--", 1000), "refused");
}

TEST(FormReader, FindsTheBoundary) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("Multipart/Form-Data;charset=x;boundary=\"a b\""), "a b");
  EXPECT_FALSE(form_boundary("multipart/form-data"));
  EXPECT_FALSE(form_boundary("text/plain; boundary=abc"));
}

}  // namespace
}  // namespace cloche::s3
