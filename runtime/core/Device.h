//===- Device.h - the interface to a device ------------------------------------===//
//
// Owns what a folder under runtime/devices implements: a Driver (finds and opens devices), a Device with its Buffers,
// Programs, Queues and Markers. Required methods are pure virtual; optional ones answer tnErrorNotSupported.
// Does not own ordering in software: streams, the default stream, host functions, events that wait for the host, memory
// pools and pointers are core's (Stream, AddressMap, Pool), written once over this interface.
//
// What core promises to a device
// - A queue is fed by one thread at a time; `synchronize` and `query` may be called at any time, from any thread.
//   Everything else (Device, Program, Marker) is called from any thread.
// - `Queue::wait` gets only markers of the same device that have been recorded already: whatever waits for the host
//   is held back by core until it may run. So one hardware queue is enough: submitting in the order of calls cannot
//   deadlock.
// - Buffers, programs and markers are destroyed only after all work that uses them is done; queues when idle.
// - Ranges lie inside their buffers; sizes are not zero; grids are not zero and within DeviceInfo::maxGrid.
//
// What a device promises to core
// - A queue does its work in order, each piece seeing the memory of those before it.
// - No exception leaves it; errors found late come back from `synchronize`, `query` or Marker::wait, once.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"
#include "package_generated.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

constexpr size_t numProperties = static_cast<size_t>(package::Property::MAX) + 1;

/// Where a device stands in the order of devices: smaller is better.
enum class DeviceKind : uint8_t { Discrete, Integrated, OtherAccelerator, Host, Software, Null };

/// All that is known of a device without opening it. Written to the probe's cache as JSON-like text, so plain values.
struct DeviceInfo {
  std::string driver;   ///< Folder: "opencl".
  int index = 0;        ///< Among the devices of its folder; set by core: "opencl:INDEX" is the device's id.
  std::string unit;     ///< The ProbeUnit it was found in; set by core.
  std::string key;      ///< The driver's own: finds the device again in `Driver::open`, e.g. platform and number.
  std::string name;     ///< As the driver names it: "pthread-AMD EPYC".
  std::string platform; ///< The driver's (platform's) name: "Portable Computing Language", "llvmpipe".
  std::string platformVersion; ///< Version of driver and API, for people.
  std::string vendor;
  std::string silicon;   ///< Same text, same silicon (UUID in hex or PCI address) across drivers; may be empty.
  uint8_t uuid[16] = {}; ///< Stable between processes; made from the names if the driver has none.
  DeviceKind kind = DeviceKind::Software;
  uint64_t totalMemory = 0;                                   ///< Bytes.
  uint64_t maxAllocation = 0;                                 ///< Bytes of one allocation.
  uint64_t maxGrid[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}; ///< In groups.
  uint64_t maxBlock[3] = {1, 1, 1};                           ///< In work-items.
  uint32_t clockMHz = 0;
  int64_t properties[numProperties] = {}; ///< By package::Property.
  std::vector<package::Target> targets;   ///< Accepted, best first.
  std::vector<std::string> quirks;        ///< What is worked around, for tenon-info.

  int64_t property(package::Property p) const { return properties[static_cast<size_t>(p)]; }
  void setProperty(package::Property p, int64_t value) { properties[static_cast<size_t>(p)] = value; }
};

/// A device or a whole driver that is not listed, and why.
struct LeftOut {
  std::string name; ///< "opencl: /etc/OpenCL/vendors/x.icd", "vulkan"
  std::string reason;
};

/// A piece of device memory. Devices derive from it.
class Buffer {
public:
  virtual ~Buffer() = default;
  uint64_t size = 0; ///< Bytes that may be used.
  void *address =
      nullptr; ///< Where the memory is, if the device has real pointers with arithmetic that kernels and the host both
               ///< understand as addresses; else null, and core reserves a range of addresses for it.
};

/// A place in a buffer.
struct Place {
  Buffer *buffer = nullptr;
  uint64_t offset = 0; ///< Bytes. With a null buffer (only where DeviceInfo's SharedMemory is 1 and addresses are real:
                       ///< host) this is an address.
};

/// Whether the host's memory stays as it is until the queue has passed the copy.
enum class HostMemory : uint8_t {
  Stable,   ///< Pinned, or the caller waits: the copy may be queued.
  Transient ///< When the call returns the memory has been read (copyIn) or written (copyOut).
};

/// One argument of a kernel, in the order of package::Kernel.args.
struct KernelArg {
  Buffer *buffer = nullptr;
  uint64_t bits = 0;  ///< Buffer arguments: the byte offset (or the address with a null buffer). Scalars: the value's
                      ///< bytes, little-endian; Index is a 64-bit value whatever the module's index_bits.
  uint64_t bytes = 0; ///< Buffer arguments: how many bytes from the offset on the kernel may touch; 0 for an empty
                      ///< tensor, whose buffer and bits may be null then.
};

