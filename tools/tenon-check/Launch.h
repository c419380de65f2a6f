//===- Launch.h - one case on one device ------------------------------------===//
//
// Owns running an operator of a package the way a program does, at its least convenient: memory around results is
// guarded, results and workspace are full of rubbish beforehand, tensors may start at any element. Does not own what
// the results ought to be.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "tenon-check/Cases.h"
#include "tenon/tenon.h"

#include <map>

namespace tenon::check {

struct Device {
  int number = 0;
  tnDeviceProp properties = {};
};

/// A package loaded on one device. Modules are unloaded at the end.
class LoadedPackage {
public:
  LoadedPackage(const Device &device, std::string path);
  ~LoadedPackage();
  LoadedPackage(const LoadedPackage &) = delete;
  const Device &device;

  /// Makes the device current and finds the operator; null and a message where that fails.
  tnOp_t find(const std::string &op, std::string &error);

private:
  std::string path;
  tnModule_t module = nullptr;
  std::map<std::string, tnOp_t> ops;
};

struct LaunchOptions {
  unsigned lead = 0;  ///< Elements by which tensors miss an aligned address.
  bool twice = false; ///< Launches again, which must give the same bits.
  /// Results (by parameter) that are put into the memory of an input, as the package allows.
  std::vector<std::pair<size_t, size_t>> inPlace;
};

struct LaunchResult {
  tnError_t code = tnSuccess;
  std::string message;                       ///< Of an error, or of what is wrong besides values. Empty if all is well.
  std::vector<oracle::TensorValues> results; ///< By parameter.
};

LaunchResult launch(LoadedPackage &package, const Instance &instance, const Case &drawn, const LaunchOptions &options);

} // namespace tenon::check
