//===- Kernel.cpp - code on an OpenCL device --------------------------------===//
//
// Owns the building of programs.
//
//===------------------------------------------------------------------------===//
#include "Kernel.h"

#include "Status.h"

#include <algorithm>
#include <cinttypes>

namespace tenon::opencl {

constexpr size_t maxLogBytes = 8192;

static const char *profileOf(const package::Module &module) {
  return module.profile() ? module.profile()->c_str() : "of no profile";
}

/// The one place where code comes to the driver; a cache of binaries, named by `key`, device and driver version, would
/// be asked here and fed in ClProgram::build.
static Status createProgram(ClDevice &device, const package::Module &module, cl_program &program) {
  const Api &cl = device.cl;
  const std::vector<package::Target> &targets = device.info().targets;
  if (std::find(targets.begin(), targets.end(), module.target()) == targets.end())
    return error(tnErrorNoKernelImageForDevice, "module %s is %s, which %s does not take", profileOf(module),
                 package::EnumNameTarget(module.target()), device.info().name.c_str());
  if (!module.code() || module.code()->size() == 0)
    return error(tnErrorInvalidKernelImage, "module %s has no code", profileOf(module));
  const char *bytes = reinterpret_cast<const char *>(module.code()->data());
  size_t size = module.code()->size();
  cl_int code = CL_SUCCESS;
  if (module.target() == package::Target::SpirvOpenCL) {
    if (size % 4 != 0)
      return error(tnErrorInvalidKernelImage, "module %s is %zu bytes of SPIR-V, not a multiple of 4",
                   profileOf(module), size);
    program = cl.CreateProgramWithIL(device.context, bytes, size, &code);
  } else {
    program = cl.CreateProgramWithSource(device.context, 1, &bytes, &size, &code);
  }
  TENON_CL(code, "give module %s to %s", profileOf(module), device.info().name.c_str());
  return {};
}

ClProgram::ClProgram(ClDevice &device, cl_program object)
    : device(device), object(object), ownNumber(device.enrollProgram()) {}

ClProgram::~ClProgram() {
  device.retireProgram(ownNumber);
  device.cl.ReleaseProgram(object);
}

Status ClProgram::make(ClDevice &device, const package::Module &module, const std::string &,
                       std::unique_ptr<Program> &program) {
  cl_program object = nullptr;
  TENON_TRY(createProgram(device, module, object));
  std::unique_ptr<ClProgram> made(new ClProgram(device, object));
  TENON_TRY(made->build(module));
  made->bytesOfIndex = module.index_bits() / 8;
  if (module.index_bits() != 32 && module.index_bits() != 64)
    return error(tnErrorInvalidPackage, "module %s has %u index bits, not 32 or 64", profileOf(module),
                 module.index_bits());
  for (const package::Kernel *kernel : *module.kernels())
    TENON_TRY(made->describe(*kernel).in(text("module %s", profileOf(module))));
  program = std::move(made);
  return {};
}

Status ClProgram::build(const package::Module &module) {
  const Api &cl = device.cl;
  const char *options = module.build_options() ? module.build_options()->c_str() : "";
  cl_int code = cl.BuildProgram(object, 1, &device.id, options, nullptr, nullptr);
  if (code == CL_SUCCESS)
    return {};
  std::string log;
  size_t size = 0;
  if (cl.GetProgramBuildInfo(object, device.id, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size) == CL_SUCCESS && size > 1) {
    log.resize(size);
    if (cl.GetProgramBuildInfo(object, device.id, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr) != CL_SUCCESS)
      log.clear();
    log.resize(std::min(log.find('\0') == std::string::npos ? log.size() : log.find('\0'), maxLogBytes));
    while (!log.empty() && (log.back() == '\n' || log.back() == ' '))
      log.pop_back();
  }
  Status status = failure(code, "build module %s for %s", profileOf(module), device.info().name.c_str());
  if (log.empty())
    return status;
  return error(status.code(), "%s; the driver's log:\n%s", status.message(), log.c_str());
}

Status ClProgram::makeKernel(size_t index, cl_kernel &kernel) const {
  cl_int code = CL_SUCCESS;
  kernel = device.cl.CreateKernel(object, facts[index].name.c_str(), &code);
  TENON_CL(code, "make kernel %s", facts[index].name.c_str());
  return {};
}

Status ClProgram::describe(const package::Kernel &kernel) {
  const Api &cl = device.cl;
  KernelFacts fact;
  fact.name = kernel.name()->str();
  cl_uint expected = 0;
  for (package::ArgType type : *kernel.args()) {
    fact.args.push_back(type);
    expected += type == package::ArgType::Buffer ? 2 : 1;
  }
  for (unsigned i = 0; i < 3 && i < kernel.block()->size(); ++i)
    fact.block[i] = kernel.block()->Get(i);
  facts.push_back(fact);
  KernelFacts &made = facts.back();

  cl_kernel object = nullptr;
  TENON_TRY(makeKernel(facts.size() - 1, object));
  cl_uint count = 0;
  size_t maxGroup = 0;
  cl_ulong localBytes = 0;
  cl_int code = cl.GetKernelInfo(object, CL_KERNEL_NUM_ARGS, sizeof count, &count, nullptr);
  if (code == CL_SUCCESS)
    code = cl.GetKernelWorkGroupInfo(object, device.id, CL_KERNEL_WORK_GROUP_SIZE, sizeof maxGroup, &maxGroup, nullptr);
  if (code == CL_SUCCESS)
    code = cl.GetKernelWorkGroupInfo(object, device.id, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof made.requiredBlock,
                                     made.requiredBlock, nullptr);
  if (code == CL_SUCCESS)
    code =
        cl.GetKernelWorkGroupInfo(object, device.id, CL_KERNEL_LOCAL_MEM_SIZE, sizeof localBytes, &localBytes, nullptr);
  cl.ReleaseKernel(object);
  TENON_CL(code, "ask about kernel %s", fact.name.c_str());

  if (count != expected)
    return error(tnErrorInvalidKernelImage, "kernel %s takes %u arguments, the package says %u", fact.name.c_str(),
                 count, expected);
  uint64_t localLimit = device.info().property(package::Property::LocalMemory);
  if (std::max<uint64_t>(localBytes, kernel.local_bytes()) > localLimit)
    return error(tnErrorLaunchOutOfResources,
                 "kernel %s needs %" PRIu64 " bytes of workgroup memory, the device has %" PRIu64, fact.name.c_str(),
                 std::max<uint64_t>(localBytes, kernel.local_bytes()), localLimit);
  made.maxGroup = maxGroup ? maxGroup : device.info().property(package::Property::MaxGroupSize);
  return {};
}

} // namespace tenon::opencl
