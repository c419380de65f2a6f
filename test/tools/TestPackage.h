//===- TestPackage.h - a small package for tests ----------------------------===//
//
// Owns building, with FlatBuffers alone, a package that tools can read. Its code is text that nobody runs.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package_generated.h"

#include <cstdint>
#include <vector>

namespace tenon::test {

/// One operator `scale(x: T[...b, n], k: f32 = 2, times: size) -> y: T[...b, n * times]` for f32 and f16, with one
/// OpenCL module, a plan of every kind of step and a right content hash.
std::vector<uint8_t> makePackage();

} // namespace tenon::test
