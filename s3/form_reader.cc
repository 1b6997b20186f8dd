#include "s3/form_reader.h"

#include <algorithm>

#include "base/digest.h"
#include "s3/errors.h"

namespace cloche::s3 {
namespace {

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return low(x) == low(y);
  });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// The parameter of a header ("form-data; name=\"key\"; filename=\"a.txt\"").
std::optional<std::string> parameter_of(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos) {
    ++at;
    const std::size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return std::nullopt;
    const bool wanted = same(trimmed(header.substr(at, equals - at)), name);
    std::string value;
    at = equals + 1;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        // Only a quote is escaped: browsers leave the backslashes of paths as they are.
        if (header[at] == '\\' && at + 1 < header.size() && header[at + 1] == '"') ++at;
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const std::size_t end = header.find(';', at);
      value = trimmed(header.substr(at, end == std::string_view::npos ? end : end - at));
      at = end;
    }
    if (wanted) return value;
  }
  return std::nullopt;
}

std::string last_part(std::string path) {
  const auto slash = path.find_last_of("/\\");
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  if (!same(trimmed(content_type.substr(0, content_type.find(';'))), "multipart/form-data"))
    return std::nullopt;
  auto boundary = parameter_of(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 200) return std::nullopt;
  return boundary;
}

// The first boundary has no line before it; with one put there all of them look the same.
FormReader::FormReader(std::string_view boundary, Events events)
    : delimiter_("\r\n--" + std::string(boundary)), events_(std::move(events)), buffer_("\r\n") {}

Result<void> FormReader::feed(std::span<const std::byte> bytes) {
  if (state_ == State::Done) return {};
  buffer_.append(as_text(bytes));
  for (;;) {
    CLOCHE_TRY(const more, step());
    if (!more) break;
  }
  if (!file_began() && fields_bytes_ + buffer_.size() > kFormFieldsBytesMax)
    return form_too_large();
  return {};
}

Result<bool> FormReader::step() {
  switch (state_) {
    case State::Preamble: {
      const std::size_t at = buffer_.find(delimiter_);
      if (at == std::string::npos) return false;
      buffer_.erase(0, at + delimiter_.size());
      state_ = State::Headers;
      return true;
    }
    case State::Headers:
      return step_headers();
    case State::Field:
      return step_field();
    case State::File:
      return step_file();
    case State::Done:
      return false;
  }
  return false;
}

// What follows a boundary: "--" at the end of the form, else a line's end and headers.
Result<bool> FormReader::step_headers() {
  if (buffer_.starts_with("--")) {
    buffer_.clear();
    return false;
  }
  const std::size_t end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  std::string_view headers = std::string_view(buffer_).substr(0, end);
  std::string disposition;
  while (!headers.empty()) {
    const std::size_t line_end = std::min(headers.find("\r\n"), headers.size());
    const std::string_view line = headers.substr(0, line_end);
    headers.remove_prefix(std::min(headers.size(), line_end + 2));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        same(trimmed(line.substr(0, colon)), "Content-Disposition"))
      disposition = trimmed(line.substr(colon + 1));
  }
  auto name = parameter_of(disposition, "name");
  auto filename = parameter_of(disposition, "filename");
  if (!name) return malformed_post();
  // The boundary that ends the part begins with the line's end after the headers, if it is empty.
  buffer_.erase(0, end + 2);
  if (!same(*name, "file")) {
    name_ = *std::move(name);
    state_ = State::Field;
    return true;
  }
  state_ = State::File;
  buffer_.erase(0, 2);
  if (filename) filename = last_part(*std::move(filename));
  CLOCHE_TRY_VOID(events_.file(std::move(filename)));
  return true;
}

Result<bool> FormReader::step_field() {
  const std::size_t end = buffer_.find(delimiter_, buffer_.starts_with(delimiter_) ? 0 : 2);
  if (end == std::string::npos) return false;
  std::string value = end < 2 ? std::string() : buffer_.substr(2, end - 2);
  fields_bytes_ += name_.size() + value.size();
  if (fields_bytes_ > kFormFieldsBytesMax) return form_too_large();
  buffer_.erase(0, end + delimiter_.size());
  state_ = State::Headers;
  CLOCHE_TRY_VOID(events_.field(std::move(name_), std::move(value)));
  return true;
}

// All but what may be the beginning of a boundary is handed on.
Result<bool> FormReader::step_file() {
  const std::size_t end = buffer_.find(delimiter_);
  const std::size_t keep = delimiter_.size() - 1;
  const std::size_t size = end != std::string::npos ? end
                           : buffer_.size() > keep  ? buffer_.size() - keep
                                                    : 0;
  if (size > 0) CLOCHE_TRY_VOID(events_.bytes(as_bytes(std::string_view(buffer_).substr(0, size))));
  buffer_.erase(0, size);
  if (end != std::string::npos) {
    state_ = State::Done;
    std::string().swap(buffer_);
  }
  return false;
}

}  // namespace cloche::s3
