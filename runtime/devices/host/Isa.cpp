//===- Isa.cpp - what the processor and the system allow -----------------------------===//
#include "devices/host/Isa.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tenon::host {

#if defined(__x86_64__)
int isaLevel() {
  static const int level = [] {
    unsigned a, b, c, d, b7 = 0, cExtended = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
      return 1;
    const unsigned c1 = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
      b7 = b;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
      cExtended = c;
    auto all = [](unsigned value, unsigned bits) { return (value & bits) == bits; };
    // v2: SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT, LAHF
    if (!all(c1, bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT) || !(cExtended & 1))
      return 1;
    // The system must save the wide registers, too.
    unsigned saved = 0, savedHigh = 0;
    if (c1 & bit_OSXSAVE)
      __asm__("xgetbv" : "=a"(saved), "=d"(savedHigh) : "c"(0));
    // v3: AVX AVX2 BMI1 BMI2 F16C FMA LZCNT MOVBE
    if (!all(saved, 0x6) || !all(c1, bit_AVX | bit_F16C | bit_FMA | bit_MOVBE) ||
        !all(b7, bit_AVX2 | bit_BMI | bit_BMI2) || !(cExtended & (1u << 5)))
      return 2;
    // v4: AVX512 F BW CD DQ VL
    if (!all(saved, 0xe6) || !all(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL))
      return 3;
    return 4;
  }();
  return level;
}
#else
int isaLevel() { return 0; }
#endif

// The value of a line "key : value" of a file under /proc.
static std::string procValue(const char *path, const char *key) {
  std::string result;
  if (FILE *file = fopen(path, "re")) {
    char line[512];
    while (result.empty() && fgets(line, sizeof line, file))
      if (!strncmp(line, key, strlen(key)))
        if (const char *colon = strchr(line, ':')) {
          result = colon + 1;
          result.erase(0, result.find_first_not_of(" \t"));
          result.erase(result.find_last_not_of(" \n\t") + 1);
        }
    fclose(file);
  }
  return result;
}

std::string processorName() {
  std::string name = procValue("/proc/cpuinfo", "model name");
  return name.empty() ? "processor" : name;
}

static bool readLine(const std::string &path, char *line, int size) {
  FILE *file = fopen(path.c_str(), "re");
  if (!file)
    return false;
  bool fine = fgets(line, size, file) != nullptr;
  fclose(file);
  return fine;
}

// Calls `visit` with each folder of this process's cgroup, from its own up to the root; v1's controller or v2.
template <class F> static void eachCgroup(const char *controller, F visit) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (!file)
    return;
  char line[1024];
  while (fgets(line, sizeof line, file)) {
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : nullptr;
    if (!path)
      continue;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    ++controllers;
    bool v2 = *controllers == 0;
    if (!v2 && !strstr(controllers, controller))
      continue;
    std::string root = v2 ? "/sys/fs/cgroup" : std::string("/sys/fs/cgroup/") + controller;
    std::string folder = root + (strcmp(path, "/") ? path : "");
    while (folder.size() >= root.size()) {
      visit(folder, v2);
      folder.erase(folder.find_last_of('/'));
    }
  }
  fclose(file);
}

Status threadCount(unsigned &count) {
  if (const char *own = getenv("TENON_NUM_THREADS"); own && *own) {
    char *end = nullptr;
    long value = strtol(own, &end, 10);
    if (*end || value < 1 || value > 1024)
      return error(tnErrorInvalidValue, "TENON_NUM_THREADS is '%s', it must be a number from 1 to 1024", own);
    count = static_cast<unsigned>(value);
    return {};
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    count = CPU_COUNT(&set);
  else
    count = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  eachCgroup("cpu", [&](const std::string &folder, bool v2) {
    char line[128];
    long long quota = -1, period = 100000;
    if (v2) {
      if (!readLine(folder + "/cpu.max", line, sizeof line) || sscanf(line, "%lld %lld", &quota, &period) < 1)
        return;
    } else {
      if (!readLine(folder + "/cpu.cfs_quota_us", line, sizeof line))
        return;
      quota = atoll(line);
      if (readLine(folder + "/cpu.cfs_period_us", line, sizeof line))
        period = atoll(line);
    }
    if (quota > 0 && period > 0) {
      auto limit = static_cast<unsigned>((quota + period - 1) / period);
      count = limit < count ? limit : count;
    }
  });
  count = count < 1 ? 1 : count > 1024 ? 1024 : count;
  return {};
}

void memoryLimits(uint64_t &total, uint64_t &available) {
  total = strtoull(procValue("/proc/meminfo", "MemTotal").c_str(), nullptr, 10) * 1024;
  available = strtoull(procValue("/proc/meminfo", "MemAvailable").c_str(), nullptr, 10) * 1024;
  eachCgroup("memory", [&](const std::string &folder, bool v2) {
    char line[128];
    if (!readLine(folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes"), line, sizeof line) || line[0] == 'm')
      return;
    uint64_t limit = strtoull(line, nullptr, 10), used = 0;
    if (limit == 0 || limit >= total)
      return;
    if (readLine(folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes"), line, sizeof line))
      used = strtoull(line, nullptr, 10);
    total = limit;
    uint64_t left = used < limit ? limit - used : 0;
    available = left < available ? left : available;
  });
}

} // namespace tenon::host
