//===- Quirks.cpp - what OpenCL drivers get wrong ---------------------------===//
//
// Owns the table. A row is added for a driver that was seen to misbehave, with what was seen.
//
//===------------------------------------------------------------------------===//
#include "Quirks.h"

namespace tenon::opencl {

namespace {
struct Row {
  std::string_view platform; ///< A part of the platform's name.
  std::string_view device;   ///< A part of the device's name; empty for any. The first row that matches counts.
  Quirks quirks;
  std::string_view hint; ///< For a platform without devices.
};
} // namespace

static const Row rows[] = {
    // Calls itself a CPU, but turns work-items into lanes itself and scalarises explicit vectors. fma() is a routine
    // in integers, thousands of times slower than mul and add. Timestamps stand near zero and last 1 ns each. All loops
    // of a work-item together end silently after 65535 iterations (gallivm's loop limiter); nothing here can mend that.
    // CL_KERNEL_WORK_GROUP_SIZE of every kernel is 32, CL_DEVICE_MAX_WORK_GROUP_SIZE 1024.
    {"rusticl",
     "llvmpipe",
     {true, FmaAnswer::No, true, 32,
      "groups of 32 work-items at most, whatever the device says; class gpu: work-items are its lanes; no fma: it is not in hardware; events are timed by the host's clock; all "
      "loops of a work-item end after 65535 iterations"},
     {}},
    // The timestamps are the platform's fault, whatever the device.
    {"rusticl",
     "",
     {std::nullopt, FmaAnswer::Reported, true, 0, "events are timed by the host's clock"},
     "it lists only the drivers named by RUSTICL_ENABLE, for instance RUSTICL_ENABLE=llvmpipe"},
    // Leaves CL_FP_FMA out of CL_DEVICE_SINGLE_FP_CONFIG, yet fma() is the processor's instruction: exact, full speed.
    {"Intel(R) OpenCL",
     "",
     {std::nullopt, FmaAnswer::HostCpu, false, 0, "fma as the processor has it: CL_FP_FMA is not reported"},
     {}},
};

static bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Quirks findQuirks(std::string_view platformName, std::string_view deviceName) {
  for (const Row &row : rows)
    if (contains(platformName, row.platform) && contains(deviceName, row.device))
      return row.quirks;
  return {};
}

std::string_view findHint(std::string_view platformName) {
  for (const Row &row : rows)
    if (contains(platformName, row.platform) && !row.hint.empty())
      return row.hint;
  return {};
}

} // namespace tenon::opencl
