//===- Targets.cpp - every target there is ----------------------------------===//
//
// Owns the list of targets, expanded by CMake from the one in CMakeLists.txt. Does not own any target.
//
//===------------------------------------------------------------------------===//
#include "Target.h"

namespace tenon {

#define TENON_TARGET(Name) const Target &get##Name##Target();
#include "Targets.inc"
#undef TENON_TARGET

llvm::ArrayRef<const Target *> getTargets() {
  static const Target *const targets[] = {
#define TENON_TARGET(Name) &get##Name##Target(),
#include "Targets.inc"
#undef TENON_TARGET
  };
  return targets;
}

} // namespace tenon
