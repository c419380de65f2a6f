//===- Batch.cpp - records commands ----------------------------------------------===//
#include "devices/vulkan/Batch.h"

#include "devices/vulkan/Status.h"

#include <algorithm>
#include <cstring>

namespace tenon::vulkan {

namespace {

constexpr VkPipelineStageFlags workStages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
constexpr VkAccessFlags writes = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
constexpr VkAccessFlags allAccess = writes | VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT;

// Descriptors a pool of a batch holds, in sets and bindings; a kernel with more bindings than this gets a larger pool.
constexpr uint32_t poolSets = 64;
constexpr uint32_t poolBindings = 512;

} // namespace

Status Batch::create(Context &context, std::unique_ptr<Batch> &batch) {
  std::unique_ptr<Batch> made(new Batch(context));
  VkCommandPoolCreateInfo poolInfo{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  poolInfo.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
  poolInfo.queueFamilyIndex = context.traits.queueFamily;
  TENON_TRY(
      check(context.vk.CreateCommandPool(context.handle, &poolInfo, nullptr, &made->pool), "create a command pool"));
  VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandPool = made->pool;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  TENON_TRY(
      check(context.vk.AllocateCommandBuffers(context.handle, &info, &made->commands), "allocate a command buffer"));
  batch = std::move(made);
  return {};
}

Batch::~Batch() {
  for (VkDescriptorPool sets : setPools)
    context.vk.DestroyDescriptorPool(context.handle, sets, nullptr);
  context.vk.DestroyCommandPool(context.handle, pool, nullptr);
}

Status Batch::begin() {
  VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  TENON_TRY(check(context.vk.BeginCommandBuffer(commands, &info), "begin a command buffer"));
  if (context.traits.timeline)
    return {};
  // Without semaphores between submissions, their order alone must order their memory.
  VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, writes, allAccess};
  context.vk.CmdPipelineBarrier(commands, workStages, workStages, 0, 1, &barrier, 0, nullptr, 0, nullptr);
  return {};
}

Status Batch::end() {
  // A semaphore or fence makes memory available, but only a barrier makes it visible to the host.
  VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, writes,
                          VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT};
  context.vk.CmdPipelineBarrier(commands, workStages, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, nullptr, 0,
                                nullptr);
  return check(context.vk.EndCommandBuffer(commands), "end a command buffer");
}

Status Batch::reset() {
  count = 0;
  bound = VK_NULL_HANDLE;
  open.clear();
  timestamps.clear();
  arena.reset();
  for (size_t i = 0; i < setPools.size() && i <= setPool; ++i)
    TENON_TRY(check(context.vk.ResetDescriptorPool(context.handle, setPools[i], 0), "reset a descriptor pool"));
  setPool = 0;
  return check(context.vk.ResetCommandPool(context.handle, pool, 0), "reset a command pool");
}

void Batch::order(const Access *accesses, size_t number) {
  auto meets = [&](const Access &next) {
    return std::any_of(open.begin(), open.end(), [&](const Access &before) {
      return before.buffer == next.buffer && before.begin < next.end && next.begin < before.end &&
             (before.write || next.write);
    });
  };
  // The list is searched for each command: with a barrier now and then it stays short.
  constexpr size_t maxOpen = 64;
  if (open.size() + number > maxOpen || std::any_of(accesses, accesses + number, meets)) {
    VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, writes, allAccess};
    context.vk.CmdPipelineBarrier(commands, workStages, workStages, 0, 1, &barrier, 0, nullptr, 0, nullptr);
    open.clear();
  }
  open.insert(open.end(), accesses, accesses + number);
  ++count;
}

Status Batch::allocateSet(VkDescriptorSetLayout layout, uint32_t bindings, VkDescriptorSet &set) {
  for (;; ++setPool) {
    bool fresh = setPool == setPools.size();
    if (fresh) {
      VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, std::max(poolBindings, bindings)};
      VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
      info.maxSets = poolSets;
      info.poolSizeCount = 1;
      info.pPoolSizes = &size;
      VkDescriptorPool made = VK_NULL_HANDLE;
      TENON_TRY(
          check(context.vk.CreateDescriptorPool(context.handle, &info, nullptr, &made), "create a descriptor pool"));
      setPools.push_back(made);
    }
    VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
    info.descriptorPool = setPools[setPool];
    info.descriptorSetCount = 1;
    info.pSetLayouts = &layout;
    VkResult result = context.vk.AllocateDescriptorSets(context.handle, &info, &set);
    bool full = result == VK_ERROR_OUT_OF_POOL_MEMORY || result == VK_ERROR_FRAGMENTED_POOL;
    if (!full || fresh)
      return check(result, "allocate a descriptor set");
  }
}

