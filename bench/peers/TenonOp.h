//===- TenonOp.h - an operator on a device, by the ordinary road ------------===//
//
// Owns what a program does to run an operator: device, package, memory, launch, wait. Does not own what is computed.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Case.h"

#include "tenon/tenon.h"

#include <memory>
#include <vector>

namespace tenon::bench {

/// Throws Failure with the runtime's message unless `error` is tnSuccess.
void check(tnError_t error, const std::string &what);

/// Device memory of floats.
class DeviceArray {
public:
  DeviceArray(int device, int64_t count);
  ~DeviceArray();
  DeviceArray(const DeviceArray &) = delete;
  DeviceArray &operator=(const DeviceArray &) = delete;
  float *data() const { return static_cast<float *>(memory); }
  void write(const float *from) const;
  void read(float *to) const;

private:
  int device;
  size_t bytes;
  void *memory = nullptr;
};

/// The inputs are on host; on another device than host they are copied there.
class TenonOp {
public:
  TenonOp(const Case &theCase, const std::string &package, int device, bool isHost,
          const std::vector<const float *> &inputs);
  ~TenonOp();
  TenonOp(const TenonOp &) = delete;
  TenonOp &operator=(const TenonOp &) = delete;

  /// Launches and waits.
  void run();
  const DeviceArray &getResult() const { return *result; }
  /// Bytes of workspace that a launch takes.
  size_t getWorkspace();

private:
  int device;
  tnModule_t module = nullptr;
  tnStream_t stream = nullptr;
  tnOp_t op = nullptr;
  std::vector<std::unique_ptr<DeviceArray>> copies;
  std::unique_ptr<DeviceArray> result;
  std::vector<Shape> shapes;
  std::vector<DLTensor> tensors;
  std::vector<void *> arguments;
};

} // namespace tenon::bench
