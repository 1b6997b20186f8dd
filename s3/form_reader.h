// multipart/form-data as browsers send it (RFC 7578), taken apart while it comes in: fields are
// gathered, the file is handed on in pieces.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::s3 {

// "The form data ... excluding the file ... must be less than 20 KB" (POST Object).
inline constexpr std::size_t kFormFieldsBytesMax = std::size_t{20} << 10;

// The boundary of a Content-Type; nothing if it is no multipart/form-data.
std::optional<std::string> form_boundary(std::string_view content_type);

class FormReader {
 public:
  struct Events {
    std::function<Result<void>(std::string name, std::string value)> field;
    // The part named "file" begins; what follows it is of no interest. `filename` is the last part
    // of a path, and absent if the client gave none.
    std::function<Result<void>(std::optional<std::string> filename)> file;
    std::function<Result<void>(std::span<const std::byte>)> bytes;
  };

  FormReader(std::string_view boundary, Events events);

  // Takes bytes in pieces of any size. Refuses with MalformedPOSTRequest or
  // MaxPostPreDataLengthExceeded; an error of an event is handed on.
  Result<void> feed(std::span<const std::byte> bytes);
  bool file_began() const { return state_ == State::File || state_ == State::Done; }
  // The file has been seen to its end.
  bool file_ended() const { return state_ == State::Done; }

 private:
  enum class State : std::uint8_t { Preamble, Headers, Field, File, Done };

  Result<bool> step();  // False: more bytes are needed.
  Result<bool> step_headers();
  Result<bool> step_field();
  Result<bool> step_file();

  const std::string delimiter_;  // "\r\n--boundary"
  const Events events_;
  State state_ = State::Preamble;
  std::string buffer_;
  std::size_t fields_bytes_ = 0;
  std::string name_;
};

}  // namespace cloche::s3
