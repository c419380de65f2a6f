//===- StatedSize.h - how long a package says it is -------------------------===//
//
// Owns one look into bytes that are not verified yet, for whoever opens packages: the runtime and the tools.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package_generated.h"

#include <cstring>

namespace tenon::package {

// What the file says of its own size; 0 if that cannot be read. The root table is at the file's beginning, and so still
// there when the end is missing. `bytes` has not been verified.
inline uint64_t statedSize(const uint8_t *bytes, size_t size) {
  auto read = [&](uint64_t at, auto &value) {
    if (at > size || size - at < sizeof value)
      return false;
    memcpy(&value, bytes + at, sizeof value);
    return true;
  };
  uint32_t root = 0;
  int32_t back = 0;
  uint16_t vtableSize = 0, field = 0;
  uint64_t stated = 0;
  if (!read(0, root) || !read(root, back))
    return 0;
  const uint64_t vtable = root - static_cast<int64_t>(back);
  if (!read(vtable, vtableSize) || vtableSize < Package::VT_FILE_BYTES + sizeof field ||
      !read(vtable + Package::VT_FILE_BYTES, field) || field == 0 || !read(uint64_t(root) + field, stated))
    return 0;
  return stated;
}

} // namespace tenon::package
