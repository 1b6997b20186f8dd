#include "protocol/http/request.h"

#include <strings.h>

#include "protocol/http/uri.h"

namespace cloche::protocol {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Request::host() const {
  // "[::1]:4566" and "name:4566"; a colon inside brackets is no port.
  const std::size_t colon = host_.rfind(':');
  if (colon == std::string_view::npos || host_.find(']', colon) != std::string_view::npos)
    return host_;
  return host_.substr(0, colon);
}

const std::string_view* Request::find(std::string_view name) const {
  for (const auto& [header_name, value] : headers_) {
    if (equal_ignoring_case(header_name, name)) return &value;
  }
  return nullptr;
}

std::string_view Request::header(std::string_view name) const {
  const std::string_view* found = find(name);
  return found == nullptr ? std::string_view() : *found;
}

std::optional<std::string_view> Request::query(std::string_view name) const {
  for (const auto& [query_name, value] : queries_) {
    if (query_name == name) return value;
  }
  return std::nullopt;
}

void Request::clear() {
  headers_.clear();
  queries_.clear();
  method_ = target_ = path_ = query_string_ = host_ = {};
  authorization = content_type = amz_target = content_encoding = content_sha256 = origin = {};
  expect_continue = chunked = false;
  keep_alive = http_1_1 = true;
  taken_ = 0;
  content_length.reset();
}

void Request::set_line(std::string_view method, std::string_view target) {
  method_ = method;
  target_ = target;
  // The absolute form that proxies are sent: the host header tells the same host.
  if (!target.starts_with('/')) {
    const std::size_t scheme = target.find("://");
    const std::size_t slash =
        scheme == std::string_view::npos ? scheme : target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? (target == "*" ? target : std::string_view("/"))
                                             : target.substr(slash);
  }
  const std::size_t question = target.find('?');
  path_ = target.substr(0, question);
  query_string_ =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

void Request::add_header(std::string_view name, std::string_view value) {
  headers_.emplace_back(name, value);
  const auto is = [&](std::string_view known) { return equal_ignoring_case(name, known); };
  switch (name.size()) {
    case 4:
      if (is("Host") && host_.empty()) host_ = value;
      break;
    case 6:
      if (is("Expect")) expect_continue = equal_ignoring_case(value, "100-continue");
      if (is("Origin")) origin = value;
      break;
    case 12:
      if (is("Content-Type")) content_type = value;
      if (is("X-Amz-Target")) amz_target = value;
      break;
    case 13:
      if (is("Authorization")) authorization = value;
      break;
    case 16:
      if (is("Content-Encoding")) content_encoding = value;
      break;
    case 20:
      if (is("x-amz-content-sha256")) content_sha256 = value;
      break;
    default:
      break;
  }
}

void Request::read_query(Arena& arena) {
  queries_.clear();
  std::string_view rest = query_string_;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    queries_.emplace_back(decode_uri(pair.substr(0, equals), arena, true),
                          decode_uri(value, arena, true));
  }
}

}  // namespace cloche::protocol
