//===- Quirks.h - what drivers say wrongly or not at all ----------------------===//
//
// Owns the one table of corrections. Everything else believes DeviceTraits.
//
//===------------------------------------------------------------------------===//
#pragma once

namespace tenon::vulkan {

struct DeviceTraits;

/// Corrects `traits` in place.
void applyQuirks(DeviceTraits &traits);

} // namespace tenon::vulkan
