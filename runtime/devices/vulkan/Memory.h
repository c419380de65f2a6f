//===- Memory.h - device and host memory of a Vulkan device -------------------===//
//
// Owns the choice of memory types, the big blocks taken from the driver and the pieces handed out of them. Does not own
// the order in which memory is used, nor caching of freed pieces (core's pools).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "devices/vulkan/Loader.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace tenon::vulkan {

class Context;
struct Block;

/// A part of a block. `host` is where the host sees it, null where it does not.
struct Piece {
  Block *block = nullptr;
  VkBuffer buffer = VK_NULL_HANDLE;
  uint64_t offset = 0; ///< In `buffer`; a multiple of pieceAlignment.
  uint64_t bytes = 0;  ///< As handed out: rounded up to pieceAlignment.
  std::byte *host = nullptr;

  explicit operator bool() const { return block; }
};

/// Of every piece, in bytes: at least minStorageBufferOffsetAlignment (at most 256 by the specification), and what the
/// runtime promises for allocations.
constexpr uint64_t pieceAlignment = 256;

/// Memory of one type. Thread-safe.
class Heap {
public:
  enum class Use {
    Device, ///< For kernels. Seen by the host where the device's memory is the host's.
    Host    ///< For transfers: seen by the host, cached by it.
  };

  Heap(Context &context, Use use);
  ~Heap();
  Heap(const Heap &) = delete;
  Heap &operator=(const Heap &) = delete;

  /// Chooses the memory type.
  Status open();

  Status allocate(uint64_t bytes, Piece &piece);
  void release(Piece &piece);

  uint64_t getTotal() const;                      ///< Bytes of the memory heap behind it.
  uint32_t getHeapIndex() const { return index; } ///< Of the memory heap behind it.

private:
  Status addBlock(uint64_t bytes, bool dedicated, Block *&block);
  void removeBlock(Block *block);
  bool freeIdleBlocks();

  Context &context;
  Use use;
  uint32_t type = 0, index = 0;
  bool mapped = false;
  uint64_t blockBytes = 0;
  std::mutex mutex;
  std::vector<std::unique_ptr<Block>> blocks;
};

/// What core holds: a piece for as long as it lives.
class VulkanBuffer final : public Buffer {
public:
  VulkanBuffer(std::shared_ptr<Context> context, Heap &heap, const Piece &piece, uint64_t bytes);
  ~VulkanBuffer() override;

  Piece piece;

private:
  std::shared_ptr<Context> context;
  Heap &heap;
};

/// Small host-visible allocations of one batch: argument blocks and data in flight. All are given back at once.
class Arena {
public:
  explicit Arena(Heap &heap) : heap(heap) {}
  ~Arena();
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;

  /// A piece aligned to pieceAlignment, valid until reset().
  Status allocate(uint64_t bytes, Piece &piece);
  void reset();

private:
  Heap &heap;
  std::vector<Piece> chunks;
  size_t current = 0;
  uint64_t used = 0;
};

} // namespace tenon::vulkan
