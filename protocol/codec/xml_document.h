// XML documents of requests, read by the shapes of the model.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "base/document.h"
#include "base/result.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

// Parses `text` as a document of that shape. The root's name is checked unless `root` is empty.
// What the shape doesn't name is passed over; a missing required member, or text of the wrong type,
// is MalformedXML, as S3 answers.
Result<Value> read_xml_document(std::string_view text, const Shape& shape, std::string_view root,
                                Arena& arena);

}  // namespace cloche::protocol
