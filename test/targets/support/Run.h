//===- Run.h - running kernels in tests -------------------------------------===//
//
// Owns what the tests of all targets share: parsing kernel IR, arguments, and the interface to something that runs
// compiled kernels. Does not own any target's way of running.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

#include "mlir/IR/OwningOpRef.h"

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tenon::test {

using Bytes = std::vector<uint8_t>;

template <typename T> Bytes toBytes(const std::vector<T> &values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename T> std::vector<T> fromBytes(const Bytes &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty())
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

/// A buffer's contents (changed by the run) or a scalar's value.
struct Argument {
  bool isBuffer;
  Bytes bytes;

  template <typename T> static Argument buffer(const std::vector<T> &values) { return {true, toBytes(values)}; }
  template <typename T> static Argument scalar(T value) { return {false, toBytes(std::vector<T>{value})}; }
};

using Grid = std::array<int64_t, 3>;

/// Runs kernel `name` of a compiled module; the message of what went wrong, or nothing.
using Runner = std::function<std::string(const CompiledModule &module, const std::string &name,
                                         std::vector<Argument> &arguments, Grid grid)>;

/// A context that knows kernel IR's dialects and collects error messages.
class KernelContext {
public:
  KernelContext();
  ~KernelContext();

  /// Parses kernel IR; a parse error fails the test.
  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text);

  std::unique_ptr<mlir::MLIRContext> context;
  std::string errors;
};

/// The profile of that name of `target`; a missing one ends the test program.
Profile getProfile(const Target &target, const std::string &name);

} // namespace tenon::test