/// Code that has been built for a device: the kernels of one package::Module.
class Program {
public:
  virtual ~Program() = default;
};

struct KernelLaunch {
  Program *program = nullptr;
  uint32_t kernel = 0;             ///< Index in package::Module.kernels.
  uint64_t grid[3] = {1, 1, 1};    ///< In groups.
  const uint32_t *block = nullptr; ///< Work-items a group, three numbers; null is the kernel's own.
  uint64_t localBytes = 0;         ///< Workgroup memory beyond the kernel's own.
  const KernelArg *args = nullptr;
  size_t numArgs = 0;
};

/// A point in a queue: recorded, queried, waited for. Recording again moves it.
class Marker {
public:
  virtual ~Marker() = default;
  /// Whether the work before the last record is done. True when never recorded.
  virtual Status query(bool &done) = 0;
  /// Blocks until then.
  virtual Status wait() = 0;
};

/// An in-order stream of work.
class Queue {
public:
  virtual ~Queue() = default;

  virtual Status launch(const KernelLaunch &launch) = 0;
  virtual Status copyIn(Place to, const void *from, uint64_t bytes, HostMemory memory) = 0;
  virtual Status copyOut(void *to, Place from, uint64_t bytes, HostMemory memory) = 0;
  virtual Status copy(Place to, Place from, uint64_t bytes) = 0; ///< Overlap is undefined, as with memcpy.
  virtual Status fill(Place to, uint8_t value, uint64_t bytes) = 0;

  virtual Status record(Marker &marker) = 0;
  virtual Status wait(Marker &marker) = 0; ///< Later work starts after the marker, which is of any queue of the device.

  virtual Status flush() = 0;       ///< Everything so far starts without further calls.
  virtual Status synchronize() = 0; ///< Blocks until everything is done.
  virtual Status query(bool &idle) = 0;
};

class Device {
public:
  virtual ~Device() = default;
  const DeviceInfo &info() const { return description; }

  // Memory. Alignment is at least 256 bytes.
  virtual Status allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) = 0;
  virtual Status memory(uint64_t &freeBytes, uint64_t &totalBytes) = 0;

  // Code. `key` names the code for a cache: the package's content hash and the module's place in it.
  virtual Status load(const package::Module &module, const std::string &key, std::unique_ptr<Program> &program) = 0;

  // Work.
  virtual Status createQueue(int priority, std::unique_ptr<Queue> &queue) = 0;
  virtual Status createMarker(bool timing, std::unique_ptr<Marker> &marker) = 0;

  /// Milliseconds between two timing markers that are done, from the device's clock. Unsupported: core takes the
  /// host's.
  virtual Status elapsed(Marker &from, Marker &to, double &milliseconds);

  /// Host memory that the device copies from and to quickly. Unsupported: core takes plain memory.
  virtual Status allocateHost(uint64_t bytes, std::unique_ptr<Buffer> &buffer);

  /// Bytes that a running kernel's private and workgroup memory leaves: the largest number of groups a compute unit
  /// holds.
  virtual Status occupancy(Program &program, uint32_t kernel, uint32_t workItems, uint64_t localBytes, int &groups);

protected:
  explicit Device(DeviceInfo info) : description(std::move(info)) {}
  DeviceInfo description;
};

/// What can be probed alone: usually one driver file. A crash leaves out this unit only.
struct ProbeUnit {
  std::string name;                                             ///< For messages: the path of the .icd file.
  std::vector<std::string> files;                               ///< Their path, size and time are the cache's key.
  std::vector<std::pair<std::string, std::string>> environment; ///< Set in the probing process only.
};

/// One folder under runtime/devices. One object, made on first use and never destroyed.
class Driver {
public:
  virtual ~Driver() = default;
  virtual const char *name() const = 0;

  /// False where finding devices is cheap and cannot crash (host, null): no process, no cache.
  virtual bool needsProbe() const { return true; }

  /// Lists what there is to probe without opening any driver. With none, says why in `leftOut`.
  virtual void units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &leftOut) = 0;

  /// Finds the devices of a unit. Runs in the probing process, whose environment the unit has set (or in this process
  /// where needsProbe is false); opens drivers and may crash. Fills everything of DeviceInfo but driver, index and
  /// unit.
  virtual Status probe(const ProbeUnit &unit, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut) = 0;

  /// Opens a device. `good` are the units that were probed without a crash: nothing else may be loaded into this
  /// process.
  virtual Status open(const DeviceInfo &info, const std::vector<ProbeUnit> &good, std::unique_ptr<Device> &device) = 0;
};

} // namespace tenon
