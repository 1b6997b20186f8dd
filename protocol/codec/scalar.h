// Single values as text: in headers, paths, queries and XML elements.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/document.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

// The form of a timestamp in a place: the member's own, else the shape's, else the place's default.
TimeForm time_form(const ShapeMember& member, TimeForm otherwise);

// Reads the text as the member's type: integers become Integer, floats Number, times Timestamp,
// blobs Bytes (base64). Nothing if it is none. The text must outlive the value.
std::optional<Value> value_from_text(std::string_view text, const Shape& shape, Arena& arena);

// Appends a scalar as text; no escaping.
void append_scalar(std::string& out, const Value& value, TimeForm form);

}  // namespace cloche::protocol
