//===- Context.h - an open VkDevice and what all its parts share --------------===//
//
// Owns the VkDevice, its function table, hardware queues, memory heaps, timestamp queries and pipeline cache. Buffers,
// programs, streams and markers hold it by shared pointer, so it goes last. Does not own any work.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "devices/vulkan/Memory.h"
#include "devices/vulkan/Pacer.h"
#include "devices/vulkan/Probe.h"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace tenon::vulkan {

/// One VkQueue; submitting needs the lock. Streams are spread over all there are.
struct HardwareQueue {
  VkQueue handle = VK_NULL_HANDLE;
  std::mutex mutex;
};

/// A place for one timestamp. Given back to the context when the last holder (marker or batch in flight) lets go.
struct Timestamp {
  VkQueryPool pool = VK_NULL_HANDLE;
  uint32_t query = 0;
};

class Context {
public:
  static Status create(std::shared_ptr<Instance> instance, const DeviceTraits &traits,
                       std::shared_ptr<Context> &context);
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  const std::shared_ptr<Instance> instance;
  const DeviceTraits traits;
  VkDevice handle = VK_NULL_HANDLE;
  DeviceFunctions vk;
  VkPipelineCache pipelineCache = VK_NULL_HANDLE;

  Heap &getDeviceHeap() { return *deviceHeap; }
  Heap &getHostHeap() { return *hostHeap; }
  /// Memory for buffer arguments that are empty tensors: a binding must hold something.
  const Piece &getNothing() const { return nothing; }

  /// Blocks until the device does nothing, where waiting for less has failed.
  void waitIdle();

  Pacer &getPacer() { return pacer; }

  /// A hardware queue for a new stream, in turn.
  HardwareQueue &nextQueue();

  /// A timeline semaphore, and the value it stands at. They are used again and destroyed with the device only: Mesa's
  /// submission thread still touches a semaphore after the host has seen the value that it waited for.
  Status takeSemaphore(VkSemaphore &semaphore, uint64_t &value);
  void giveSemaphore(VkSemaphore semaphore, uint64_t value);

  Status takeTimestamp(std::shared_ptr<Timestamp> &timestamp);

  /// Counts bytes of a memory heap. False, and nothing counted, where `enforce` and there are not so many left.
  bool reserve(uint32_t heap, uint64_t bytes, bool enforce);
  void unreserve(uint32_t heap, uint64_t bytes) { used[heap] -= bytes; }
  uint64_t getUsed(uint32_t heap) const { return used[heap]; }

  /// Free bytes of a memory heap, from the driver where it tells.
  uint64_t getFree(uint32_t heap) const;

  /// Host memory from allocateHost: the piece that holds all of [address, address + bytes), or an empty one.
  Piece findHostPiece(const void *address, uint64_t bytes);
  void addHostPiece(const Piece &piece);
  void removeHostPiece(const Piece &piece);

private:
  Context(std::shared_ptr<Instance> instance, const DeviceTraits &traits)
      : instance(std::move(instance)), traits(traits) {}
  Status open();

  std::vector<std::unique_ptr<HardwareQueue>> queues;
  std::atomic<uint32_t> queueTurn{0};
  std::unique_ptr<Heap> deviceHeap, hostHeap;
  Piece nothing;
  std::array<std::atomic<uint64_t>, VK_MAX_MEMORY_HEAPS> used{};

  std::mutex semaphoreMutex;
  std::vector<std::pair<VkSemaphore, uint64_t>> semaphores; ///< Not in use.

  struct TimestampStore {
    std::mutex mutex;
    std::vector<Timestamp> free;
    std::vector<VkQueryPool> pools;
  };
  // Apart from the context, so that a timestamp that outlives it gives itself back safely.
  std::shared_ptr<TimestampStore> timestamps = std::make_shared<TimestampStore>();

  Pacer pacer;

  std::mutex hostMutex;
  std::map<const std::byte *, Piece> hostPieces;
};

} // namespace tenon::vulkan
