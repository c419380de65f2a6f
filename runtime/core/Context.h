//===- Context.h - an open device ---------------------------------------------------------===//
//
// Owns everything that lives on one device: its streams (the default ones too), the rules between the legacy stream and
// blocking streams, its modules. There is one context for an open device. Does not own the list of devices
// (DeviceList).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/AddressMap.h"
#include "core/Device.h"
#include "core/Stream.h"

#include <atomic>
#include <mutex>
#include <set>
#include <unordered_map>

namespace tenon {

class LoadedModule;
class Event;

class Context {
public:
  explicit Context(std::unique_ptr<Device> device);
  ~Context();

  Device &device() { return *opened; }
  const DeviceInfo &info() const { return opened->info(); }
  /// "host", "opencl:0".
  std::string id() const;
  bool isHost() const { return host; }
  Status init();

  Stream &legacyStream() { return *legacy; }
  Status perThreadStream(Stream *&stream);
  Status createStream(unsigned flags, int priority, Stream *&stream);
  Status destroyStream(Stream &stream);

  Status synchronize();
  /// Frees memory, streams, events and modules.
  Status reset();

  Status allocate(uint64_t bytes, MemoryKind kind, void *&pointer);
  Status allocateAsync(uint64_t bytes, Stream &stream, void *&pointer);
  Status release(void *pointer, MemoryKind kind);
  Status releaseAsync(void *pointer, Stream &stream);

  void addModule(std::shared_ptr<LoadedModule> module);
  Status removeModule(LoadedModule &module);
  Event *createEvent(unsigned flags);
  bool destroyEvent(Event *event);

  /// Takes a marker that queued work may still use.
  void bury(std::unique_ptr<Marker> marker);

  /// How the device is called by DLPack, and whether a tensor's device is this one.
  DLDevice dlDevice();
  Status checkDevice(DLDevice device, const char *tensor);

private:
  friend class Stream;
  std::vector<std::shared_ptr<Stream>> allStreams();
  void reap();

  std::unique_ptr<Device> opened;
  bool host = false;
  std::mutex lock;
  std::shared_ptr<Stream> legacy;
  std::set<std::shared_ptr<Stream>> streams;
  std::vector<std::shared_ptr<Stream>> dying; ///< Destroyed by the program, still busy.
  std::mutex buryLock;
  std::vector<std::unique_ptr<Marker>> buried;
  std::vector<std::shared_ptr<LoadedModule>> modules;
  std::unordered_map<Event *, std::unique_ptr<Event>> events;

  // Legacy rules: a generation counter goes up with each work of the legacy stream; a blocking stream that has seen the
  // present one waits for nothing. `activeBlocking` counts the blocking streams with work the legacy stream has not
  // waited for.
  std::atomic<uint64_t> legacyGeneration{1};
  std::atomic<int> activeBlocking{0};
  std::mutex orderLock;
};

} // namespace tenon
