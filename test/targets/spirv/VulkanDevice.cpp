//===- VulkanDevice.cpp - raw Vulkan for the SPIR-V tests ---------------------------===//
//
// Owns running SPIR-V as Vulkan compute, with arguments passed as docs/design/kernel-ir.md says.
//
//===------------------------------------------------------------------------===//
#include "Device.h"

#include <cstdlib>
#include <vulkan/vulkan.h>

namespace tenon::test {
namespace {

class VulkanDevice : public Device {
public:
  explicit VulkanDevice(VkPhysicalDevice physical) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(physical, &properties);
    name = properties.deviceName;
    vkGetPhysicalDeviceMemoryProperties(physical, &memory);
    storage8 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES};
    storage16 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES, &storage8};
    int8 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, &storage16};
    features = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &int8};
    vkGetPhysicalDeviceFeatures2(physical, &features);
    std::vector<const char *> extensions;
    uint32_t count = 0;
    vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> present(count);
    vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, present.data());
    for (const char *wanted : {"VK_KHR_8bit_storage", "VK_KHR_shader_float16_int8"})
      for (const VkExtensionProperties &extension : present)
        if (!std::strcmp(extension.extensionName, wanted))
          extensions.push_back(wanted);
    float priority = 1;
    VkDeviceQueueCreateInfo queueInfo{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, 0, 1, &priority};
    VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features};
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queueInfo;
    info.enabledExtensionCount = extensions.size();
    info.ppEnabledExtensionNames = extensions.data();
    if (vkCreateDevice(physical, &info, nullptr, &device))
      return;
    vkGetDeviceQueue(device, 0, 0, &queue);
    VkCommandPoolCreateInfo poolInfo{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    vkCreateCommandPool(device, &poolInfo, nullptr, &pool);
  }

  bool isOpen() const { return device; }
  std::string getName() const override { return name; }
  bool has(package::Property feature) const override {
    using package::Property;
    switch (feature) {
    case Property::Float64:
      return features.features.shaderFloat64;
    case Property::Int64:
      return features.features.shaderInt64;
    case Property::Int16:
      return features.features.shaderInt16;
    case Property::Int8:
      return int8.shaderInt8;
    case Property::Storage8:
      return storage8.storageBuffer8BitAccess;
    case Property::Storage16:
      return storage16.storageBuffer16BitAccess;
    default:
      return true;
    }
  }

  std::string run(const CompiledModule &module, const CompiledKernel &kernel, Grid grid,
                  std::vector<Arg> &args) override {
    // The argument block.
    std::vector<uint8_t> block(std::max<size_t>(kernel.argBytes, 4));
    size_t buffers = 0;
    for (size_t i = 0; i < args.size(); ++i) {
      const Arg &arg = args[i];
      buffers += arg.isBuffer;
      uint32_t offset = arg.byteOffset / arg.elementBytes;
      size_t size = arg.isBuffer ? 4 : arg.isIndex ? module.indexBits / 8 : arg.bytes.size();
      std::memcpy(block.data() + kernel.argOffsets[i], arg.isBuffer ? (uint8_t *)&offset : arg.bytes.data(), size);
    }
    bool isPushed = kernel.argBytes <= 128;

    std::vector<Buffer> memories(args.size() + 1);
    std::vector<VkDescriptorSetLayoutBinding> bindings;
    for (size_t i = 0; i < buffers + !isPushed; ++i) {
      bindings.push_back({uint32_t(i), VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
      memories[i] = i < buffers && args[i].sameAs >= 0 ? memories[args[i].sameAs]
                                                       : makeBuffer(i < buffers ? args[i].bytes : block);
    }
    VkDescriptorSetLayoutCreateInfo setInfo{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
    setInfo.bindingCount = bindings.size();
    setInfo.pBindings = bindings.data();
    VkDescriptorSetLayout setLayout;
    vkCreateDescriptorSetLayout(device, &setInfo, nullptr, &setLayout);
    VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, uint32_t(block.size() + 3) / 4 * 4};
    block.resize(range.size);
    VkPipelineLayoutCreateInfo layoutInfo{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    layoutInfo.setLayoutCount = 1;
    layoutInfo.pSetLayouts = &setLayout;
    layoutInfo.pushConstantRangeCount = isPushed;
    layoutInfo.pPushConstantRanges = &range;
    VkPipelineLayout layout;
    vkCreatePipelineLayout(device, &layoutInfo, nullptr, &layout);

    VkShaderModuleCreateInfo shaderInfo{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    shaderInfo.codeSize = module.code.size();
    shaderInfo.pCode = reinterpret_cast<const uint32_t *>(module.code.data());
    VkShaderModule shader;
    if (VkResult status = vkCreateShaderModule(device, &shaderInfo, nullptr, &shader))
      return "vkCreateShaderModule: " + std::to_string(status);
    VkComputePipelineCreateInfo pipelineInfo{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    pipelineInfo.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                          nullptr,
                          0,
                          VK_SHADER_STAGE_COMPUTE_BIT,
                          shader,
                          kernel.name.c_str(),
                          nullptr};
    pipelineInfo.layout = layout;
    VkPipeline pipeline;
    if (VkResult status = vkCreateComputePipelines(device, nullptr, 1, &pipelineInfo, nullptr, &pipeline))
      return "vkCreateComputePipelines: " + std::to_string(status);

    VkDescriptorPoolSize poolSize{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, uint32_t(std::max<size_t>(bindings.size(), 1))};
    VkDescriptorPoolCreateInfo descriptorInfo{
        VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, 0, 1, 1, &poolSize};
    VkDescriptorPool descriptors;
    vkCreateDescriptorPool(device, &descriptorInfo, nullptr, &descriptors);
    VkDescriptorSetAllocateInfo allocation{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr, descriptors, 1,
                                           &setLayout};
    VkDescriptorSet set;
    vkAllocateDescriptorSets(device, &allocation, &set);
    for (const VkDescriptorSetLayoutBinding &binding : bindings) {
      VkDescriptorBufferInfo window{memories[binding.binding].buffer, 0, VK_WHOLE_SIZE};
      VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, nullptr, set,     binding.binding, 0, 1,
                                 VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,      nullptr, &window, nullptr};
      vkUpdateDescriptorSets(device, 1, &write, 0, nullptr);
    }

    VkCommandBufferAllocateInfo commandInfo{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool,
                                            VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
    VkCommandBuffer commands;
    vkAllocateCommandBuffers(device, &commandInfo, &commands);
    VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    vkBeginCommandBuffer(commands, &begin);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, nullptr);
    if (isPushed)
      vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, block.size(), block.data());
    vkCmdDispatch(commands, grid[0], grid[1], grid[2]);
    vkEndCommandBuffer(commands);
    VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    submit.commandBufferCount = 1;
    submit.pCommandBuffers = &commands;
    VkResult status = vkQueueSubmit(queue, 1, &submit, nullptr);
    if (!status)
      status = vkQueueWaitIdle(queue);
    for (size_t i = 0; i < buffers; ++i)
      std::memcpy(args[i].bytes.data(), memories[i].data, args[i].bytes.size());

    for (size_t i = 0; i < buffers + !isPushed; ++i)
      if (i >= buffers || args[i].sameAs < 0) {
        vkDestroyBuffer(device, memories[i].buffer, nullptr);
        vkFreeMemory(device, memories[i].memory, nullptr);
      }
    vkFreeCommandBuffers(device, pool, 1, &commands);
    vkDestroyDescriptorPool(device, descriptors, nullptr);
    vkDestroyPipeline(device, pipeline, nullptr);
    vkDestroyShaderModule(device, shader, nullptr);
    vkDestroyPipelineLayout(device, layout, nullptr);
    vkDestroyDescriptorSetLayout(device, setLayout, nullptr);
    return status ? "vkQueueSubmit: " + std::to_string(status) : "";
  }

private:
  struct Buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    void *data;
  };
  Buffer makeBuffer(const std::vector<uint8_t> &bytes) {
    Buffer result;
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = (std::max<size_t>(bytes.size(), 4) + 3) / 4 * 4;
    info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
    vkCreateBuffer(device, &info, nullptr, &result.buffer);
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device, result.buffer, &needs);
    const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    uint32_t type = 0;
    while (!(needs.memoryTypeBits >> type & 1) || (memory.memoryTypes[type].propertyFlags & wanted) != wanted)
      ++type;
    VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, type};
    vkAllocateMemory(device, &allocation, nullptr, &result.memory);
    vkBindBufferMemory(device, result.buffer, result.memory, 0);
    vkMapMemory(device, result.memory, 0, VK_WHOLE_SIZE, 0, &result.data);
    std::memcpy(result.data, bytes.data(), bytes.size());
    return result;
  }

  std::string name;
  VkPhysicalDeviceMemoryProperties memory;
  VkPhysicalDevice8BitStorageFeatures storage8;
  VkPhysicalDevice16BitStorageFeatures storage16;
  VkPhysicalDeviceShaderFloat16Int8Features int8;
  VkPhysicalDeviceFeatures2 features;
  VkDevice device = nullptr;
  VkQueue queue = nullptr;
  VkCommandPool pool = nullptr;
};

} // namespace

std::vector<std::unique_ptr<Device>> &vulkanDevices() {
  static auto *devices = [] {
    auto *found = new std::vector<std::unique_ptr<Device>>;
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = VK_API_VERSION_1_1;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    VkInstance instance;
    if (vkCreateInstance(&info, nullptr, &instance))
      return found;
    uint32_t count = 0;
    vkEnumeratePhysicalDevices(instance, &count, nullptr);
    std::vector<VkPhysicalDevice> physical(count);
    vkEnumeratePhysicalDevices(instance, &count, physical.data());
    for (VkPhysicalDevice device : physical)
      if (auto opened = std::make_unique<VulkanDevice>(device); opened->isOpen())
        found->push_back(std::move(opened));
    return found;
  }();
  return *devices;
}

} // namespace tenon::test
