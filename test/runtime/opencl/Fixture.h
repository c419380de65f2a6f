//===- Fixture.h - tests over every OpenCL driver ---------------------------===//
//
// Owns how a test gets a device of a driver, and packages' modules made by hand. A driver that this machine lacks skips
// its tests, unless TENON_TEST_REQUIRE names it; PoCL must always be there.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <cstring>
#include <gtest/gtest.h>
#include <optional>

namespace tenon {
Driver &openclDriver();
} // namespace tenon

namespace tenon::opencl::test {

#define EXPECT_OK(EXPRESSION)                                                                                          \
  do {                                                                                                                 \
    ::tenon::Status expectStatus = (EXPRESSION);                                                                       \
    EXPECT_TRUE(expectStatus.ok()) << expectStatus.message();                                                          \
  } while (false)
#define ASSERT_OK(EXPRESSION)                                                                                          \
  do {                                                                                                                 \
    ::tenon::Status expectStatus = (EXPRESSION);                                                                       \
    ASSERT_TRUE(expectStatus.ok()) << expectStatus.message();                                                          \
  } while (false)
/// An error with this code, whose message has each of the parts.
#define EXPECT_FAILS(EXPRESSION, CODE, ...)                                                                            \
  ::tenon::opencl::test::expectFailure((EXPRESSION), CODE, {__VA_ARGS__}, #EXPRESSION)

void expectFailure(const Status &status, tnError_t code, std::vector<std::string> parts, const char *expression);

struct Candidate {
  const char *label;    ///< In test names.
  const char *platform; ///< A part of the platform's name.
  const char *unit;     ///< A part of the .icd file's name: tried first.
};
extern const Candidate candidates[3];
/// GoogleTest prints the parameter by this.
inline void PrintTo(const Candidate &candidate, std::ostream *out) { *out << candidate.label; }

struct Found {
  DeviceInfo info;
  std::vector<ProbeUnit> good;
};
/// The first device of a driver; nothing if it is not on this machine.
const std::optional<Found> &find(const Candidate &candidate);
bool isRequired(const Candidate &candidate);

/// A test that runs once a driver.
class OpenCLTest : public testing::TestWithParam<Candidate> {
protected:
  void SetUp() override;
  bool isPocl() const { return !std::strcmp(GetParam().label, "Pocl"); }
  bool isIntel() const { return !std::strcmp(GetParam().label, "Intel"); }
  bool isRusticl() const { return !std::strcmp(GetParam().label, "Rusticl"); }

  std::unique_ptr<Buffer> makeBuffer(uint64_t bytes);
  std::unique_ptr<Queue> makeQueue();
  /// A buffer with these values in it.
  template <typename T> std::unique_ptr<Buffer> makeBuffer(Queue &queue, const std::vector<T> &values) {
    auto buffer = makeBuffer(values.size() * sizeof(T));
    if (buffer)
      EXPECT_OK(queue.copyIn({buffer.get(), 0}, values.data(), values.size() * sizeof(T), HostMemory::Transient));
    return buffer;
  }
  template <typename T> std::vector<T> read(Queue &queue, Buffer &buffer, size_t count, uint64_t offset = 0) {
    std::vector<T> values(count);
    EXPECT_OK(queue.copyOut(values.data(), {&buffer, offset}, count * sizeof(T), HostMemory::Transient));
    return values;
  }
  /// kernels.cl, for a target.
  std::unique_ptr<Program> loadKernels(package::Target target = package::Target::OpenCL);

  const DeviceInfo *info = nullptr;
  std::unique_ptr<Device> device;
};

#define TENON_FOR_EVERY_DRIVER(SUITE)                                                                                  \
  class SUITE : public OpenCLTest {};                                                                                  \
  INSTANTIATE_TEST_SUITE_P(Driver, SUITE, testing::ValuesIn(candidates),                                               \
                           [](const testing::TestParamInfo<Candidate> &info) { return info.param.label; })

/// A kernel of a module made by hand.
struct KernelSpec {
  const char *name;
  std::vector<package::ArgType> args;
  uint32_t block[3] = {1, 1, 1};
};

/// A package::Module and the bytes it lies in.
class ModuleBytes {
public:
  ModuleBytes(package::Target target, const std::string &code, const std::vector<KernelSpec> &kernels,
              const char *options = "-cl-std=CL1.2", unsigned indexBits = 64);
  const package::Module &operator*() const { return *flatbuffers::GetRoot<package::Module>(buffer.data()); }

private:
  flatbuffers::DetachedBuffer buffer;
};

/// The kernels of kernels.cl, in this order.
enum { Axpy, Ids, Scalars, Reverse, Churn };
ModuleBytes kernelsModule(package::Target target);
std::string readFile(const char *path);

KernelArg bufferArg(Buffer &buffer, uint64_t offset = 0);
template <typename T> KernelArg scalarArg(T value) {
  KernelArg arg;
  std::memcpy(&arg.bits, &value, sizeof value);
  return arg;
}
/// A launch whose arguments live as long as it does.
struct Launch : KernelLaunch {
  Launch(Program &program, uint32_t kernel, std::vector<KernelArg> values, uint64_t x, uint64_t y = 1, uint64_t z = 1);
  std::vector<KernelArg> values;
};

} // namespace tenon::opencl::test
