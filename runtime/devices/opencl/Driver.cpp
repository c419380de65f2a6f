//===- Driver.cpp - OpenCL in the list of drivers ---------------------------===//
//
// Owns the object that the runtime knows OpenCL by. The work is in Vendors (what there is), Probe (what it can do) and
// Device.
//
//===------------------------------------------------------------------------===//
#include "Device.h"
#include "Vendors.h"

namespace tenon {
namespace opencl {
namespace {
class ClDriver final : public Driver {
public:
  const char *name() const override { return "opencl"; }

  void units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &leftOut) override { findUnits(units, leftOut); }

  Status probe(const ProbeUnit &unit, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut) override {
    return probeUnit(unit, devices, leftOut);
  }

  Status open(const DeviceInfo &info, const std::vector<ProbeUnit> &good, std::unique_ptr<Device> &device) override {
    for (const ProbeUnit &unit : good) {
      if (unit.name != info.unit)
        continue;
      OpenedDevice opened;
      TENON_TRY(findDevice(info, unit, opened));
      return ClDevice::open(info, opened, device);
    }
    return error(tnErrorDevicesUnavailable, "open %s: its driver %s is not among those that can be used",
                 info.name.c_str(), info.unit.c_str());
  }
};
} // namespace
} // namespace opencl

Driver &openclDriver() {
  static Driver &driver = *new opencl::ClDriver;
  return driver;
}

} // namespace tenon