Status Batch::launch(const KernelCode &kernel, const KernelLaunch &launch) {
  ArgumentBlock block;
  TENON_TRY(kernel.pack(context, launch, block));
  VkDescriptorBufferInfo buffers[maxBindings];
  VkWriteDescriptorSet sets[maxBindings];
  Access accesses[maxBindings];
  uint32_t bindings = kernel.numBuffers;
  for (uint32_t i = 0; i < kernel.numBuffers; ++i) {
    const Window &window = block.windows[i];
    buffers[i] = {window.buffer, window.offset, window.bytes};
    accesses[i] = {window.buffer, window.offset, window.offset + window.bytes, (kernel.access[i] & 2) != 0};
  }
  if (!kernel.pushesArguments()) {
    Piece piece;
    TENON_TRY(arena.allocate(kernel.argBytes, piece));
    memcpy(piece.host, block.bytes.data(), kernel.argBytes);
    buffers[bindings++] = {piece.buffer, piece.offset, piece.bytes};
  }
  for (uint32_t i = 0; i < bindings; ++i) {
    sets[i] = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
    sets[i].dstBinding = i;
    sets[i].descriptorCount = 1;
    sets[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    sets[i].pBufferInfo = &buffers[i];
  }
  VkDescriptorSet set = VK_NULL_HANDLE;
  if (bindings && !kernel.pushesDescriptors) {
    TENON_TRY(allocateSet(kernel.setLayout, bindings, set));
    for (uint32_t i = 0; i < bindings; ++i)
      sets[i].dstSet = set;
    context.vk.UpdateDescriptorSets(context.handle, bindings, sets, 0, nullptr);
  }

  // Nothing fails from here on: a command is recorded as a whole or not at all.
  order(accesses, kernel.numBuffers);
  if (bound != kernel.pipeline) {
    context.vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline);
    bound = kernel.pipeline;
  }
  if (bindings && kernel.pushesDescriptors)
    context.vk.CmdPushDescriptorSetKHR(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, bindings, sets);
  else if (bindings)
    context.vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, 1, &set, 0, nullptr);
  if (kernel.argBytes && kernel.pushesArguments())
    context.vk.CmdPushConstants(commands, kernel.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, kernel.getPushBytes(),
                                block.bytes.data());
  context.vk.CmdDispatch(commands, launch.grid[0], launch.grid[1], launch.grid[2]);
  return {};
}

void Batch::copy(const Piece &to, uint64_t toOffset, const Piece &from, uint64_t fromOffset, uint64_t bytes) {
  VkBufferCopy region{from.offset + fromOffset, to.offset + toOffset, bytes};
  Access accesses[] = {{from.buffer, region.srcOffset, region.srcOffset + bytes, false},
                       {to.buffer, region.dstOffset, region.dstOffset + bytes, true}};
  order(accesses, 2);
  context.vk.CmdCopyBuffer(commands, from.buffer, to.buffer, 1, &region);
}

Status Batch::fill(const Piece &to, uint64_t offset, uint8_t value, uint64_t bytes) {
  uint64_t begin = to.offset + offset, end = begin + bytes;
  uint64_t body = std::min((begin + 3) & ~uint64_t(3), end), tail = std::max(end & ~uint64_t(3), body);
  // vkCmdFillBuffer writes words; what is left at the ends, at most three bytes each, is copied.
  if (body > begin || end > tail) {
    Piece edge;
    TENON_TRY(arena.allocate(4, edge));
    memset(edge.host, value, 4);
    if (body > begin)
      copy(to, offset, edge, 0, body - begin);
    if (end > tail)
      copy(to, tail - to.offset, edge, 0, end - tail);
  }
  if (tail > body) {
    Access access{to.buffer, body, tail, true};
    order(&access, 1);
    context.vk.CmdFillBuffer(commands, to.buffer, body, tail - body, value * 0x01010101u);
  }
  return {};
}

Status Batch::stamp(std::shared_ptr<Timestamp> &timestamp) {
  TENON_TRY(context.takeTimestamp(timestamp));
  context.vk.CmdResetQueryPool(commands, timestamp->pool, timestamp->query, 1);
  context.vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, timestamp->pool, timestamp->query);
  timestamps.push_back(timestamp);
  ++count;
  return {};
}

} // namespace tenon::vulkan
