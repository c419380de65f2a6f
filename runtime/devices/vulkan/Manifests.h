//===- Manifests.h - where Vulkan's drivers are listed ----------------------------===//
//
// Owns the search for driver manifests, by the rules of the Vulkan loader, so that each can be probed alone. Opens no
// library.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <string>
#include <vector>

namespace tenon::vulkan {

/// One unit a manifest. `searched` gets the folders and files that were looked at.
std::vector<ProbeUnit> findManifests(std::string &searched);

} // namespace tenon::vulkan
