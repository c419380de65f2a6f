//===- Kernel.cpp - host code of a package ---------------------------------------------------===//
#include "devices/host/Kernel.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon::host {

HostProgram::~HostProgram() {
  if (library)
    dlclose(library);
  if (file >= 0)
    close(file);
}

Status HostProgram::load(const package::Module &module) {
  const char *profile = module.profile()->c_str();
  int fd = memfd_create("tenon", MFD_CLOEXEC);
  if (fd < 0)
    return error(tnErrorOperatingSystem, "cannot make a memory file for host code: %s", strerror(errno));
  const uint8_t *code = module.code()->data();
  for (size_t done = 0; done < module.code()->size();) {
    ssize_t wrote = write(fd, code + done, module.code()->size() - done);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0) {
      int why = errno;
      close(fd);
      return error(tnErrorMemoryAllocation, "cannot write host code of %u bytes to memory: %s", module.code()->size(),
                   strerror(why));
    }
    done += wrote;
  }
  library = dlopen(text("/proc/self/fd/%d", fd).c_str(), RTLD_NOW | RTLD_LOCAL);
  const char *why = library ? nullptr : dlerror();
  // The loader knows libraries by the paths they were opened with: the number must not come again while this one is
  // loaded.
  file = fd;
  if (!library)
    return error(tnErrorInvalidKernelImage, "the code of %s cannot be loaded: %s", profile, why ? why : "unknown");
  kernels = std::make_unique<Kernel[]>(module.kernels()->size());
  for (uint32_t i = 0; i < module.kernels()->size(); ++i) {
    const package::Kernel &table = *module.kernels()->Get(i);
    kernels[i].entry = reinterpret_cast<Entry>(dlsym(library, table.name()->c_str()));
    if (!kernels[i].entry)
      return error(tnErrorInvalidKernelImage, "the code of %s has no kernel %s", profile, table.name()->c_str());
    for (uint32_t k = 0; k < table.args()->size(); ++k)
      kernels[i].args.push_back(table.args()->Get(k));
  }
  return {};
}

} // namespace tenon::host
