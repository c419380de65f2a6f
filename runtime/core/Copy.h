//===- Copy.h - copies and fills between any two places ------------------------------------------------===//
//
// Owns where pointers point (host, pinned, device), which kind of copy that makes and on which stream it runs.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Context.h"

namespace tenon {

/// A copy of `height` rows of `width` bytes.
struct CopyShape {
  void *to = nullptr;
  uint64_t toPitch = 0;
  const void *from = nullptr;
  uint64_t fromPitch = 0;
  uint64_t width = 0, height = 1;
  tnMemcpyKind kind = tnMemcpyDefault;
};

/// Copies in the order of `stream`. With `wait` the copy is done on return.
Status copyMemory(const CopyShape &shape, Stream &stream, bool wait);
Status fillMemory(void *to, int value, uint64_t bytes, Stream &stream, bool wait);

} // namespace tenon
