// What a client says about an object beside its bytes: system headers, user metadata, storage
// class, tags.
#pragma once

#include "base/document.h"
#include "base/result.h"
#include "protocol/protocol.h"
#include "s3/records.h"

namespace cloche::s3 {

// From the input and headers of PutObject, CopyObject (directive REPLACE) or CreateMultipartUpload.
// Refuses with MetadataTooLarge, InvalidStorageClass, InvalidArgument (tags).
Result<ObjectHeaders> read_object_headers(const protocol::Call& call);

// Refuses response-* parameters with text that no header can carry.
Result<void> check_overrides(const protocol::Call& call);

// Adds them to the output of GetObject or HeadObject, with the response-* overrides of the request.
void add_object_headers(Value& output, protocol::Call& call, const ObjectHeaders& headers);

// Refuses with InvalidStorageClass. Empty and STANDARD both become empty.
Result<std::string> read_storage_class(std::string_view storage_class);

// The tags of an x-amz-tagging text, decoded. Nothing if the text is not of that form.
std::optional<Pairs> parse_tagging(std::string_view tagging);
std::string write_tagging(const Pairs& tags);

}  // namespace cloche::s3
