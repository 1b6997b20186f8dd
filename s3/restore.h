// Archived objects: GLACIER and DEEP_ARCHIVE are not readable until a copy of them is restored.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
//
// A restore is done as soon as it is asked for, since nobody gains by hours of waiting; how long the copy
// stays goes by the engine's clock.
#pragma once

#include <string>

#include "base/document.h"
#include "base/result.h"
#include "s3/records.h"

namespace cloche::s3 {

bool is_archived(std::string_view storage_class);

// InvalidObjectState if the object's bytes can't be read now.
Result<void> check_not_archived(const ObjectRecord& object, Instant now);

// RestoreStatus of a row in a listing, if there is one. Reads the row only where its class is archived.
Result<void> add_restore_status(Value& item, Arena& arena, std::string_view row,
                                std::string_view storage_class, Instant now);

// The value of x-amz-restore, or empty.
std::string restore_text(const ObjectRecord& object, Instant now);

}  // namespace cloche::s3
