// The document is put into the binary's read-only data by the assembler; CMake knows that this source depends on it.
#include "cli/admin_openapi.h"

asm(".section .rodata\n"
    ".global cloche_openapi_begin\n.global cloche_openapi_end\n"
    "cloche_openapi_begin:\n.incbin \"" CLOCHE_OPENAPI
    "\"\n"
    "cloche_openapi_end:\n.byte 0\n.previous\n");

extern "C" const char cloche_openapi_begin[], cloche_openapi_end[];

namespace cloche::cli {

void serve_openapi(protocol::Server& server) {
  server.on_admin("/_cloche/openapi.json", [](const protocol::HttpRequest&, std::string_view) {
    return protocol::AdminAnswer{.status = 200,
                                 .content_type = "application/json",
                                 .body = std::string(cloche_openapi_begin, cloche_openapi_end)};
  });
}

}  // namespace cloche::cli
