// Service models: what AWS says of a service's operations and shapes, read from data/models
// (docs/formats/models.md).
//
// A model is made in two steps. Its operations' routes are read when the service is added; an
// operation's shapes are read when it gets a handler, since most of a big service's shapes belong
// to operations that nobody serves yet. Both happen before the server starts. Then a model is only
// read, by all threads. Names are views into the text, which is part of the binary.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/document.h"
#include "protocol/model/pattern.h"

namespace cloche::protocol {

enum class Wire : std::uint8_t { Json, RestJson, RestXml, Query, Ec2, RpcV2Cbor };

enum class Type : std::uint8_t {
  Structure,
  List,
  Map,
  String,
  Integer,
  Long,
  Float,
  Double,
  Boolean,
  Blob,
  Timestamp
};

enum class Place : std::uint8_t { Body, Uri, Query, Header, PrefixHeaders, Status };

// Iso8601Milliseconds is in no model: it is how S3 and EC2 write the times of their documents:
// whole seconds, and ".000" after them.
enum class TimeForm : std::uint8_t { Unset, Iso8601, Rfc822, Unix, Iso8601Milliseconds };

struct Shape;

// A member of a structure, or what a list or map holds.
struct ShapeMember {
  std::string_view name;       // In the model, and in documents that services see.
  std::string_view wire_name;  // On the wire: in JSON, XML, query or header. Equal to `name` unless
                               // the model says otherwise.
  std::string_view query_name;  // ec2 only.
  std::string_view xml_namespace;
  std::string_view xml_prefix;
  const Shape* shape = nullptr;
  Place place = Place::Body;
  TimeForm time_form = TimeForm::Unset;
  bool required = false;
  bool flattened = false;
  bool attribute = false;  // An XML attribute of its parent.
  bool streaming = false;
  bool renamed = false;  // The model gave it a wire name.
};

struct Shape {
  std::string_view name;
  std::string_view wire_name;  // Root element, if the model names one.
  std::string_view xml_namespace;
  std::string_view xml_prefix;
  Type type = Type::Structure;
  TimeForm time_form = TimeForm::Unset;
  bool flattened = false;
  bool raw = false;  // Handed to the service unchecked (Service::leave_raw).
  bool event_stream = false;
  std::vector<ShapeMember> members;
  ShapeMember item;          // Of a list; the value of a map.
  ShapeMember key;           // Of a map.
  std::string_view payload;  // The member that is the body.
  std::optional<double> min, max;
  std::string_view pattern;
  std::unique_ptr<Pattern> matcher;
  std::vector<std::string_view> values;  // Of an enum.
  int error_status = 0;                  // Of an error shape, where the model tells one.
  std::string_view error_code;

  const ShapeMember* find(std::string_view member_name) const;
  const ShapeMember* find_wire(std::string_view wire_name) const;
};

struct Operation {
  std::string_view name;
  std::string_view method;
  std::string_view uri;
  std::string_view
      content_type;  // The media type that its handler insists on (POST of an HTML form).
  std::vector<std::string_view> needs_query, needs_headers;
  std::string_view input_name, output_name, input_root, output_root, wrapper, bare;
  std::vector<std::string_view> error_names;
  int status = 200;
  bool checksum_required = false;

  // Set by Model::load.
  const Shape* input = nullptr;
  const Shape* output = nullptr;
  const ShapeMember* input_payload = nullptr;
  const ShapeMember* output_payload = nullptr;
  std::vector<const Shape*> errors;
  bool streams_in = false;
  bool streams_out = false;
  bool plain_output = false;  // json: the output document is written as it stands, nothing in it is
                              // renamed or formatted.
  bool loaded = false;
};

class Model {
 public:
  // `text` must live as long as the model. Stops the program on a text that tools/derive_models did
  // not make.
  explicit Model(std::string_view text);

  // The embedded model of that name, or nothing.
  static std::optional<std::string_view> embedded(std::string_view name);

  std::string_view name, target_prefix, signing_name, endpoint_prefix, json_version, api_version,
      xml_namespace;
  Wire wire = Wire::Json;
  bool query_compatible = false;

  std::vector<std::unique_ptr<Operation>> operations;  // In the order of the text.

  const Operation* find(std::string_view operation) const;
  // Reads the shapes of an operation.
  const Operation& load(std::string_view operation);
  // Marks a shape as one that is handed over as it was parsed; also one that is read later.
  void leave_raw(std::string_view shape);
  // A shape of an operation that was loaded; else null.
  const Shape* known_shape(std::string_view shape_name) const {
    const auto found = shapes_.find(shape_name);
    return found == shapes_.end() ? nullptr : found->second.get();
  }
  bool has_shape(std::string_view shape) const { return shape_lines_.contains(shape); }

 private:
  const Shape* shape(std::string_view name);
  void fill(Shape& shape, const Value& from);
  ShapeMember member(std::string_view name, const Value& from);

  Arena arena_;
  std::unordered_map<std::string_view, std::string_view> shape_lines_;
  std::map<std::string_view, Operation*, std::less<>> operations_by_name_;
  std::unordered_map<std::string_view, std::unique_ptr<Shape>> shapes_;
};

}  // namespace cloche::protocol
