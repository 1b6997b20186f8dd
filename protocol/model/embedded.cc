// Puts data/models/*.json into the binary's read-only data, byte for byte. The assembler reads the
// files; CMake knows that this source depends on them.
#define CLOCHE_MODEL(name)                                                                        \
  asm(".section .rodata\n.global cloche_embedded_" #name "_begin\n.global cloche_embedded_" #name \
      "_end\n"                                                                                    \
      "cloche_embedded_" #name "_begin:\n.incbin \"" CLOCHE_MODELS_DIRECTORY "/" #name            \
      ".json\"\n"                                                                                 \
      "cloche_embedded_" #name "_end:\n.byte 0\n.previous\n");
#include "protocol/model/models.inc"
