//===- Environment.cpp - settings that libraries read before main -----------===//
#include "Environment.h"

#include "Peers.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace tenon::bench {

// Set when the process has been started again, so that this happens once.
static constexpr const char *marker = "TENON_BENCH_ENVIRONMENT";

/// The core whose kernels OpenBLAS should take on this machine, if what it took is older than that; else "".
static std::string findBetterCore() {
  std::string core = getOpenBlasCore();
  auto isOneOf = [&](std::initializer_list<const char *> names) {
    for (const char *name : names)
      if (strcasecmp(core.c_str(), name) == 0)
        return true;
    return false;
  };
#if defined(__x86_64__)
  if (isOneOf({"SkylakeX", "Cooperlake", "SapphireRapids"}))
    return "";
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (!isOneOf({"Haswell", "Zen"}) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return "Haswell";
#endif
  return "";
}

void enterEnvironment(int threads, char **argv) {
  if (getenv(marker))
    return;
  std::string count = std::to_string(threads);
  setenv(marker, "1", 1);
  for (const char *name : {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "TENON_NUM_THREADS", "POCL_MAX_PTHREAD_COUNT",
                           "POCL_CPU_MAX_CU_COUNT"})
    setenv(name, count.c_str(), 1);
  setenv("OPENBLAS_THREAD_TIMEOUT", "4", 1);
  setenv("OMP_WAIT_POLICY", "passive", 1);
  setenv("GOMP_SPINCOUNT", "0", 1);
  setenv("KMP_BLOCKTIME", "0", 1);
  // Even over a choice in the caller's environment: the peer is to be as good as it can.
  if (std::string core = findBetterCore(); !core.empty())
    setenv("OPENBLAS_CORETYPE", core.c_str(), 1);
  execv("/proc/self/exe", argv);
  throw Failure{std::string("cannot start again with the environment of the peers: ") + strerror(errno)};
}

std::string checkOpenBlasCore() {
  std::string better = findBetterCore();
  return better.empty() ? ""
                        : "OpenBLAS runs kernels for " + getOpenBlasCore() + ", this machine deserves " + better +
                              ": ratios to it are too good";
}

} // namespace tenon::bench
