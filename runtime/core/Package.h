//===- Package.h - a package that has been checked -----------------------------------===//
//
// Owns the bytes of a .tnb and the checks that make reading it safe: format, content hash, FlatBuffers' verifier, and
// every index, enumerator and count in it. After `open` the rest of the runtime follows indices without looking. Does
// not own what happens at launch (Plan, Launch).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"
#include "package_generated.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace tenon {

/// The newest format this runtime reads; a package says its own in Package.format.
constexpr uint32_t packageFormat = 1;

/// Loops in a plan nest at most this deep.
constexpr unsigned maxLoopDepth = 8;

class PackageFile {
public:
  /// Checks a copy of `bytes`. Distinct errors for what is no package, truncated, newer, damaged.
  static Status open(std::vector<uint8_t> bytes, const std::string &name, std::shared_ptr<const PackageFile> &file);
  static Status openFile(const char *path, std::shared_ptr<const PackageFile> &file);

  const package::Package &root() const { return *package::GetPackage(bytes.data()); }
  uint64_t hash() const { return root().content_hash(); }

private:
  std::vector<uint8_t> bytes;
};

/// XXH64 of a package's bytes with the hash itself as zero. `bytes` must have passed the verifier.
uint64_t contentHash(const uint8_t *bytes, size_t size);

/// The checks past FlatBuffers' own; the message says which table is wrong.
Status checkPackage(const package::Package &package);

unsigned sizeOf(package::DType type);
const char *nameOf(package::DType type);
const char *nameOf(package::Property property);
const char *nameOf(package::Target target);

} // namespace tenon
