//===- Device.cpp - the host as a device ---------------------------------------------------------===//
//
// Owns host's driver and device: always there, one device, the processor this program runs on.
//
//===------------------------------------------------------------------------===//
#include "core/Device.h"

#include "devices/host/Isa.h"
#include "devices/host/Kernel.h"
#include "devices/host/Memory.h"
#include "devices/host/Stream.h"
#include "devices/host/Threads.h"
#include "tenon/tenon.h"

#include <cstring>

namespace tenon {

namespace host {
namespace {

class HostDevice : public Device {
public:
  explicit HostDevice(DeviceInfo info) : Device(std::move(info)) {}

  Status allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override {
    return Memory::get().allocate(bytes, buffer);
  }
  Status allocateHost(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override {
    return Memory::get().allocate(bytes, buffer);
  }
  Status memory(uint64_t &freeBytes, uint64_t &totalBytes) override {
    memoryLimits(totalBytes, freeBytes);
    freeBytes += Memory::get().kept();
    freeBytes = freeBytes < totalBytes ? freeBytes : totalBytes;
    return {};
  }
  Status load(const package::Module &module, const std::string &, std::unique_ptr<Program> &program) override {
    auto made = std::make_unique<HostProgram>();
    TENON_TRY(made->load(module));
    program = std::move(made);
    return {};
  }
  Status createQueue(int, std::unique_ptr<Queue> &queue) override {
    queue = std::make_unique<HostQueue>();
    return {};
  }
  Status createMarker(bool, std::unique_ptr<Marker> &marker) override {
    marker = std::make_unique<HostMarker>();
    return {};
  }
  Status elapsed(Marker &from, Marker &to, double &milliseconds) override {
    using namespace std::chrono;
    steady_clock::duration span(static_cast<HostMarker &>(to).time - static_cast<HostMarker &>(from).time);
    milliseconds = duration<double, std::milli>(span).count();
    return {};
  }
  Status occupancy(Program &, uint32_t, uint32_t, uint64_t, int &groups) override {
    groups = 1; // a thread runs one group at a time
    return {};
  }
};

class HostDriver : public Driver {
public:
  const char *name() const override { return "host"; }
  bool needsProbe() const override { return false; }
  void units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &) override { units.push_back({"host", {}, {}}); }

  Status probe(const ProbeUnit &, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &) override {
    using package::Property;
    DeviceInfo info;
    unsigned threads = 1;
    TENON_TRY(threadCount(threads));
    uint64_t available = 0;
    memoryLimits(info.totalMemory, available);
    info.key = "host";
    info.name = processorName();
    info.platform = "Tenon host";
    info.platformVersion = text("%d.%d", TENON_VERSION / 1000, TENON_VERSION % 1000 / 10);
    info.kind = DeviceKind::Host;
    info.maxAllocation = info.totalMemory;
    for (uint64_t &side : info.maxGrid)
      side = INT64_MAX;
    uint64_t hash = 0xcbf29ce484222325u; // FNV-1a of the name: the same in every process
    for (char c : info.name)
      hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
    memcpy(info.uuid, &hash, sizeof hash);
    memcpy(info.uuid + 8, "host", 4);
    int level = isaLevel();
    info.setProperty(Property::Class, 0);
    info.setProperty(Property::IsaLevel, level);
    info.setProperty(Property::VectorBits, level == 4 ? 512 : level == 3 ? 256 : 128);
    info.setProperty(Property::ComputeUnits, threads);
    info.setProperty(Property::MaxGroupSize, 1);
    info.setProperty(Property::SubgroupSize, 1);
    info.setProperty(Property::MaxBufferBytes, INT64_MAX);
    for (Property p : {Property::Float16, Property::Float64, Property::Int8, Property::Int16, Property::Int64,
                       Property::Storage8, Property::Storage16, Property::SharedMemory})
      info.setProperty(p, 1);
    info.setProperty(Property::Fma, level >= 3);
    info.targets = {package::Target::Host};
    devices.push_back(std::move(info));
    return {};
  }

  Status open(const DeviceInfo &info, const std::vector<ProbeUnit> &, std::unique_ptr<Device> &device) override {
    Threads::get().setCount(static_cast<unsigned>(info.property(package::Property::ComputeUnits)));
    Memory::get().setLimit(info.totalMemory);
    device = std::make_unique<HostDevice>(info);
    return {};
  }
};

} // namespace
} // namespace host

Driver &hostDriver() {
  static Driver &driver = *new host::HostDriver;
  return driver;
}

} // namespace tenon
