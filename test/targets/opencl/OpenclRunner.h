//===- OpenclRunner.h - building and running text on a driver ---------------===//
//
// Owns a raw OpenCL harness: one device of one platform. Does not own the runtime's OpenCL device, which is not used.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Run.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <optional>

namespace tenon::test {

class OpenclDevice {
public:
  /// The first device of the platform whose name contains `platform`; nothing where there is no such platform.
  static std::optional<OpenclDevice> open(const std::string &platform);

  /// Builds the text; an error, or a warning in the build log, is the message.
  std::string build(const CompiledModule &module);

  /// A Runner: builds (once for the same code) and runs a kernel.
  std::string run(const CompiledModule &module, const std::string &name, std::vector<Argument> &arguments, Grid grid);

  bool hasExtension(const std::string &name) const;

private:
  cl_device_id device = nullptr;
  cl_context context = nullptr;
  cl_command_queue queue = nullptr;
  cl_program program = nullptr;
  std::vector<char> builtCode;
};

} // namespace tenon::test
