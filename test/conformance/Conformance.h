//===- Conformance.h - one suite, every device ------------------------------===//
//
// Owns the fixture that runs each test on each device, and Call, which launches an operator of a package of the suite
// the way a program does: aligned and not, between guards, twice with the same bits. Does not own data and expectations
// (Values.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "KnownGaps.h"
#include "Values.h"
#include "tenon/tenon.h"

#include <gtest/gtest.h>
#include <memory>
#include <set>

namespace tenon::conformance {

struct Device {
  int number;
  std::string label; ///< The driver's short name: "pocl", "lavapipe", ...
  tnDeviceProp properties;
};
/// Every device there is.
const std::vector<Device> &getDevices();
void PrintTo(const Device &device, std::ostream *os);

/// What the program wrote to stderr since the last call; it still goes there.
std::string takeStderr();
/// Call first: lets takeStderr see what is written.
void watchStderr();

class Conformance : public testing::TestWithParam<Device> {
protected:
  void SetUp() override;
  void TearDown() override;
};

#define EXPECT_TN(CALL) EXPECT_EQ(CALL, tnSuccess) << tnGetLastErrorMessage()
#define ASSERT_TN(CALL) ASSERT_EQ(CALL, tnSuccess) << tnGetLastErrorMessage()

/// The operator of a package on the current device; the package is loaded once a device.
tnOp_t findOperator(const std::string &package, const std::string &op);

/// One operator with its arguments, in declared order.
class Call {
public:
  Call(std::string package, std::string op) : package(std::move(package)), op(std::move(op)) {}

  Call &in(const Array &array);
  Call &out(Array &array);
  /// A result in the memory of an input: argument number `input`.
  Call &outIn(Array &array, size_t input);
  Call &size(int64_t value);
  Call &scalar(Type type, double value);
  Call &none(); ///< The default.

  /// Launches twice, the second time with every tensor an element further on, and fills the results: the bits must be
  /// the same and nothing else may be written. False where the device refuses, which is a failure unless it is a known
  /// gap.
  bool run();
  /// A launch that must fail with a code and a part of a message.
  void expectError(tnError_t code, const std::string &part);
  /// A launch that must be accepted and fail when the stream is synchronised.
  void expectFault(const std::string &part);

private:
  struct Argument {
    enum class Kind { In, Out, Value, None } kind;
    const Array *input = nullptr;
    Array *result = nullptr;
    std::vector<uint8_t> value;
    size_t sharedWith = SIZE_MAX;
  };
  struct Placed;

  /// Puts the tensors on the device, `lead` elements past an aligned address.
  std::unique_ptr<Placed> place(size_t lead);
  tnError_t launch(Placed &placed);
  void collect(Placed &placed, bool isFirst);

  std::string package, op;
  std::vector<Argument> arguments;
  std::set<Type> types;
};

} // namespace tenon::conformance
