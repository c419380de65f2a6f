//===- Spirv.h - what a SPIR-V module says of itself -----------------------------===//
//
// Owns the reading of a module's header, capabilities and entry points, so that code a driver would crash on is an
// error instead. Does not validate the module: the compiler has done that.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tenon::vulkan {

struct DeviceTraits;

struct SpirvModule {
  std::vector<uint32_t> words;       ///< Aligned, as vkCreateShaderModule wants them.
  std::set<std::string> entryPoints; ///< Of compute shaders.
};

/// Reads `size` bytes. An error where it is not SPIR-V, is newer than the device takes, or needs what it lacks.
Status readSpirv(const uint8_t *code, size_t size, const DeviceTraits &traits, SpirvModule &module);

} // namespace tenon::vulkan
