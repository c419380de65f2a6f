//===- KnownGaps.cpp --------------------------------------------------------===//
#include "KnownGaps.h"

namespace tenon::conformance {

static const KnownGap gaps[] = {
    {"64-bit floats are not emulated",
     [](const tnDeviceProp &device, const std::set<Type> &types) {
       return !device.hasFloat64 && types.count(Type::F64);
     },
     "f64 arithmetic"},
};

const KnownGap *findGap(const tnDeviceProp &device, const std::set<Type> &types) {
  for (const KnownGap &gap : gaps)
    if (gap.applies(device, types))
      return &gap;
  return nullptr;
}

} // namespace tenon::conformance
