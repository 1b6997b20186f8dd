// Items as Ion text, in the form that exports write.
// Source: "DynamoDB table export output format", Developer Guide; Ion's specification of its text.
#pragma once

#include <string>

#include "base/document.h"

namespace cloche::dynamodb {

// Appends a struct of attributes: {Id:103.,Tags:$dynamodb_SS::["a"]}. `item` is canonical.
void append_ion(std::string& out, const Value& item);

}  // namespace cloche::dynamodb
