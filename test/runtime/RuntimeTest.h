//===- RuntimeTest.h - what the runtime's tests share --------------------------------------------===//
#pragma once

#include "TestPackage.h"
#include "tenon/tenon.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon::test {

#define EXPECT_TN(CALL) EXPECT_EQ(CALL, tnSuccess) << tnGetLastErrorMessage()
#define ASSERT_TN(CALL) ASSERT_EQ(CALL, tnSuccess) << tnGetLastErrorMessage()
/// A call that fails with a code and exactly this message.
#define EXPECT_FAILS(CALL, CODE, MESSAGE)                                                                              \
  do {                                                                                                                 \
    EXPECT_EQ(CALL, CODE);                                                                                             \
    EXPECT_STREQ(tnGetLastErrorMessage(), MESSAGE);                                                                    \
  } while (false)
/// And one whose message has a part.
#define EXPECT_FAILS_WITH(CALL, CODE, PART)                                                                            \
  do {                                                                                                                 \
    EXPECT_EQ(CALL, CODE);                                                                                             \
    EXPECT_NE(std::string(tnGetLastErrorMessage()).find(PART), std::string::npos) << tnGetLastErrorMessage();          \
  } while (false)

constexpr DLDataType f32 = {kDLFloat, 32, 1}, f64 = {kDLFloat, 64, 1}, i32 = {kDLInt, 32, 1}, i64 = {kDLInt, 64, 1},
                     i8 = {kDLInt, 8, 1}, boolean = {6, 8, 1}, u8 = {kDLUInt, 8, 1};

/// A tensor over the test's own memory (or any pointer), with its shape.
struct Tensor {
  Tensor(void *data, DLDataType type, std::vector<int64_t> dims) : shape(std::move(dims)) {
    shape.reserve(16);
    tensor = tnTensor(data, type, static_cast<int32_t>(shape.size()), shape.data());
  }
  template <class T>
  Tensor(std::vector<T> &data, DLDataType type, std::vector<int64_t> dims)
      : Tensor(static_cast<void *>(data.data()), type, std::move(dims)) {}
  operator void *() { return &tensor; }
  std::vector<int64_t> shape;
  DLTensor tensor;
};

/// Each test runs on a device, with the package of operatorsPackage loaded.
class DeviceTest : public testing::Test {
protected:
  explicit DeviceTest(const char *device) : device(device) {}
  void SetUp() override {
    ASSERT_TN(tnSetDeviceByName(device));
    auto bytes = operatorsPackage();
    ASSERT_TN(tnModuleLoadData(&module, bytes.data(), bytes.size()));
  }
  void TearDown() override {
    if (module)
      EXPECT_TN(tnModuleUnload(module));
  }
  tnOp_t op(const char *name) {
    tnOp_t op = nullptr;
    EXPECT_TN(tnModuleGetOp(&op, module, name));
    return op;
  }
  /// Launches on the default stream.
  tnError_t launch(const char *name, std::vector<void *> args) { return tnOpLaunch(op(name), args.data(), nullptr); }

  const char *device;
  tnModule_t module = nullptr;
};

struct HostTest : DeviceTest {
  HostTest() : DeviceTest("host") {}
};
struct NullTest : DeviceTest {
  NullTest() : DeviceTest("null") {}
};

} // namespace tenon::test
