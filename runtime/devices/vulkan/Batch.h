//===- Batch.h - commands on their way to the device ----------------------------===//
//
// Owns one command buffer and what its commands need while they run: descriptor sets, argument blocks, timestamps. Puts
// barriers between commands that touch the same memory. Does not submit; is used again when done.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "devices/vulkan/Context.h"
#include "devices/vulkan/Kernel.h"

#include <vector>

namespace tenon::vulkan {

class Batch {
public:
  static Status create(Context &context, std::unique_ptr<Batch> &batch);
  ~Batch();
  Batch(const Batch &) = delete;
  Batch &operator=(const Batch &) = delete;

  Status begin();
  Status end();
  /// Makes it as new. Only when its commands are done or were never submitted.
  Status reset();

  Status launch(const KernelCode &kernel, const KernelLaunch &launch);
  void copy(const Piece &to, uint64_t toOffset, const Piece &from, uint64_t fromOffset, uint64_t bytes);
  /// Any alignment.
  Status fill(const Piece &to, uint64_t offset, uint8_t value, uint64_t bytes);
  Status stamp(std::shared_ptr<Timestamp> &timestamp);
  /// Memory that holds until the batch is done.
  Status allocate(uint64_t bytes, Piece &piece) { return arena.allocate(bytes, piece); }

  VkCommandBuffer getCommands() const { return commands; }
  unsigned getCount() const { return count; }

  uint64_t value = 0; ///< On the stream's timeline; the stream sets it.

private:
  explicit Batch(Context &context) : context(context), arena(context.getHostHeap()) {}

  struct Access {
    VkBuffer buffer;
    uint64_t begin, end;
    bool write;
  };
  /// Declares the memory of the next command; puts a barrier first where it meets that of commands before it.
  void order(const Access *accesses, size_t number);
  Status allocateSet(VkDescriptorSetLayout layout, uint32_t bindings, VkDescriptorSet &set);

  Context &context;
  VkCommandPool pool = VK_NULL_HANDLE;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VkPipeline bound = VK_NULL_HANDLE;
  unsigned count = 0;
  std::vector<Access> open; ///< Since the last barrier.
  std::vector<VkDescriptorPool> setPools;
  size_t setPool = 0;
  Arena arena;
  std::vector<std::shared_ptr<Timestamp>> timestamps;
};

} // namespace tenon::vulkan
