//===- HostRunner.cpp - running host code in this process -------------------===//
//
// Owns loading; see HostRunner.h.
//
//===------------------------------------------------------------------------===//
#include "HostRunner.h"

#include <cstdlib>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon::test {

using KernelFunction = void (*)(const void *const *, int64_t, int64_t, int64_t);

std::string runOnHost(const CompiledModule &module, const std::string &name, std::vector<Argument> &arguments,
                      Grid grid) {
  int file = memfd_create("host-code", 0);
  if (write(file, module.code.data(), module.code.size()) != ssize_t(module.code.size()))
    return "write to a memory file failed";
  void *library = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
  close(file);
  if (!library)
    return dlerror();
  auto function = reinterpret_cast<KernelFunction>(dlsym(library, name.c_str()));
  if (!function)
    return dlerror();
  std::vector<const void *> addresses;
  std::vector<void *> buffers;
  for (Argument &argument : arguments) {
    if (!argument.isBuffer) {
      addresses.push_back(argument.bytes.data());
      continue;
    }
    void *buffer = std::aligned_alloc(64, (argument.bytes.size() + 127) / 64 * 64);
    std::memcpy(buffer, argument.bytes.data(), argument.bytes.size());
    buffers.push_back(buffer);
    addresses.push_back(buffer);
  }
  for (int64_t z = 0; z < grid[2]; ++z)
    for (int64_t y = 0; y < grid[1]; ++y)
      for (int64_t x = 0; x < grid[0]; ++x)
        function(addresses.data(), x, y, z);
  size_t next = 0;
  for (Argument &argument : arguments)
    if (argument.isBuffer) {
      std::memcpy(argument.bytes.data(), buffers[next], argument.bytes.size());
      std::free(buffers[next++]);
    }
  dlclose(library);
  return "";
}

unsigned getHostLevel() {
  return __builtin_cpu_supports("x86-64-v4")   ? 4
         : __builtin_cpu_supports("x86-64-v3") ? 3
         : __builtin_cpu_supports("x86-64-v2") ? 2
                                               : 1;
}

} // namespace tenon::test
