//===- Status.h - Vulkan's results as the runtime's errors --------------------===//
//
// Owns the mapping from VkResult to tnError_t and to text. Does not own the Status class (core/Status.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"
#include "devices/vulkan/Loader.h"

namespace tenon::vulkan {

/// "VK_ERROR_OUT_OF_DEVICE_MEMORY (-2)"
std::string getResultText(VkResult result);

/// "1.3"
std::string formatVersion(uint32_t version);

/// Success, or an error "WHAT: VK_ERROR_... (-2)" with the runtime's nearest code.
Status check(VkResult result, const char *what);

} // namespace tenon::vulkan
