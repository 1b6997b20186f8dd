// What is wrong with an expression once its names and values are known, without any item.
#pragma once

#include <string>

#include "dynamodb/expression/bind.h"

namespace cloche::dynamodb {

// The refusal in the service's words, without "Invalid ...Expression: "; empty if there is none. A
// name that the request does not define is empty in `expression`, a value is Absent.
std::string refusal_of(const BoundExpression& expression);

}  // namespace cloche::dynamodb
