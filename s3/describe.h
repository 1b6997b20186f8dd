// What S3's rows are to a person (engine/describe.h): buckets, their settings, objects with their
// versions, uploads in progress and their parts. Events and counters are S3's own affair.
#pragma once

#include "engine/describe.h"
#include "s3/tables.h"

namespace cloche::s3 {

// Null for a table that belongs to no bucket.
const engine::TableDescription* description_of(engine::TableId table);

}  // namespace cloche::s3
