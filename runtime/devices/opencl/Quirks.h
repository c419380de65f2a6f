//===- Quirks.h - what OpenCL drivers get wrong -----------------------------===//
//
// Owns the one table of corrections to what OpenCL drivers say of themselves. Does not ask a driver anything: whoever
// reads a property looks here afterwards.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <optional>
#include <string_view>

namespace tenon::opencl {

/// How the device's fused multiply-add is judged.
enum class FmaAnswer {
  Reported, ///< CL_FP_FMA is right.
  No,       ///< There is an fma(), but not in hardware.
  HostCpu   ///< The device is the host's processor, and has what that has.
};

/// Corrections for one device. The default is a driver that tells the truth.
struct Quirks {
  /// Class as the schedule means it: do work-items (true) or explicit vectors fill the lanes? Unset: by
  /// CL_DEVICE_TYPE.
  std::optional<bool> gpuClass;
  FmaAnswer fma = FmaAnswer::Reported;
  /// Event timestamps mean nothing: the host's clock is taken instead.
  bool bogusTimestamps = false;
  /// The work-items that a group of a built kernel really may have; 0: CL_DEVICE_MAX_WORK_GROUP_SIZE is right.
  unsigned maxGroupSize = 0;
  /// What is corrected, for people; empty when nothing is.
  std::string_view note;
};

/// What is known of a device, found by parts of its platform's and its own name.
Quirks findQuirks(std::string_view platformName, std::string_view deviceName);

/// Why a platform may list no device and what to do about it; empty if nothing is known.
std::string_view findHint(std::string_view platformName);

} // namespace tenon::opencl
