//===- OpenclRunner.cpp - building and running text on a driver -------------===//
//
// Owns the harness; see OpenclRunner.h. Nothing is released: the process ends with the tests.
//
//===------------------------------------------------------------------------===//
#include "OpenclRunner.h"

#include <algorithm>

namespace tenon::test {

/// Where a buffer begins in its cl_mem: every access must add the offset to be right.
constexpr size_t bufferOffset = 128;

std::optional<OpenclDevice> OpenclDevice::open(const std::string &wanted) {
  cl_uint count = 0;
  if (clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS || count == 0)
    return std::nullopt;
  std::vector<cl_platform_id> platforms(count);
  clGetPlatformIDs(count, platforms.data(), nullptr);
  for (cl_platform_id platform : platforms) {
    char name[256] = "";
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name, name, nullptr);
    OpenclDevice result;
    if (std::string(name).find(wanted) == std::string::npos ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &result.device, nullptr) != CL_SUCCESS)
      continue;
    cl_int status;
    result.context = clCreateContext(nullptr, 1, &result.device, nullptr, nullptr, &status);
    if (status == CL_SUCCESS)
      result.queue = clCreateCommandQueue(result.context, result.device, 0, &status);
    if (status == CL_SUCCESS)
      return result;
  }
  return std::nullopt;
}

bool OpenclDevice::hasExtension(const std::string &name) const {
  size_t size = 0;
  clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, 0, nullptr, &size);
  std::string text(size, ' ');
  clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, size, text.data(), nullptr);
  return text.find(name) != std::string::npos;
}

static std::string fail(const std::string &what, cl_int status) { return what + ": " + std::to_string(status); }

std::string OpenclDevice::build(const CompiledModule &module) {
  if (program && module.code == builtCode)
    return "";
  const char *text = module.code.data();
  size_t size = module.code.size();
  cl_int status;
  program = clCreateProgramWithSource(context, 1, &text, &size, &status);
  if (status != CL_SUCCESS)
    return fail("create program", status);
  status = clBuildProgram(program, 1, &device, module.buildOptions.c_str(), nullptr, nullptr);
  size_t logSize = 0;
  clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &logSize);
  std::string log(logSize, ' ');
  clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, logSize, log.data(), nullptr);
  if (status != CL_SUCCESS || log.find("warning") != std::string::npos)
    return fail("build", status) + "\n" + log.substr(0, 4000);
  builtCode = module.code;
  return "";
}

std::string OpenclDevice::run(const CompiledModule &module, const std::string &name, std::vector<Argument> &arguments,
                              Grid grid) {
  if (std::string error = build(module); !error.empty())
    return error;
  const CompiledKernel *description = nullptr;
  for (const CompiledKernel &kernel : module.kernels)
    if (kernel.name == name)
      description = &kernel;
  if (!description)
    return "no kernel " + name;
  cl_int status;
  cl_kernel kernel = clCreateKernel(program, name.c_str(), &status);
  if (status != CL_SUCCESS)
    return fail("create kernel", status);
  std::vector<cl_mem> buffers;
  cl_uint index = 0;
  for (Argument &argument : arguments) {
    if (!argument.isBuffer) {
      status = clSetKernelArg(kernel, index++, argument.bytes.size(), argument.bytes.data());
      if (status != CL_SUCCESS)
        return fail("set scalar argument", status);
      continue;
    }
    Bytes content(bufferOffset, 0xee);
    content.insert(content.end(), argument.bytes.begin(), argument.bytes.end());
    cl_mem buffer =
        clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, content.size(), content.data(), &status);
    if (status != CL_SUCCESS)
      return fail("create buffer", status);
    cl_ulong offset = bufferOffset;
    if ((status = clSetKernelArg(kernel, index++, sizeof buffer, &buffer)) != CL_SUCCESS ||
        (status = clSetKernelArg(kernel, index++, sizeof offset, &offset)) != CL_SUCCESS)
      return fail("set buffer argument", status);
    buffers.push_back(buffer);
  }
  size_t local[3], global[3];
  for (int axis = 0; axis < 3; ++axis) {
    local[axis] = description->block[axis];
    global[axis] = local[axis] * grid[axis];
  }
  status = clEnqueueNDRangeKernel(queue, kernel, 3, nullptr, global, local, 0, nullptr, nullptr);
  if (status != CL_SUCCESS)
    return fail("launch", status);
  size_t next = 0;
  for (Argument &argument : arguments) {
    if (!argument.isBuffer)
      continue;
    status = clEnqueueReadBuffer(queue, buffers[next], CL_TRUE, bufferOffset, argument.bytes.size(),
                                 argument.bytes.data(), 0, nullptr, nullptr);
    if (status != CL_SUCCESS)
      return fail("read buffer", status);
    clReleaseMemObject(buffers[next++]);
  }
  clReleaseKernel(kernel);
  return "";
}

} // namespace tenon::test
