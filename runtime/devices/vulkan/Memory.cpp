//===- Memory.cpp - blocks and pieces -----------------------------------------===//
//
// Owns the two levels: a VkDeviceMemory with one VkBuffer over all of it is a block; pieces are ranges of it. Drivers
// allow as few as 4096 blocks, so small allocations share them.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Memory.h"

#include "devices/vulkan/Context.h"
#include "devices/vulkan/Status.h"

#include <algorithm>
#include <map>

namespace tenon::vulkan {

struct Block {
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkBuffer buffer = VK_NULL_HANDLE;
  std::byte *host = nullptr;
  uint64_t bytes = 0;
  bool dedicated = false;
  std::map<uint64_t, uint64_t> free;                  ///< Offset to bytes; neighbours are joined.
  std::set<std::pair<uint64_t, uint64_t>> freeBySize; ///< (bytes, offset)

  void addFree(uint64_t offset, uint64_t size) {
    free[offset] = size;
    freeBySize.insert({size, offset});
  }
  void removeFree(std::map<uint64_t, uint64_t>::iterator it) {
    freeBySize.erase({it->second, it->first});
    free.erase(it);
  }

  /// The smallest hole that is large enough: keeps large holes whole.
  bool take(uint64_t size, uint64_t &offset) {
    auto hole = freeBySize.lower_bound({size, 0});
    if (hole == freeBySize.end())
      return false;
    auto [holeBytes, holeOffset] = *hole;
    removeFree(free.find(holeOffset));
    if (holeBytes > size)
      addFree(holeOffset + size, holeBytes - size);
    offset = holeOffset;
    return true;
  }

  void give(uint64_t offset, uint64_t size) {
    auto next = free.lower_bound(offset);
    if (next != free.end() && next->first == offset + size) {
      size += next->second;
      auto old = next++;
      removeFree(old);
    }
    if (next != free.begin()) {
      auto previous = std::prev(next);
      if (previous->first + previous->second == offset) {
        offset = previous->first;
        size += previous->second;
        removeFree(previous);
      }
    }
    addFree(offset, size);
  }

