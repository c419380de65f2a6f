//===- Device.h - an OpenCL device ------------------------------------------===//
//
// Owns the context of one device, its memory account, and the list of programs that are alive. Does not own what is
// made from it: buffers (Memory.h), programs (Kernel.h), queues and markers (Stream.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Loader.h"
#include "Probe.h"
#include "core/Device.h"

#include <atomic>
#include <mutex>
#include <set>

namespace tenon::opencl {

class ClDevice final : public Device {
public:
  /// Makes the device's context.
  static Status open(const DeviceInfo &info, const OpenedDevice &opened, std::unique_ptr<Device> &device);
  ~ClDevice() override;

  Status allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override;
  Status memory(uint64_t &freeBytes, uint64_t &totalBytes) override;
  Status allocateHost(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override;
  Status load(const package::Module &module, const std::string &key, std::unique_ptr<Program> &program) override;
  Status createQueue(int priority, std::unique_ptr<Queue> &queue) override;
  Status createMarker(bool timing, std::unique_ptr<Marker> &marker) override;
  Status elapsed(Marker &from, Marker &to, double &milliseconds) override;

  const Api &cl;
  const cl_device_id id;
  const cl_context context;

  /// For what belongs to no stream: making memory real, mapping it.
  cl_command_queue housekeeping() const { return ownQueue; }
  /// Stands for the buffer of an empty tensor: not every driver takes a null one.
  cl_mem nothing() const { return emptyBuffer; }

  /// Counts memory as used; false when there is not so much.
  bool reserve(uint64_t bytes);
  void unreserve(uint64_t bytes) { usedBytes.fetch_sub(bytes, std::memory_order_relaxed); }
  uint64_t used() const { return usedBytes.load(std::memory_order_relaxed); }

  /// Programs have numbers that are never used again. Queues keep a kernel object for each; when `retirements` has
  /// changed they drop those of programs that are gone.
  uint64_t enrollProgram();
  void retireProgram(uint64_t number);
  bool programIsAlive(uint64_t number);
  uint64_t retirements() const { return retired.load(std::memory_order_acquire); }

private:
  ClDevice(const DeviceInfo &info, const OpenedDevice &opened, cl_context context, bool saneTimestamps);

  cl_command_queue ownQueue = nullptr;
  cl_mem emptyBuffer = nullptr;
  const bool saneTimestamps;
  std::atomic<uint64_t> usedBytes = 0;
  std::atomic<uint64_t> retired = 0;
  std::mutex programsMutex;
  std::set<uint64_t> programs;
  uint64_t lastProgram = 0;
};

} // namespace tenon::opencl
