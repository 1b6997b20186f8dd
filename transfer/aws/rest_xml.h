// Requests and answers of rest-xml, from the client's side: the mirror of protocol/codec/rest.cc.
#pragma once

#include "base/arena.h"
#include "base/document.h"
#include "base/result.h"
#include "protocol/model/model.h"
#include "transfer/aws/sign.h"

namespace cloche::transfer {

struct RestRequest {
  Unsigned head;
  std::string body;
};

// `input` by the names of the model. Names that it lacks are passed over; a label without a value is
// a Bug. A document gets its Content-MD5, which S3 asks of some.
Result<RestRequest> rest_xml_request(const protocol::Model& model,
                                     const protocol::Operation& operation, const Value& input);

// Headers and body as one document. What the model does not name is passed over.
Result<Value> read_rest_xml_answer(const protocol::Operation& operation, const HttpAnswer& answer,
                                   Arena& arena);

}  // namespace cloche::transfer
