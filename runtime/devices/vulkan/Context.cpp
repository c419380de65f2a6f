//===- Context.cpp - opens a VkDevice -----------------------------------------===//
//
// Owns device creation with every useful feature on, and the shared stores. Closing is in the reverse order.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Context.h"

#include "devices/vulkan/Status.h"

#include <algorithm>
#include <tuple>

namespace tenon::vulkan {

Status Context::create(std::shared_ptr<Instance> instance, const DeviceTraits &traits,
                       std::shared_ptr<Context> &context) {
  std::shared_ptr<Context> made(new Context(std::move(instance), traits));
  TENON_TRY(made->open().in("open " + traits.name));
  context = std::move(made);
  return {};
}

Status Context::open() {
  std::vector<VkExtensionProperties> extensions;
  TENON_TRY(check(listExtensions(*instance, traits.physical, extensions), "list extensions"));
  FeatureChain features(traits, extensions);
  features.query(*instance, traits.physical);
  if (traits.pushDescriptors)
    features.use(0, VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME);
  if (traits.memoryBudget)
    features.use(0, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);

  // Without timeline semaphores streams are ordered by the order of submission, which needs a single queue.
  constexpr uint32_t maxQueues = 8;
  uint32_t count = traits.timeline ? std::min(traits.queueCount, maxQueues) : 1;
  std::vector<float> priorities(count, 1.0f);
  VkDeviceQueueCreateInfo queueInfo{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queueInfo.queueFamilyIndex = traits.queueFamily;
  queueInfo.queueCount = count;
  queueInfo.pQueuePriorities = priorities.data();
  VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
  info.pNext = &features.features;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queueInfo;
  info.enabledExtensionCount = features.enabled.size();
  info.ppEnabledExtensionNames = features.enabled.data();
  VkDevice made = VK_NULL_HANDLE;
  TENON_TRY(check(instance->vk.CreateDevice(traits.physical, &info, nullptr, &made), "create a device"));
  std::string why;
  if (!vk.load(instance->vk.GetDeviceProcAddr, made, why)) {
    if (vk.DestroyDevice)
      vk.DestroyDevice(made, nullptr);
    return error(tnErrorInitializationError, "%s", why.c_str());
  }
  handle = made;
  if (traits.timeline && !(vk.WaitSemaphores && vk.SignalSemaphore && vk.GetSemaphoreCounterValue))
    return error(tnErrorInitializationError, "the driver has timeline semaphores without their functions");
  if (traits.pushDescriptors && !vk.CmdPushDescriptorSetKHR)
    return error(tnErrorInitializationError, "the driver has push descriptors without their function");

  for (uint32_t i = 0; i < count; ++i) {
    queues.push_back(std::make_unique<HardwareQueue>());
    vk.GetDeviceQueue(handle, traits.queueFamily, i, &queues.back()->handle);
  }
  VkPipelineCacheCreateInfo cacheInfo{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
  TENON_TRY(check(vk.CreatePipelineCache(handle, &cacheInfo, nullptr, &pipelineCache), "create a pipeline cache"));
  deviceHeap = std::make_unique<Heap>(*this, Heap::Use::Device);
  TENON_TRY(deviceHeap->open());
  hostHeap = std::make_unique<Heap>(*this, Heap::Use::Host);
  TENON_TRY(hostHeap->open());
  return deviceHeap->allocate(pieceAlignment, nothing);
}

Context::~Context() {
  if (!handle)
    return;
  waitIdle();
  if (nothing)
    deviceHeap->release(nothing);
  deviceHeap.reset();
  hostHeap.reset();
  for (auto [semaphore, value] : semaphores)
    vk.DestroySemaphore(handle, semaphore, nullptr);
  for (VkQueryPool pool : timestamps->pools)
    vk.DestroyQueryPool(handle, pool, nullptr);
  vk.DestroyPipelineCache(handle, pipelineCache, nullptr);
  vk.DestroyDevice(handle, nullptr);
}

void Context::waitIdle() {
  std::vector<std::unique_lock<std::mutex>> locks;
  for (auto &queue : queues)
    locks.emplace_back(queue->mutex);
  // Fails for a lost device, which does nothing either, or for want of memory, which may have passed the next time.
  for (int i = 0; i < 2 && vk.DeviceWaitIdle(handle) != VK_SUCCESS; ++i) {
  }
}

HardwareQueue &Context::nextQueue() { return *queues[queueTurn++ % queues.size()]; }

Status Context::takeSemaphore(VkSemaphore &semaphore, uint64_t &value) {
  std::lock_guard lock(semaphoreMutex);
  if (!semaphores.empty()) {
    std::tie(semaphore, value) = semaphores.back();
    semaphores.pop_back();
    return {};
  }
  VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO};
  type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
  info.pNext = &type;
  value = 0;
  return check(vk.CreateSemaphore(handle, &info, nullptr, &semaphore), "create a semaphore");
}

void Context::giveSemaphore(VkSemaphore semaphore, uint64_t value) {
  std::lock_guard lock(semaphoreMutex);
  semaphores.push_back({semaphore, value});
}

Status Context::takeTimestamp(std::shared_ptr<Timestamp> &timestamp) {
  constexpr uint32_t poolQueries = 64;
  std::shared_ptr<TimestampStore> store = timestamps;
  Timestamp taken;
  {
    std::lock_guard lock(store->mutex);
    if (store->free.empty()) {
      VkQueryPoolCreateInfo info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
      info.queryType = VK_QUERY_TYPE_TIMESTAMP;
      info.queryCount = poolQueries;
      VkQueryPool pool = VK_NULL_HANDLE;
      TENON_TRY(check(vk.CreateQueryPool(handle, &info, nullptr, &pool), "create a query pool"));
      store->pools.push_back(pool);
      for (uint32_t i = poolQueries; i-- > 0;)
        store->free.push_back({pool, i});
    }
    taken = store->free.back();
    store->free.pop_back();
  }
  timestamp = std::shared_ptr<Timestamp>(new Timestamp(taken), [store](Timestamp *done) {
    std::lock_guard lock(store->mutex);
    store->free.push_back(*done);
    delete done;
  });
  return {};
}

bool Context::reserve(uint32_t heap, uint64_t bytes, bool enforce) {
  uint64_t before = used[heap].fetch_add(bytes);
  if (!enforce || before + bytes <= traits.memory.memoryHeaps[heap].size)
    return true;
  used[heap] -= bytes;
  return false;
}

uint64_t Context::getFree(uint32_t heap) const {
  uint64_t total = traits.memory.memoryHeaps[heap].size, taken = used[heap];
  if (!traits.memoryBudget)
    return total - std::min(total, taken);
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
  properties.pNext = &budget;
  instance->vk.GetPhysicalDeviceMemoryProperties2(traits.physical, &properties);
  return budget.heapBudget[heap] - std::min(budget.heapBudget[heap], budget.heapUsage[heap]);
}

Piece Context::findHostPiece(const void *address, uint64_t bytes) {
  auto *begin = static_cast<const std::byte *>(address);
  std::lock_guard lock(hostMutex);
  auto it = hostPieces.upper_bound(begin);
  if (it == hostPieces.begin())
    return {};
  const Piece &piece = (--it)->second;
  uint64_t distance = begin - piece.host;
  if (distance > piece.bytes || piece.bytes - distance < bytes)
    return {};
  return {piece.block, piece.buffer, piece.offset + distance, bytes, piece.host + distance};
}

void Context::addHostPiece(const Piece &piece) {
  std::lock_guard lock(hostMutex);
  hostPieces[piece.host] = piece;
}

void Context::removeHostPiece(const Piece &piece) {
  std::lock_guard lock(hostMutex);
  hostPieces.erase(piece.host);
}

} // namespace tenon::vulkan
