//===- KnownGaps.h - what a device is allowed to refuse ---------------------===//
//
// Owns the one list of operators that a device may refuse, with the reason. What is on it must be refused, with a
// message that says why: a gap that passes fails the suite. Nothing else may be refused.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Values.h"
#include "tenon/tenon.h"

#include <set>

namespace tenon::conformance {

struct KnownGap {
  const char *reason;
  bool (*applies)(const tnDeviceProp &device, const std::set<Type> &types);
  const char *message; ///< What the refusal must say.
};

/// The gap that a call with such types falls into on a device, or null.
const KnownGap *findGap(const tnDeviceProp &device, const std::set<Type> &types);

} // namespace tenon::conformance
