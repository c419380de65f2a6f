//===- Device.cpp - what optional methods of a device answer -----------------===//
#include "core/Device.h"

namespace tenon {

static Status unsupported(const Device &device, const char *what) {
  return error(tnErrorNotSupported, "device %s has no %s", device.info().name.c_str(), what);
}

Status Device::elapsed(Marker &, Marker &, double &) { return unsupported(*this, "clock of its own"); }
Status Device::allocateHost(uint64_t, std::unique_ptr<Buffer> &) { return unsupported(*this, "pinned host memory"); }
Status Device::occupancy(Program &, uint32_t, uint32_t, uint64_t, int &) {
  return unsupported(*this, "way to ask for occupancy");
}

} // namespace tenon
