// Conditions of a statement. Not for other folders.
//
// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for
// multivalued context keys".
#pragma once

#include <string_view>
#include <vector>

#include "base/document.h"
#include "services/iam/iam.h"

namespace cloche::iam {

// The member "Condition" of a statement.
Result<std::vector<Condition>> parse_conditions(const Value& condition);

// `variables`: whether values may hold ${variables}.
bool holds(const Condition& condition, const Context& context, bool variables);

}  // namespace cloche::iam