  bool isIdle() const { return free.size() == 1 && free.begin()->second == bytes; }
};

namespace {

constexpr uint64_t largeHeap = uint64_t(1) << 30;
constexpr uint64_t largeBlock = uint64_t(32) << 20;

VkBufferCreateInfo getBufferInfo(uint64_t bytes) {
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  return info;
}

/// How well a memory type serves; negative where it does not.
int getScore(Heap::Use use, bool shared, VkMemoryPropertyFlags flags) {
  constexpr VkMemoryPropertyFlags never = VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT | VK_MEMORY_PROPERTY_PROTECTED_BIT |
                                          VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD |
                                          VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD;
  constexpr VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  if (flags & never)
    return -1;
  bool local = flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  bool cached = flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  bool seen = (flags & visible) == visible;
  if (use == Heap::Use::Host)
    return seen ? 2 * cached + !local : -1;
  // A discrete device's memory that the host sees is often a small window: left to others.
  return 4 * local + (shared ? 2 * seen + cached : !(flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT));
}

} // namespace

Heap::Heap(Context &context, Use use) : context(context), use(use) {}

Status Heap::open() {
  const DeviceTraits &traits = context.traits;
  VkBufferCreateInfo info = getBufferInfo(pieceAlignment);
  VkBuffer probe = VK_NULL_HANDLE;
  TENON_TRY(check(context.vk.CreateBuffer(context.handle, &info, nullptr, &probe), "create a buffer"));
  VkMemoryRequirements requirements;
  context.vk.GetBufferMemoryRequirements(context.handle, probe, &requirements);
  context.vk.DestroyBuffer(context.handle, probe, nullptr);

  int best = -1;
  for (uint32_t i = 0; i < traits.memory.memoryTypeCount; ++i) {
    if (!(requirements.memoryTypeBits & (1u << i)))
      continue;
    int score = getScore(use, traits.mapDeviceMemory, traits.memory.memoryTypes[i].propertyFlags);
    if (score <= best)
      continue;
    best = score;
    type = i;
  }
  if (best < 0)
    return error(tnErrorInitializationError, "device %s has no memory that %s can use", traits.name.c_str(),
                 use == Use::Host ? "the host" : "kernels");
  VkMemoryPropertyFlags flags = traits.memory.memoryTypes[type].propertyFlags;
  index = traits.memory.memoryTypes[type].heapIndex;
  constexpr VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  mapped = (flags & visible) == visible && (use == Use::Host || traits.mapDeviceMemory);
  blockBytes = getTotal() >= largeHeap ? largeBlock : getTotal() / 64;
  blockBytes = std::min({blockBytes, traits.maxAllocation, traits.maxBuffer}) / pieceAlignment * pieceAlignment;
  return {};
}

Heap::~Heap() {
  while (!blocks.empty())
    removeBlock(blocks.back().get());
}

uint64_t Heap::getTotal() const { return context.traits.memory.memoryHeaps[index].size; }

Status Heap::allocate(uint64_t bytes, Piece &piece) {
  const DeviceTraits &traits = context.traits;
  uint64_t limit = std::min({traits.maxAllocation, traits.maxBuffer, getTotal()});
  if (bytes > limit)
    return error(tnErrorMemoryAllocation, "allocate %llu bytes on %s: the device allows %llu in one allocation",
                 (unsigned long long)bytes, traits.name.c_str(), (unsigned long long)limit);
  uint64_t rounded = (bytes + pieceAlignment - 1) / pieceAlignment * pieceAlignment;

  std::lock_guard lock(mutex);
  Block *block = nullptr;
  uint64_t offset = 0;
  if (rounded <= blockBytes / 4) {
    for (auto &candidate : blocks) {
      if (candidate->dedicated || !candidate->take(rounded, offset))
        continue;
      block = candidate.get();
      break;
    }
  }
  if (!block) {
    bool dedicated = rounded > blockBytes / 4;
    Status status = addBlock(dedicated ? rounded : blockBytes, dedicated, block);
    if (status.code() == tnErrorMemoryAllocation && freeIdleBlocks())
      status = addBlock(dedicated ? rounded : blockBytes, dedicated, block);
    // A whole block may be too much where the piece itself is not.
    if (status.code() == tnErrorMemoryAllocation && !dedicated)
      status = addBlock(rounded, dedicated = true, block);
    if (!status.ok())
      return std::move(status).in(text("allocate %llu bytes on %s (%llu of %llu in use)", (unsigned long long)bytes,
                                       traits.name.c_str(), (unsigned long long)context.getUsed(index),
                                       (unsigned long long)getTotal()));
    block->take(rounded, offset);
  }
  piece = {block, block->buffer, offset, rounded, block->host ? block->host + offset : nullptr};
  return {};
}

void Heap::release(Piece &piece) {
  if (!piece)
    return;
  std::lock_guard lock(mutex);
  Block *block = piece.block;
  block->give(piece.offset, piece.bytes);
  piece = {};
  if (!block->isIdle())
    return;
  // One idle shared block stays, so that allocating and freeing in turn does not go to the driver each time.
  bool another = std::any_of(blocks.begin(), blocks.end(), [&](const std::unique_ptr<Block> &other) {
    return other.get() != block && !other->dedicated && other->isIdle();
  });
  if (block->dedicated || another)
    removeBlock(block);
}

Status Heap::addBlock(uint64_t bytes, bool dedicated, Block *&result) {
  const DeviceTraits &traits = context.traits;
  auto block = std::make_unique<Block>();
  block->bytes = bytes;
  block->dedicated = dedicated;
  VkBufferCreateInfo info = getBufferInfo(bytes);
  TENON_TRY(check(context.vk.CreateBuffer(context.handle, &info, nullptr, &block->buffer), "create a buffer"));
  VkMemoryRequirements requirements;
  context.vk.GetBufferMemoryRequirements(context.handle, block->buffer, &requirements);

  Status status;
  if (!context.reserve(index, requirements.size, traits.enforceHeapSize)) {
    status = error(tnErrorMemoryAllocation, "out of memory");
  } else {
    VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    allocate.allocationSize = requirements.size;
    allocate.memoryTypeIndex = type;
    status = check(context.vk.AllocateMemory(context.handle, &allocate, nullptr, &block->memory), "out of memory");
    if (status.ok())
      status = check(context.vk.BindBufferMemory(context.handle, block->buffer, block->memory, 0), "bind memory");
    if (status.ok() && mapped) {
      void *address = nullptr;
      status = check(context.vk.MapMemory(context.handle, block->memory, 0, VK_WHOLE_SIZE, 0, &address), "map memory");
      block->host = static_cast<std::byte *>(address);
    }
    if (!status.ok())
      context.unreserve(index, requirements.size);
  }
  if (!status.ok()) {
    context.vk.DestroyBuffer(context.handle, block->buffer, nullptr);
    context.vk.FreeMemory(context.handle, block->memory, nullptr);
    return status;
  }
  block->addFree(0, bytes);
  result = block.get();
  blocks.push_back(std::move(block));
  return {};
}

void Heap::removeBlock(Block *block) {
  VkMemoryRequirements requirements;
  context.vk.GetBufferMemoryRequirements(context.handle, block->buffer, &requirements);
  context.unreserve(index, requirements.size);
  context.vk.DestroyBuffer(context.handle, block->buffer, nullptr);
  context.vk.FreeMemory(context.handle, block->memory, nullptr);
  blocks.erase(std::find_if(blocks.begin(), blocks.end(), [&](const auto &other) { return other.get() == block; }));
}

bool Heap::freeIdleBlocks() {
  std::vector<Block *> idle;
  for (auto &block : blocks)
    if (block->isIdle())
      idle.push_back(block.get());
  for (Block *block : idle)
    removeBlock(block);
  return !idle.empty();
}

VulkanBuffer::VulkanBuffer(std::shared_ptr<Context> context, Heap &heap, const Piece &piece, uint64_t bytes)
    : piece(piece), context(std::move(context)), heap(heap) {
  size = bytes;
}

VulkanBuffer::~VulkanBuffer() {
  if (address)
    context->removeHostPiece(piece);
  heap.release(piece);
}

Arena::~Arena() {
  for (Piece &chunk : chunks)
    heap.release(chunk);
}

Status Arena::allocate(uint64_t bytes, Piece &piece) {
  constexpr uint64_t chunkBytes = 256 << 10;
  uint64_t rounded = (bytes + pieceAlignment - 1) / pieceAlignment * pieceAlignment;
  while (current < chunks.size() && used + rounded > chunks[current].bytes) {
    ++current;
    used = 0;
  }
  if (current == chunks.size()) {
    Piece chunk;
    TENON_TRY(heap.allocate(std::max(chunkBytes, rounded), chunk));
    chunks.push_back(chunk);
    used = 0;
  }
  const Piece &chunk = chunks[current];
  piece = {chunk.block, chunk.buffer, chunk.offset + used, rounded, chunk.host + used};
  used += rounded;
  return {};
}

void Arena::reset() {
  current = 0;
  used = 0;
}

} // namespace tenon::vulkan
