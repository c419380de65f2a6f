//===- Device.cpp - the null device: the skeleton ---------------------------------------------------===//
//
// Owns a device that has memory but runs no kernels: what a new device starts from, and what tests of the API run on.
// Its memory has no addresses of its own, like OpenCL's and Vulkan's. Listed only with TENON_NULL_DEVICE=1.
//
//===------------------------------------------------------------------------===//
#include "core/Device.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace tenon {

namespace null {
namespace {

constexpr uint64_t memoryBytes = uint64_t(1) << 30;
std::atomic<uint64_t> used{0};

class NullBuffer : public Buffer {
public:
  explicit NullBuffer(uint64_t bytes) {
    size = bytes;
    used += bytes;
    void *map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memory = map == MAP_FAILED ? nullptr : static_cast<char *>(map);
  }
  ~NullBuffer() override {
    used -= size;
    if (memory)
      munmap(memory, size);
  }
  char *memory = nullptr; // not `address`: core must reserve a range for it
};

class NullMarker : public Marker {
public:
  Status query(bool &done) override {
    done = true;
    return {};
  }
  Status wait() override { return {}; }
};

class NullProgram : public Program {};

class NullQueue : public Queue {
public:
  Status launch(const KernelLaunch &) override { return {}; }
  Status copyIn(Place to, const void *from, uint64_t bytes, HostMemory) override {
    memcpy(at(to), from, bytes);
    return {};
  }
  Status copyOut(void *to, Place from, uint64_t bytes, HostMemory) override {
    memcpy(to, at(from), bytes);
    return {};
  }
  Status copy(Place to, Place from, uint64_t bytes) override {
    memmove(at(to), at(from), bytes);
    return {};
  }
  Status fill(Place to, uint8_t value, uint64_t bytes) override {
    memset(at(to), value, bytes);
    return {};
  }
  Status record(Marker &) override { return {}; }
  Status wait(Marker &marker) override { return marker.wait(); }
  Status flush() override { return {}; }
  Status synchronize() override { return {}; }
  Status query(bool &idle) override {
    idle = true;
    return {};
  }

private:
  static char *at(Place place) { return static_cast<NullBuffer *>(place.buffer)->memory + place.offset; }
};

class NullDevice : public Device {
public:
  explicit NullDevice(DeviceInfo info) : Device(std::move(info)) {}

  Status allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override {
    if (bytes > memoryBytes || used + bytes > memoryBytes)
      return error(tnErrorMemoryAllocation, "out of memory: %llu bytes asked for, null has %llu left",
                   static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(memoryBytes - used));
    auto made = std::make_unique<NullBuffer>(bytes);
    if (!made->memory)
      return error(tnErrorMemoryAllocation, "out of memory: %llu bytes asked for, the system has no more",
                   static_cast<unsigned long long>(bytes));
    buffer = std::move(made);
    return {};
  }
  Status memory(uint64_t &freeBytes, uint64_t &totalBytes) override {
    totalBytes = memoryBytes;
    freeBytes = memoryBytes - used;
    return {};
  }
  Status load(const package::Module &, const std::string &, std::unique_ptr<Program> &program) override {
    program = std::make_unique<NullProgram>();
    return {};
  }
  Status createQueue(int, std::unique_ptr<Queue> &queue) override {
    queue = std::make_unique<NullQueue>();
    return {};
  }
  Status createMarker(bool, std::unique_ptr<Marker> &marker) override {
    marker = std::make_unique<NullMarker>();
    return {};
  }
};

class NullDriver : public Driver {
public:
  const char *name() const override { return "null"; }
  bool needsProbe() const override { return false; }

  void units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &) override {
    const char *wanted = getenv("TENON_NULL_DEVICE");
    if (wanted && !strcmp(wanted, "1"))
      units.push_back({"null", {}, {}});
  }

  Status probe(const ProbeUnit &, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &) override {
    using package::Property;
    DeviceInfo info;
    info.key = "null";
    info.name = "null";
    info.platform = "Tenon null";
    info.kind = DeviceKind::Null;
    memcpy(info.uuid, "tenon null", 10);
    info.totalMemory = info.maxAllocation = memoryBytes;
    for (uint64_t &side : info.maxBlock)
      side = 1024;
    for (size_t p = 0; p < numProperties; ++p)
      info.properties[p] = 1;
    info.setProperty(Property::Class, 0);
    info.setProperty(Property::IsaLevel, 4);
    info.setProperty(Property::VectorBits, 512);
    info.setProperty(Property::ComputeUnits, 1);
    info.setProperty(Property::MaxGroupSize, 1024);
    info.setProperty(Property::LocalMemory, 64 << 10);
    info.setProperty(Property::MaxBufferBytes, memoryBytes);
    info.setProperty(Property::SpirvVersion, 16);
    info.setProperty(Property::SharedMemory, 0);
    info.targets = {package::Target::Host, package::Target::OpenCL, package::Target::SpirvOpenCL,
                    package::Target::SpirvVulkan};
    devices.push_back(std::move(info));
    return {};
  }

  Status open(const DeviceInfo &info, const std::vector<ProbeUnit> &, std::unique_ptr<Device> &device) override {
    device = std::make_unique<NullDevice>(info);
    return {};
  }
};

} // namespace
} // namespace null

Driver &nullDriver() {
  static Driver &driver = *new null::NullDriver;
  return driver;
}

} // namespace tenon
