//===- Probe.h - what an OpenCL device says of itself -----------------------===//
//
// Owns the questions to a driver and what the answers are to the runtime: DeviceInfo, or why a device is left out.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Loader.h"
#include "core/Device.h"

namespace tenon::opencl {

/// See Driver::probe.
Status probeUnit(const ProbeUnit &unit, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut);

/// A device of this process: what DeviceInfo stands for once its driver is open.
struct OpenedDevice {
  const Platform *platform = nullptr;
  cl_device_id id = nullptr;
};

/// Finds again what a probe found, perhaps in another process.
Status findDevice(const DeviceInfo &info, const ProbeUnit &unit, OpenedDevice &device);

} // namespace tenon::opencl
