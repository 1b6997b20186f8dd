// The head of one request: views into the buffer that it was read into, which the call keeps alive.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "protocol/protocol.h"

namespace cloche::protocol {

bool equal_ignoring_case(std::string_view a, std::string_view b);

class Request final : public HttpRequest {
 public:
  std::string_view method() const override { return method_; }
  std::string_view target() const override { return target_; }
  std::string_view host() const override;
  std::string_view header(std::string_view name) const override;
  bool has_header(std::string_view name) const override { return find(name) != nullptr; }
  std::optional<std::string_view> query(std::string_view name) const override;
  std::vector<std::pair<std::string_view, std::string_view>> headers() const override {
    return headers_;
  }
  bool https() const override { return https_; }
  std::string_view peer() const override { return peer_; }

  // What the head's parser and the connection fill in.
  void clear();
  void set_line(std::string_view method, std::string_view target);
  void add_header(std::string_view name, std::string_view value);
  // A header that stood in the query of a presigned URL.
  void take_header(std::string_view name, std::string_view value) {
    add_header(name, value);
    ++taken_;
  }
  void set_peer(std::string_view peer, bool https) { peer_ = peer, https_ = https; }
  // Splits and decodes the query. Decoded text lives in the arena.
  void read_query(Arena& arena);

  // A visitor's parameters mean nothing to the API.
  void drop_query() { queries_.clear(); }

  std::string_view host_and_port() const { return host_; }
  std::string_view path() const { return path_; }  // Percent-encoded, without the query.
  std::string_view query_string() const { return query_string_; }
  const std::vector<std::pair<std::string_view, std::string_view>>& all_headers() const {
    return headers_;
  }
  // Without those that were taken from the query, which stand behind the others.
  std::span<const std::pair<std::string_view, std::string_view>> sent_headers() const {
    return std::span(headers_).first(headers_.size() - taken_);
  }
  const std::vector<std::pair<std::string_view, std::string_view>>& all_queries() const {
    return queries_;
  }

  // Headers that are looked at on every request are caught when they come in.
  std::string_view authorization, content_type, amz_target, content_encoding, content_sha256,
      origin;
  bool expect_continue = false;
  bool keep_alive = true;
  bool chunked = false;
  bool http_1_1 = true;  // False: HTTP/1.0, whose clients know no chunks.
  std::optional<std::uint64_t> content_length;

 private:
  const std::string_view* find(std::string_view name) const;

  std::string_view method_, target_, path_, query_string_, host_;
  std::string peer_;
  bool https_ = false;
  std::size_t taken_ = 0;
  std::vector<std::pair<std::string_view, std::string_view>> headers_, queries_;
};

}  // namespace cloche::protocol
