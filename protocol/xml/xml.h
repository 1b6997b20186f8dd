// XML to a small tree and text to XML: libxml2's SAX parser behind a header of ours.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace cloche::protocol::xml {

// The deepest document of the services modelled so far has 8 levels (S3's replication rules).
inline constexpr int kDepthMax = 64;
// S3's largest document is CompleteMultipartUpload with 10,000 parts and five checksums each: below
// 4 MiB.
inline constexpr std::size_t kNodesMax = 500'000;

struct Attribute {
  std::string_view name;  // Without prefix.
  std::string_view value;
};

// An element. Children are linked in the order of the document; text of an element with children is
// left out.
struct Node {
  std::string_view name;  // Without prefix: clients differ in the prefixes that they use.
  std::string_view text;
  std::span<const Attribute> attributes;
  Node* first = nullptr;
  Node* next = nullptr;

  const Node* child(std::string_view child_name) const;
  std::string_view attribute(std::string_view attribute_name) const;  // Empty if there is none.
};

// Parses a document into the arena; the text needn't live on. There is no document type and no
// entity but the five of XML: a request that brings others is refused (they could make gigabytes
// out of a line, or read files). Refuses with code MalformedXML.
Result<const Node*> parse(std::string_view text, Arena& arena);

// Appends text, escaped for an element's content or a quoted attribute. Carriage returns and
// characters that XML can't hold are written as references, as S3 does for keys.
void append_text(std::string& out, std::string_view text);
inline void open(std::string& out, std::string_view name) {
  out += '<';
  out += name;
  out += '>';
}
inline void close(std::string& out, std::string_view name) {
  out += "</";
  out += name;
  out += '>';
}

}  // namespace cloche::protocol::xml
