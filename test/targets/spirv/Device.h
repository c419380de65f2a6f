//===- Device.h - devices that the SPIR-V tests run on ---------------------------===//
//
// Owns a bare way to run a compiled kernel through raw OpenCL or raw Vulkan, apart from the runtime, whose own faults
// must not hide the compiler's.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace tenon::test {

/// A kernel argument: a buffer, whose bytes the run replaces, or a scalar.
struct Arg {
  std::vector<uint8_t> bytes;
  bool isBuffer = true;
  bool isIndex = false;
  size_t byteOffset = 0; ///< Where in the buffer the argument begins.
  size_t elementBytes = 1;
  int sameAs = -1; ///< An earlier argument whose memory this one is.

  template <typename T> static Arg buffer(const std::vector<T> &data, size_t firstElement = 0) {
    Arg arg;
    arg.bytes.resize(data.size() * sizeof(T));
    std::memcpy(arg.bytes.data(), data.data(), arg.bytes.size());
    arg.elementBytes = sizeof(T);
    arg.byteOffset = firstElement * sizeof(T);
    return arg;
  }
  template <typename T> static Arg scalar(T value) {
    Arg arg;
    arg.isBuffer = false;
    arg.bytes.resize(sizeof(T));
    std::memcpy(arg.bytes.data(), &value, sizeof(T));
    return arg;
  }
  static Arg index(int64_t value) {
    Arg arg = scalar(value);
    arg.isIndex = true;
    return arg;
  }
  template <typename T> std::vector<T> as() const {
    std::vector<T> data(bytes.size() / sizeof(T));
    std::memcpy(data.data(), bytes.data(), data.size() * sizeof(T));
    return data;
  }
};

using Grid = std::array<uint32_t, 3>;

class Device {
public:
  virtual ~Device() = default;
  virtual std::string getName() const = 0;
  /// Whether a feature that code may require is there.
  virtual bool has(package::Property feature) const = 0;
  /// Runs one kernel; an empty string, or what went wrong.
  virtual std::string run(const CompiledModule &module, const CompiledKernel &kernel, Grid grid,
                          std::vector<Arg> &args) = 0;
};

/// The devices found; opened once.
std::vector<std::unique_ptr<Device>> &openclDevices();
std::vector<std::unique_ptr<Device>> &vulkanDevices();

} // namespace tenon::test
