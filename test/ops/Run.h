//===- Run.h - operators of the library on every device ---------------------===//
//
// Owns the fixture that runs each test on each device, and check(), which launches an operator the way a program does
// and compares its results. Does not own expectations: those are the tests' own loops.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Tensor.h"
#include "tenon/tenon.h"

#include <gtest/gtest.h>
#include <variant>

namespace tenon::ops {

struct Size {
  int64_t value;
};
struct Scalar {
  Type type;
  double value;
};
/// What stands for the declared default.
struct Default {};
using Argument = std::variant<Tensor, Size, Scalar, Default>;

class Operators : public testing::TestWithParam<int> {
protected:
  void SetUp() override;
};

/// The types to test operators in whose kernels are large: f32, and f16 where a driver does not take seconds to build
/// each. (Software drivers of OpenCL do; they run f16 in all other operators.)
std::vector<Type> largeKernelTypes();

/// A result and how far it may be off.
struct Expected {
  Expected(Tensor tensor) : tensor(std::move(tensor)), tolerance(toleranceOf(this->tensor.type)) {}
  Expected(Tensor tensor, double tolerance) : tensor(std::move(tensor)), tolerance(tolerance) {}
  /// In the memory of that argument.
  Expected &in(int argument) {
    place = argument;
    return *this;
  }
  Tensor tensor;
  double tolerance; ///< |got - want| <= tolerance * (1 + |want|); NaN matches NaN, an infinity its sign.
  int place = -1;
};

/// Launches on the current device; a failure names the operator, the types and the element. A device without f64 must
/// refuse what needs it.
void check(const std::string &package, const std::string &op, const std::vector<Argument> &inputs,
           const std::vector<Expected> &results);
/// The launch, or the synchronisation after it, must fail with this.
void expectError(const std::string &package, const std::string &op, const std::vector<Argument> &inputs,
                 const Tensor &result, tnError_t error, const std::string &part);

} // namespace tenon::ops
