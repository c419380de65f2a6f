//===- OpenclDevice.cpp - raw OpenCL for the SPIR-V tests --------------------------===//
//
// Owns running SPIR-V through clCreateProgramWithIL, on every device that takes it.
//
//===------------------------------------------------------------------------===//
#include "Device.h"

#define CL_TARGET_OPENCL_VERSION 210
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

namespace tenon::test {
namespace {

class OpenclDevice : public Device {
public:
  OpenclDevice(cl_device_id device, std::string name, std::string extensions)
      : device(device), name(std::move(name)), extensions(std::move(extensions)) {
    cl_int status;
    context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &status);
    queue = clCreateCommandQueue(context, device, 0, &status);
  }

  std::string getName() const override { return name; }
  bool has(package::Property feature) const override {
    return feature != package::Property::Float64 || extensions.find("cl_khr_fp64") != std::string::npos;
  }

  std::string run(const CompiledModule &module, const CompiledKernel &kernel, Grid grid,
                  std::vector<Arg> &args) override {
    cl_int status;
    cl_program program = clCreateProgramWithIL(context, module.code.data(), module.code.size(), &status);
    if (status)
      return "clCreateProgramWithIL: " + std::to_string(status);
    if ((status = clBuildProgram(program, 1, &device, "", nullptr, nullptr))) {
      std::string log(1 << 16, '\0');
      clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, log.size(), log.data(), nullptr);
      return "clBuildProgram: " + std::to_string(status) + ": " + log.c_str();
    }
    cl_kernel object = clCreateKernel(program, kernel.name.c_str(), &status);
    if (status)
      return "clCreateKernel: " + std::to_string(status);
    std::vector<cl_mem> memories(args.size());
    cl_uint position = 0;
    for (size_t i = 0; i < args.size(); ++i) {
      Arg &arg = args[i];
      if (!arg.isBuffer) {
        status |= clSetKernelArg(object, position++, arg.bytes.size(), arg.bytes.data());
        continue;
      }
      memories[i] = arg.sameAs >= 0 ? memories[arg.sameAs]
                                    : clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                                     arg.bytes.size(), arg.bytes.data(), nullptr);
      cl_ulong offset = arg.byteOffset;
      status |= clSetKernelArg(object, position++, sizeof(cl_mem), &memories[i]);
      status |= clSetKernelArg(object, position++, sizeof(offset), &offset);
    }
    if (status)
      return "clSetKernelArg: " + std::to_string(status);
    size_t local[3], global[3];
    for (int axis = 0; axis < 3; ++axis) {
      local[axis] = kernel.block[axis];
      global[axis] = size_t(grid[axis]) * local[axis];
    }
    if ((status = clEnqueueNDRangeKernel(queue, object, 3, nullptr, global, local, 0, nullptr, nullptr)))
      return "clEnqueueNDRangeKernel: " + std::to_string(status);
    for (size_t i = 0; i < args.size(); ++i)
      if (args[i].isBuffer)
        status |= clEnqueueReadBuffer(queue, memories[args[i].sameAs >= 0 ? args[i].sameAs : i], CL_TRUE, 0,
                                      args[i].bytes.size(), args[i].bytes.data(), 0, nullptr, nullptr);
    for (size_t i = 0; i < args.size(); ++i)
      if (args[i].isBuffer && args[i].sameAs < 0)
        clReleaseMemObject(memories[i]);
    clReleaseKernel(object);
    clReleaseProgram(program);
    return status ? "clEnqueueReadBuffer: " + std::to_string(status) : "";
  }

private:
  cl_device_id device;
  std::string name, extensions;
  cl_context context;
  cl_command_queue queue;
};

std::string deviceText(cl_device_id device, cl_device_info what) {
  size_t size = 0;
  if (clGetDeviceInfo(device, what, 0, nullptr, &size) || !size)
    return "";
  std::string text(size, '\0');
  clGetDeviceInfo(device, what, size, text.data(), nullptr);
  return text.c_str();
}

} // namespace

std::vector<std::unique_ptr<Device>> &openclDevices() {
  static auto *devices = [] {
    auto *found = new std::vector<std::unique_ptr<Device>>;
    cl_uint count = 0;
    clGetPlatformIDs(0, nullptr, &count);
    std::vector<cl_platform_id> platforms(count);
    clGetPlatformIDs(count, platforms.data(), nullptr);
    for (cl_platform_id platform : platforms) {
      cl_uint number = 0;
      clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &number);
      std::vector<cl_device_id> ids(number);
      clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, number, ids.data(), nullptr);
      for (cl_device_id id : ids)
        if (deviceText(id, CL_DEVICE_IL_VERSION).find("SPIR-V_1.0") != std::string::npos)
          found->push_back(
              std::make_unique<OpenclDevice>(id, deviceText(id, CL_DEVICE_NAME), deviceText(id, CL_DEVICE_EXTENSIONS)));
    }
    return found;
  }();
  return *devices;
}

} // namespace tenon::test
