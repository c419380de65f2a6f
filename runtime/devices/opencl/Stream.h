//===- Stream.h - work for an OpenCL device ---------------------------------===//
//
// Owns queues (an in-order cl_command_queue each, with its own kernel objects) and markers (a cl_event each). Does not
// own streams: what waits for the host is core's.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Device.h"

#include <unordered_map>

namespace tenon::opencl {

class ClProgram;

class ClMarker final : public Marker {
public:
  ClMarker(ClDevice &device, bool timing) : device(device), timing(timing) {}
  ~ClMarker() override;

  Status query(bool &done) override;
  Status wait() override;

  /// Moves to the end of `queue`, and sees to it that the work before it starts: others may wait for it.
  Status record(cl_command_queue queue);
  /// Makes what comes later in `queue` wait.
  Status hold(cl_command_queue queue);
  /// Nanoseconds of the device's clock.
  Status time(uint64_t &nanoseconds);

private:
  /// A reference of the caller's own, or null when never recorded: recording moves on at any time.
  Status retain(cl_event &reference);
  /// The error of an event that failed, told once.
  Status lateFailure(cl_event event, cl_int code);

  ClDevice &device;
  const bool timing;
  std::mutex mutex;
  cl_event event = nullptr;
};

class ClQueue final : public Queue {
public:
  static Status make(ClDevice &device, bool profiling, std::unique_ptr<Queue> &queue);
  ~ClQueue() override;

  Status launch(const KernelLaunch &launch) override;
  Status copyIn(Place to, const void *from, uint64_t bytes, HostMemory memory) override;
  Status copyOut(void *to, Place from, uint64_t bytes, HostMemory memory) override;
  Status copy(Place to, Place from, uint64_t bytes) override;
  Status fill(Place to, uint8_t value, uint64_t bytes) override;
  Status record(Marker &marker) override;
  Status wait(Marker &marker) override;
  Status flush() override;
  Status synchronize() override;
  Status query(bool &idle) override;

private:
  /// A kernel object, and the values that its arguments have been set to.
  struct KernelObject {
    cl_kernel kernel = nullptr;
    bool known = false; ///< `values` are what the kernel object holds.
    std::vector<uint64_t> values;
  };
  /// The kernel objects of a program.
  using KernelObjects = std::vector<KernelObject>;

  ClQueue(ClDevice &device, cl_command_queue queue) : device(device), queue(queue) {}
  Status kernelObject(const ClProgram &program, size_t kernel, KernelObject *&object);
  Status setArguments(const ClProgram &program, KernelObject &object, const KernelLaunch &launch);
  void dropRetired();
  void release(KernelObjects &objects);
  /// Counts a command that is in the queue now.
  void enqueued() { commands.fetch_add(1, std::memory_order_release); }

  ClDevice &device;
  const cl_command_queue queue;
  std::unordered_map<uint64_t, KernelObjects> kernels; ///< By the program's number.
  uint64_t lastProgram = 0;                            ///< The entry used last, which the next launch often wants.
  KernelObjects *lastObjects = nullptr;
  uint64_t seenRetirements = 0;

  // For query, which any thread may call: a marker behind so many commands.
  std::atomic<uint64_t> commands = 0;
  std::mutex tailMutex;
  uint64_t tailCommands = 0;
  cl_event tail = nullptr;
};

} // namespace tenon::opencl
