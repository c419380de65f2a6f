//===- Probe.h - finding devices without risk ---------------------------------------------------===//
//
// Owns the probing process (one a unit of a driver, in parallel, with a time limit) and the cache of what it found.
// Does not own what is made of the devices (DeviceList) nor how a driver finds them (Driver::probe).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

namespace tenon {

/// Every driver in the library, in the order of runtime/devices/CMakeLists.txt.
const std::vector<Driver *> &allDrivers();

/// Finds a driver's devices. What crashes, takes too long or fails is left out with its reason.
void probeDriver(Driver &driver, std::vector<ProbeUnit> &good, std::vector<DeviceInfo> &devices,
                 std::vector<LeftOut> &leftOut);

/// The main function of tenon-probe: probes one unit and writes what it found to a file descriptor.
int probeMain(int argc, char **argv);

/// TENON_CACHE_DIR, else XDG_CACHE_HOME/tenon, else ~/.cache/tenon; made if it is not there. Empty if it cannot be.
std::string cacheFolder();

/// Writes a file so that readers see all or nothing. False if it cannot be.
bool writeFileWhole(const std::string &path, const std::string &content);

} // namespace tenon
