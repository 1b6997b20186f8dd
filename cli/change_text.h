// Changes of resources (admin_timeline.h) as lines for people.
#pragma once

#include <string>

#include "base/document.h"

namespace cloche::cli {

// "s3 bucket photos", "dynamodb table things (us-east-1)": whom a change belongs to.
std::string owner_text(const Value& change);
// "+ object cats/1.jpg  1.2 MiB", in colour on a terminal.
std::string change_text(const Value& change);
// What is different in a resource that has changed, a line for each member of it: "Size  3 -> 5".
// Empty for others.
std::string difference_text(const Value& change, std::string_view indent);

}  // namespace cloche::cli
