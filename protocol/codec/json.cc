// json 1.0 and 1.1: the input is the body, the output is the body.
#include "base/json.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "protocol/codec/codec.h"
#include "protocol/codec/scalar.h"
#include "protocol/model/dynamodb_words.h"
#include "protocol/model/validate.h"

namespace cloche::protocol {
namespace {

// Errors that come from AWS's request framework carry its own namespaces, and some of them a
// capital "Message". Source: answers of DynamoDB recorded by the tests of architect/dynalite
// (connection.js) and LocalStack's snapshots.
struct FrameworkError {
  std::string_view code, type;
  bool capital_message = false;
};
constexpr FrameworkError kFrameworkErrors[] = {
    {"ValidationException", "com.amazon.coral.validate#ValidationException"},
    {"SerializationException", "com.amazon.coral.service#SerializationException", true},
    {"UnknownOperationException", "com.amazon.coral.service#UnknownOperationException"},
    {"MissingAuthenticationTokenException",
     "com.amazon.coral.service#MissingAuthenticationTokenException"},
    {"IncompleteSignatureException", "com.amazon.coral.service#IncompleteSignatureException"},
    {"InvalidSignatureException", "com.amazon.coral.service#InvalidSignatureException"},
    {"UnrecognizedClientException", "com.amazon.coral.service#UnrecognizedClientException"},
    {"AccessDeniedException", "com.amazon.coral.service#AccessDeniedException", true},
    {"InternalFailure", "com.amazon.coral.service#InternalFailure"},
};

// The namespace of a service's own errors: DynamoDB tells it, most other json services don't.
std::string_view error_namespace(const Model* model) {
  if (model == nullptr) return {};
  if (model->target_prefix == "DynamoDB_20120810") return "com.amazonaws.dynamodb.v20120810#";
  if (model->target_prefix == "DynamoDBStreams_20120810")
    return "com.amazonaws.dynamodb.v20120810#";
  return {};
}

// DynamoDB's older operations on tables check the table's name before all else, in words of their
// own. Source: architect/dynalite, test/createTable.js, describeTable.js, updateTable.js.
std::optional<Error> table_name_error(const Model& model, const Operation& operation,
                                      const Value& input) {
  constexpr std::string_view operations[] = {"CreateTable", "DeleteTable", "DescribeTable",
                                             "DescribeTimeToLive", "UpdateTable"};
  if (model.name != "dynamodb") return std::nullopt;
  if (std::find(std::begin(operations), std::end(operations), operation.name) ==
      std::end(operations)) {
    return std::nullopt;
  }
  const Value& name = input["TableName"];
  if (!name.present()) {
    return validation_error(
        "The parameter 'TableName' is required but was not present in the request");
  }
  const TableNameFaults faults = table_name_faults(name.text());
  if (!faults.longer_than && !faults.shorter_than) return std::nullopt;
  if (operation.name != "CreateTable") {
    return validation_error(
        "TableName must be at least 3 characters long and at most 255 characters long");
  }
  return validation_error(
      "1 validation error detected: Value '" + name.str() +
      "' at 'tableName' failed to satisfy constraint: Member must have length " +
      (faults.longer_than ? "less than or equal to " + std::to_string(*faults.longer_than)
                          : "greater than or equal to " + std::to_string(*faults.shorter_than)));
}

// The operations on tags look at the ARN before all else: a wrong one is the service's to refuse.
// Source: architect/dynalite, test/tagResource.js.
bool is_left_to_service(const Model& model, const Operation& operation, const Value& input) {
  if (model.name != "dynamodb" || !operation.name.ends_with("Resource")) return false;
  if (operation.name != "TagResource" && operation.name != "UntagResource" &&
      operation.name != "ListTagsOfResource")
    return false;
  const std::string_view arn = input["ResourceArn"].text();
  return std::ranges::count(arn, ':') < 5 || arn.find('/') == std::string_view::npos ||
         arn.find('/') < arn.rfind(':');
}

}  // namespace

Result<Value> read_json(const Model& model, const Operation& operation, std::string_view body,
                        Arena& arena) {
  // DynamoDB takes no body for a broken one; other services take it for an empty object.
  if (body.empty() && model.signing_name == "dynamodb") return serialization_error("");
  Value input = Value::map();
  if (!body.empty()) {
    auto parsed = parse_json(body, arena);
    if (!parsed) return serialization_error("");  // AWS says no more than this.
    input = *parsed;
  }
  if (operation.input == nullptr) return input;
  auto checked = check_input(model, input, *operation.input, arena);
  if (!checked && checked.error().code == "SerializationException")
    return std::move(checked).error();
  if (auto error = table_name_error(model, operation, input)) return *error;
  if (is_left_to_service(model, operation, input)) return input;
  if (!checked) return std::move(checked).error();
  return input;
}

void append_json(std::string& out, const Value& value, const Shape& shape, TimeForm form) {
  if (shape.raw || value.is(Value::Kind::Raw) || value.is(Value::Kind::Null))
    return cloche::append_json(out, value);
  switch (shape.type) {
    case Type::Structure: {
      out += '{';
      bool first = true;
      for (const Member& entry : value.members()) {
        if (entry.value.is(Value::Kind::Absent)) continue;
        const ShapeMember* member = shape.find(entry.name);
        if (member != nullptr && member->place != Place::Body) continue;
        if (!first) out += ',';
        first = false;
        append_json_string(out, member == nullptr ? entry.name : member->wire_name);
        out += ':';
        if (member == nullptr) {
          cloche::append_json(out, entry.value);
        } else {
          append_json(out, entry.value, *member->shape, time_form(*member, form));
        }
      }
      out += '}';
      return;
    }
    case Type::List: {
      out += '[';
      bool first = true;
      for (const Value& item : value.items()) {
        if (!first) out += ',';
        first = false;
        append_json(out, item, *shape.item.shape, time_form(shape.item, form));
      }
      out += ']';
      return;
    }
    case Type::Map: {
      out += '{';
      bool first = true;
      for (const Member& entry : value.members()) {
        if (!first) out += ',';
        first = false;
        append_json_string(out, entry.name);
        out += ':';
        append_json(out, entry.value, *shape.item.shape, time_form(shape.item, form));
      }
      out += '}';
      return;
    }
    default:
      if (value.is(Value::Kind::Timestamp) && form != TimeForm::Unix && form != TimeForm::Unset) {
        out += '"';
        append_scalar(out, value, form);
        out += '"';
        return;
      }
      return cloche::append_json(out, value);
  }
}

void write_json(const Model& model, const Operation& operation, const Value& output,
                Answer& answer) {
  answer.content_type =
      model.json_version == "1.1" ? "application/x-amz-json-1.1" : "application/x-amz-json-1.0";
  if (operation.output == nullptr) {
    // AWS sends an empty object where a 1.0 service has no output, and nothing under 1.1.
    if (model.json_version != "1.1") answer.body = "{}";
  } else if (operation.plain_output || output.is(Value::Kind::Raw)) {
    cloche::append_json(answer.body, output.present() ? output : Value::map());
  } else {
    append_json(answer.body, output, *operation.output, TimeForm::Unix);
  }
}

void write_json_error(const Model* model, const Operation* operation, const Error& error,
                      Answer& answer) {
  answer.content_type = model != nullptr && model->json_version == "1.1"
                            ? "application/x-amz-json-1.1"
                            : "application/x-amz-json-1.0";
  std::string_view message_name = "message";
  std::string& out = answer.body;
  out = "{\"__type\":\"";
  const FrameworkError* framework = nullptr;
  if (error_shape(operation, error.code) == nullptr) {
    for (const FrameworkError& known : kFrameworkErrors) {
      if (known.code == error.code) framework = &known;
    }
  } else if (const Shape* shape = error_shape(operation, error.code);
             shape->find("Message") != nullptr) {
    message_name = "Message";
  }
  if (framework != nullptr && !error_namespace(model).empty()) {
    out += framework->type;
    if (framework->capital_message) message_name = "Message";
  } else {
    out += error_namespace(model);
    out += error.code;
  }
  out += '"';
  // A few errors tell their message under another name than their shape's: as a detail.
  const bool told = std::ranges::any_of(
      error.details, [](const auto& detail) { return detail.first == "Message"; });
  if (!error.message.empty() && !told) {
    out += ',';
    append_json_string(out, message_name);
    out += ':';
    append_json_string(out, error.message);
  }
  for (const auto& [name, value] : error.details) {
    out += ',';
    const bool is_json = name.starts_with('=');
    append_json_string(out, is_json ? std::string_view(name).substr(1) : std::string_view(name));
    out += ':';
    if (is_json) {
      out += value;
    } else {
      append_json_string(out, value);
    }
  }
  out += '}';
}

}  // namespace cloche::protocol
