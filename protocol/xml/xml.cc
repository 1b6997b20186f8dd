#include "protocol/xml/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <memory>
#include <mutex>
#include <vector>

namespace cloche::protocol::xml {
namespace {

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view()
                         : std::string_view(reinterpret_cast<const char*>(text));
}

struct Open {
  Node* node;
  Node* last = nullptr;  // Its youngest child.
  std::size_t text_begin = 0;
};

// Receives the events of one document.
struct Builder {
  Arena& arena;
  xmlParserCtxtPtr context = nullptr;
  Node* root = nullptr;
  std::vector<Open> open{};
  std::string text{};  // Of all open elements, one behind the other.
  std::size_t nodes = 0;
  bool refused = false;

  void refuse() {
    refused = true;
    xmlStopParser(context);
  }
};

void on_start(void* user, const xmlChar* name, const xmlChar*, const xmlChar*, int, const xmlChar**,
              int attribute_count, int, const xmlChar** attributes) {
  auto& builder = *static_cast<Builder*>(user);
  if (builder.refused) return;
  if (builder.open.size() >= kDepthMax || ++builder.nodes > kNodesMax) return builder.refuse();
  Node* node =
      std::construct_at(static_cast<Node*>(builder.arena.allocate(sizeof(Node), alignof(Node))));
  node->name = builder.arena.copy(view(name));
  if (attribute_count > 0) {
    const auto copied = builder.arena.array<Attribute>(static_cast<std::size_t>(attribute_count));
    for (int i = 0; i < attribute_count; ++i) {
      const xmlChar** at =
          attributes + 5 * i;  // Name, prefix, namespace, begin and end of the value.
      const std::string_view value(reinterpret_cast<const char*>(at[3]),
                                   static_cast<std::size_t>(at[4] - at[3]));
      std::construct_at(&copied[static_cast<std::size_t>(i)],
                        Attribute{builder.arena.copy(view(at[0])), builder.arena.copy(value)});
    }
    node->attributes = copied;
  }
  if (builder.open.empty()) {
    builder.root = node;
  } else {
    Open& parent = builder.open.back();
    (parent.last == nullptr ? parent.node->first : parent.last->next) = node;
    parent.last = node;
  }
  builder.open.push_back({node, nullptr, builder.text.size()});
}

void on_end(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
  auto& builder = *static_cast<Builder*>(user);
  if (builder.refused || builder.open.empty()) return;
  const Open& ended = builder.open.back();
  if (ended.node->first == nullptr) {
    ended.node->text = builder.arena.copy(std::string_view(builder.text).substr(ended.text_begin));
  }
  builder.text.resize(ended.text_begin);
  builder.open.pop_back();
}

void on_text(void* user, const xmlChar* text, int size) {
  auto& builder = *static_cast<Builder*>(user);
  if (!builder.refused)
    builder.text.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
}

void on_doctype(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
  static_cast<Builder*>(user)->refuse();
}

void on_error(void*, const char*, ...) {}
void on_structured_error(void*, xmlErrorPtr) {}

xmlSAXHandler make_handler() {
  xmlSAXHandler handler = {};
  handler.initialized = XML_SAX2_MAGIC;
  handler.startElementNs = on_start;
  handler.endElementNs = on_end;
  handler.characters = on_text;
  handler.cdataBlock = on_text;
  handler.ignorableWhitespace = on_text;
  handler.internalSubset = on_doctype;
  handler.error = handler.warning = on_error;
  handler.serror = on_structured_error;
  return handler;
}

struct FreeContext {
  void operator()(xmlParserCtxtPtr context) const { xmlFreeParserCtxt(context); }
};

Error malformed() {
  return refused(
      400, "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published "
      "schema");
}

}  // namespace

const Node* Node::child(std::string_view child_name) const {
  for (const Node* node = first; node != nullptr; node = node->next) {
    if (node->name == child_name) return node;
  }
  return nullptr;
}

std::string_view Node::attribute(std::string_view attribute_name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == attribute_name) return attribute.value;
  }
  return {};
}

Result<const Node*> parse(std::string_view text, Arena& arena) {
  static std::once_flag initialized;
  std::call_once(initialized, [] { xmlInitParser(); });
  static xmlSAXHandler handler = make_handler();
  if (text.empty() || text.size() > std::size_t{64} << 20) return malformed();

  Builder builder{.arena = arena};
  std::unique_ptr<xmlParserCtxt, FreeContext> context(
      xmlCreatePushParserCtxt(&handler, &builder, nullptr, 0, nullptr));
  if (!context) return unavailable("out of memory for an XML parser");
  builder.context = context.get();
  xmlCtxtUseOptions(context.get(),
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
  const int failed = xmlParseChunk(context.get(), text.data(), static_cast<int>(text.size()), 1);
  if (failed != 0 || builder.refused || context->wellFormed == 0 || builder.root == nullptr)
    return malformed();
  return static_cast<const Node*>(builder.root);
}

void append_text(std::string& out, std::string_view text) {
  std::size_t begin = 0;
  const auto replace = [&](std::size_t at, std::string_view with) {
    out.append(text, begin, at - begin);
    out += with;
    begin = at + 1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '&':
        replace(i, "&amp;");
        break;
      case '<':
        replace(i, "&lt;");
        break;
      case '>':
        replace(i, "&gt;");
        break;
      case '"':
        replace(i, "&quot;");
        break;
      default:
        if (c < 0x20 && c != '\n' && c != '\t') {
          constexpr char digits[] = "0123456789abcdef";
          const char reference[] = {'&', '#', 'x', digits[c >> 4], digits[c & 15], ';'};
          replace(i, c < 16 ? std::string("&#x") + digits[c] + ';'
                            : std::string(reference, sizeof reference));
        }
    }
  }
  out.append(text, begin);
}

}  // namespace cloche::protocol::xml
