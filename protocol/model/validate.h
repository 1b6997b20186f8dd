// Checks input documents against their shapes and says what is wrong in AWS's words.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "base/document.h"
#include "base/result.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

// Checks a document that came as JSON, and turns it into what services see: times, blobs and
// integers into their kinds, wire names into the model's. Works in place. A value of the wrong type
// is a SerializationException, at once; broken constraints are gathered into one
// ValidationException ("2 validation errors detected: ...").
Result<void> check_input(const Model& model, Value& input, const Shape& shape, Arena& arena);

// Only the constraints, for documents whose codec has made the kinds already (query).
Result<void> check_constraints(const Model& model, Value& input, const Shape& shape, Arena& arena);

Error serialization_error(std::string_view message);
Error validation_error(std::string_view message);

}  // namespace cloche::protocol
