// Sealed files: a state, or a named part of it, as one file that opens elsewhere at once. Equal state
// gives equal bytes, whatever history led to it; docs/formats/seal.md says what counts as state, and
// draws the bytes.
//
// A store begins with a sealed file by StoreOptions::sealed: rows first, so that it serves at once;
// blobs when they are asked for, and all of them in the background. Until they are in place the
// directory holds on to the file, so that a restart goes on where it was.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"

namespace cloche::engine {

class Store;

// "s3", "s3:photos", "dynamodb:orders": a service, or what belongs to one owner (describe.h) in it.
struct SealPart {
  std::string service;
  std::string owner;  // Empty: the whole service.
};
// Refuses what names no service.
Result<SealPart> parse_seal_part(std::string_view text);

struct SealWish {
  std::string file;              // A path; the file is not there before, or `replace`.
  bool replace = false;          // An earlier sealed file of that name.
  std::vector<SealPart> only{};  // Empty: everything.
};

struct Sealed {
  std::string hash;         // "sha256:" and 64 hexadecimal digits, over everything.
  std::uint64_t bytes = 0;  // Of the file.
  std::uint64_t rows = 0, blobs = 0;
};

// How far a seal has come; bytes before compression.
using SealProgress = std::function<void(std::uint64_t done, std::uint64_t of)>;

// Writes the state of now, once all work that is due is done. Under a temporary name beside the file
// first, so that the file is there whole or not at all. Refuses: a file that is there, a part that
// names nothing, work in the background (a backup, an export) that does not end within half a minute.
// Blocks.
Result<Sealed> seal(Store& store, const SealWish& wish, const SealProgress& progress = {});

// What a sealed file says of itself, after its manifest and its list of blobs were held against the
// hash. Error::Kind::Damaged for what is no sealed file, cut short or changed.
struct SealedSummary {
  std::string hash;
  std::uint32_t schema = 0;
  std::uint64_t rows = 0, blobs = 0, blob_bytes = 0, state_bytes = 0;
  std::vector<std::string> only;  // Empty: everything.
};
Result<SealedSummary> read_sealed(Env& env, const std::string& file);

}  // namespace cloche::engine
