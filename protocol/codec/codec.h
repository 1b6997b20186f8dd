// The codecs: each wire protocol of AWS, driven by the models. A codec turns a request into an
// input document and an output document, or an error, into an answer. Free functions of their
// arguments; any thread may call them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/document.h"
#include "base/result.h"
#include "protocol/http/request.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

// The values of a route's labels, decoded: {"Bucket", "b"}, {"Key", "a/b c"}.
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

// What a codec makes. Headers are complete lines ("ETag: \"...\"\r\n").
struct Answer {
  int status = 200;
  std::string headers;
  std::string_view content_type;  // A literal. Empty: no body, or `headers` have one.
  std::string body;
  std::optional<std::uint64_t>
      content_length;  // What the output says; HEAD has no body to measure.

  void clear() {
    status = 200, headers.clear(), content_type = {}, body.clear(), content_length.reset();
  }
};

// Adds a header line. Line breaks and other control characters in the value, but for tabs, become blanks:
// a value can't end its line.
void add_header(std::string& headers, std::string_view name, std::string_view value);

struct Identity {
  std::string_view request_id, host_id;
};

// The input document of a request, validated. `body` is the gathered body; empty for operations
// whose input streams.
Result<Value> read_input(const Model& model, const Operation& operation, const Request& request,
                         const Labels& labels, std::string_view body, Arena& arena);

void write_output(const Model& model, const Operation& operation, const Value& output,
                  const Identity& identity, Answer& answer);

// `operation` may be null: the request may have named none.
void write_error(const Model& model, const Operation* operation, const Error& error,
                 const Identity& identity, Answer& answer);

// The same where no model tells how: `wire` is what the client seems to speak, `content_type` that
// of its request.
void write_error(Wire wire, std::string_view content_type, const Error& error,
                 const Identity& identity, Answer& answer);

// What the client is told of a fault of ours: AWS's general words, as ours name files. Anything
// that was refused stays as it is.
Error public_error(const Error& error, Wire wire, const Operation* operation);

// What each protocol does.
Result<Value> read_json(const Model&, const Operation&, std::string_view body, Arena&);
void write_json(const Model&, const Operation&, const Value& output, Answer&);
void write_json_error(const Model*, const Operation*, const Error&, Answer&);
void append_json(std::string& out, const Value& value, const Shape& shape, TimeForm form);

Result<Value> read_rest(const Model&, const Operation&, const Request&, const Labels&,
                        std::string_view body, Arena&);
void write_rest(const Model&, const Operation&, const Value& output, Answer&);
void write_rest_json_error(const Operation*, const Error&, Answer&);
void write_rest_xml_error(const Error&, const Identity&, Answer&);

Result<Value> read_query(const Model&, const Operation&, const Request&, std::string_view body,
                         Arena&);
void write_query(const Model&, const Operation&, const Value& output, const Identity&, Answer&);
void write_query_error(Wire, std::string_view xml_namespace, const Operation*, const Error&,
                       const Identity&, Answer&);

// An output document as XML elements: the members of a structure, for the XML protocols.
void append_xml_members(std::string& out, const Value& value, const Shape& shape, TimeForm form);
void append_xml_member(std::string& out, const Value& value, const ShapeMember& member,
                       TimeForm form);
void append_xml_attributes(std::string& out, const Value& value, const ShapeMember& member);

// The error shape of an operation with that code, if the model has one.
const Shape* error_shape(const Operation* operation, std::string_view code);

// Reads form fields and query parameters alike: "a=1&b=2", decoded.
std::vector<std::pair<std::string_view, std::string_view>> read_form(std::string_view text,
                                                                     Arena& arena);

}  // namespace cloche::protocol
