#include "protocol/codec/codec.h"

#include "protocol/http/uri.h"
#include "protocol/model/validate.h"

namespace cloche::protocol {

namespace {

// Of fewer than 65,536 bytes (RFC 8949, section 3: major type 3).
void append_cbor_text(std::string& out, std::string_view text) {
  text = text.substr(0, 0xffff);
  if (text.size() < 24) {
    out += static_cast<char>(0x60 + text.size());
  } else {
    out += '\x79';
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size() & 0xff);
  }
  out += text;
}

void write_cbor_error(std::string_view content_type, const Error& error, Answer& answer) {
  if (content_type.starts_with("application/x-amz-cbor")) {
    answer.content_type = "application/x-amz-cbor-1.1";
  } else {
    answer.content_type = "application/cbor";
    add_header(answer.headers, "smithy-protocol", "rpc-v2-cbor");
  }
  answer.body = '\xa2';  // A map of two.
  append_cbor_text(answer.body, "__type");
  append_cbor_text(answer.body, error.code);
  append_cbor_text(answer.body, "message");
  append_cbor_text(answer.body, error.message);
}

}  // namespace

void add_header(std::string& headers, std::string_view name, std::string_view value) {
  headers += name;
  headers += ": ";
  for (const char c : value)
    headers += (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f ? ' ' : c;
  headers += "\r\n";
}

const Shape* error_shape(const Operation* operation, std::string_view code) {
  if (operation == nullptr) return nullptr;
  for (const Shape* shape : operation->errors) {
    if (shape->name == code || shape->error_code == code) return shape;
  }
  return nullptr;
}

std::vector<std::pair<std::string_view, std::string_view>> read_form(std::string_view text,
                                                                     Arena& arena) {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    out.emplace_back(decode_uri(pair.substr(0, equals), arena, true),
                     decode_uri(value, arena, true));
  }
  return out;
}

Result<Value> read_input(const Model& model, const Operation& operation, const Request& request,
                         const Labels& labels, std::string_view body, Arena& arena) {
  switch (model.wire) {
    case Wire::Json:
      return read_json(model, operation, body, arena);
    case Wire::RestXml:
    case Wire::RestJson:
      return read_rest(model, operation, request, labels, body, arena);
    case Wire::Query:
    case Wire::Ec2:
      return read_query(model, operation, request, body, arena);
    case Wire::RpcV2Cbor:
      break;  // Services that speak it speak another protocol too, which the model is read for.
  }
  return bug("a model with a protocol that has no codec");
}

void write_output(const Model& model, const Operation& operation, const Value& output,
                  const Identity& identity, Answer& answer) {
  answer.status = operation.status;
  switch (model.wire) {
    case Wire::Json:
      return write_json(model, operation, output, answer);
    case Wire::RestXml:
    case Wire::RestJson:
      return write_rest(model, operation, output, answer);
    case Wire::Query:
    case Wire::Ec2:
      return write_query(model, operation, output, identity, answer);
    case Wire::RpcV2Cbor:
      return;
  }
}

void write_error(const Model& model, const Operation* operation, const Error& error,
                 const Identity& identity, Answer& answer) {
  answer.clear();
  answer.status = error.http_status;
  switch (model.wire) {
    case Wire::Json:
      return write_json_error(&model, operation, error, answer);
    case Wire::RestJson:
      return write_rest_json_error(operation, error, answer);
    case Wire::RestXml:
      return write_rest_xml_error(error, identity, answer);
    case Wire::Query:
    case Wire::Ec2:
      return write_query_error(model.wire, model.xml_namespace, operation, error, identity, answer);
    case Wire::RpcV2Cbor:
      return;
  }
}

void write_error(Wire wire, std::string_view content_type, const Error& error,
                 const Identity& identity, Answer& answer) {
  answer.clear();
  answer.status = error.http_status;
  switch (wire) {
    case Wire::Json:
      write_json_error(nullptr, nullptr, error, answer);
      if (content_type.starts_with("application/x-amz-json-1.1"))
        answer.content_type = "application/x-amz-json-1.1";
      return;
    case Wire::RestJson:
      write_json_error(nullptr, nullptr, error, answer);
      answer.content_type = "application/json";
      return add_header(answer.headers, "x-amzn-ErrorType", error.code);
    case Wire::RestXml:
      return write_rest_xml_error(error, identity, answer);
    case Wire::Query:
    case Wire::Ec2:
      return write_query_error(wire, {}, nullptr, error, identity, answer);
    case Wire::RpcV2Cbor:
      return write_cbor_error(content_type, error, answer);
  }
}

// Sources: the error lists of the Amazon S3 API Reference and of DynamoDB, and "Common errors",
// which all API references share.
Error public_error(const Error& error, Wire wire, const Operation* operation) {
  if (error.kind == Error::Kind::Refused) return error;
  const bool later = error.kind == Error::Kind::Unavailable;
  const auto said = [&](std::string_view code, std::string_view message) {
    return Error{.kind = error.kind,
                 .code = std::string(code),
                 .message = std::string(message),
                 .http_status = later ? 503 : 500,
                 .details = {}};
  };
  if (wire == Wire::RestXml) {
    return later ? said("SlowDown", "Please reduce your request rate.")
                 : said("InternalError", "We encountered an internal error. Please try again.");
  }
  if (later) {
    return said("ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.");
  }
  const bool dynamodb = error_shape(operation, "InternalServerError") != nullptr;
  return said(dynamodb ? "InternalServerError" : "InternalFailure",
              "The request processing has failed because of an unknown error, exception or "
              "failure.");
}

}  // namespace cloche::protocol
