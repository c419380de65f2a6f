//===- OpenclTargetTest.cpp - OpenCL C text ---------------------------------===//
//
// Runs every operation and every small kernel on PoCL, builds every text without a warning on every driver found, and
// checks what the text promises to its readers.
//
//===------------------------------------------------------------------------===//
#include "OpCases.h"
#include "OpenclRunner.h"
#include "ProgramCases.h"

#include <gtest/gtest.h>

namespace tenon {
const Target &getOpenclTarget();
}

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr const char *poclName = "Portable Computing Language";

/// One device for the whole program; null where the platform is missing.
OpenclDevice *getDevice(const std::string &platform) {
  static std::map<std::string, std::optional<OpenclDevice>> devices;
  auto [entry, isNew] = devices.try_emplace(platform);
  if (isNew)
    entry->second = OpenclDevice::open(platform);
  return entry->second ? &*entry->second : nullptr;
}

Runner makeRunner(OpenclDevice *device) {
  return [device](const CompiledModule &module, const std::string &name, std::vector<Argument> &arguments, Grid grid) {
    return device->run(module, name, arguments, grid);
  };
}

Profile getProfile(const std::string &name) { return tenon::test::getProfile(getOpenclTarget(), name); }

mlir::FailureOr<CompiledModule> compile(const std::string &text, std::string &errors,
                                        const std::string &profile = "opencl-cpu-512") {
  KernelContext context;
  auto module = context.parse(text);
  if (!module)
    return mlir::failure();
  auto result = getOpenclTarget().compile(*module, getProfile(profile));
  errors = context.errors;
  return result;
}

std::string getText(const std::string &text) {
  std::string errors;
  auto module = compile(text, errors);
  EXPECT_TRUE(mlir::succeeded(module)) << errors;
  return mlir::succeeded(module) ? std::string(module->code.begin(), module->code.end()) : "";
}

class OpenclOps : public testing::TestWithParam<std::string> {};

TEST_P(OpenclOps, GiveWhatPlainCppGivesOnPocl) {
  OpenclDevice *device = getDevice(poclName);
  if (!device)
    GTEST_SKIP() << "PoCL is not installed";
  checkOps(getOpenclTarget(), getProfile("opencl-cpu-512"), getOpCases(GetParam()), makeRunner(device));
}

bool hasFloat64(OpenclDevice *device) { return device->hasExtension("cl_khr_fp64"); }

bool canRun(OpenclDevice *device, const ProgramCase &program) {
  return (!program.needsInt64Atomics || device->hasExtension("cl_khr_int64_extended_atomics")) &&
         (program.text.find("f64") == std::string::npos || hasFloat64(device));
}

/// The platforms on which every text must build. PoCL builds what it runs.
class OpenclBuild : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(OpenclBuild, HasNoWarning) {
  auto [platform, group] = GetParam();
  OpenclDevice *device = getDevice(platform);
  if (!device)
    GTEST_SKIP() << platform << " is not installed";
  std::string text;
  if (group == "programs") {
    for (const ProgramCase &program : getProgramCases())
      if (canRun(device, program))
        text += program.text;
  } else {
    std::vector<OpCase> cases = getOpCases(group);
    if (!hasFloat64(device))
      removeFloat64(cases);
    text = getKernelText(cases);
  }
  std::string errors;
  auto module = compile(text, errors);
  ASSERT_TRUE(mlir::succeeded(module)) << errors;
  EXPECT_TRUE(module->requirements.empty() || hasFloat64(device));
  EXPECT_EQ(device->build(*module), "");
}

std::vector<std::string> getBuildGroups() {
  std::vector<std::string> groups = getOpGroups();
  groups.push_back("programs");
  return groups;
}

std::string toIdentifier(std::string text) {
  for (char &c : text)
    if (!isalnum(c))
      c = '_';
  return text;
}

INSTANTIATE_TEST_SUITE_P(All, OpenclOps, testing::ValuesIn(getOpGroups()), [](const auto &info) { return info.param; });
INSTANTIATE_TEST_SUITE_P(All, OpenclBuild,
                         testing::Combine(testing::Values(poclName, "rusticl", "Intel(R) OpenCL"),
                                          testing::ValuesIn(getBuildGroups())),
                         [](const auto &info) {
                           return toIdentifier(std::get<0>(info.param) + "_" + std::get<1>(info.param));
                         });

/// Programs run on every driver: they are few.
class OpenclPrograms : public testing::TestWithParam<std::tuple<std::string, ProgramCase>> {};

TEST_P(OpenclPrograms, Run) {
  auto [platform, program] = GetParam();
  OpenclDevice *device = getDevice(platform);
  if (!device)
    GTEST_SKIP() << platform << " is not installed";
  if (!canRun(device, program))
    GTEST_SKIP() << platform << " lacks f64 or 64-bit atomics";
  for (const char *profile : {"opencl-cpu-512", "opencl-gpu"})
    checkProgram(getOpenclTarget(), getProfile(profile), program, makeRunner(device));
}

INSTANTIATE_TEST_SUITE_P(All, OpenclPrograms,
                         testing::Combine(testing::Values(poclName, "rusticl", "Intel(R) OpenCL"),
                                          testing::ValuesIn(getProgramCases())),
                         [](const auto &info) {
                           return toIdentifier(std::get<0>(info.param) + "_" + std::get<1>(info.param).name);
                         });

/// Conversions of f16 are the drivers' own functions: they are looked at on every driver, not only on PoCL.
class OpenclFloat16 : public testing::TestWithParam<const char *> {};

TEST_P(OpenclFloat16, ConvertsExactly) {
  OpenclDevice *device = getDevice(GetParam());
  if (!device)
    GTEST_SKIP() << GetParam() << " is not installed";
  for (const char *group : {"f16", "bf16"}) {
    std::vector<OpCase> cases = getOpCases(group);
    if (!hasFloat64(device))
      removeFloat64(cases);
    checkOps(getOpenclTarget(), getProfile("opencl-cpu-256"), cases, makeRunner(device));
  }
}

INSTANTIATE_TEST_SUITE_P(All, OpenclFloat16, testing::Values("rusticl", "Intel(R) OpenCL"),
                         [](const auto &info) { return toIdentifier(info.param); });

const char *scale = R"(
func.func @scale(%x: memref<?xf32> {tenon.name = "x", tenon.noalias}, %y: memref<?xf32> {tenon.name = "y"},
                 %n: index {tenon.name = "n"}) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 1, 2>} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %k = arith.constant dense<0.1> : vector<8xf32>
  scf.for %i = %c0 to %n step %c8 {
    %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
    %w = arith.mulf %v, %k : vector<8xf32>
    vector.store %w, %y[%i] : memref<?xf32>, vector<8xf32>
  }
  return
}
)";

TEST(OpenclTarget, TextReadsAsWritten) {
  EXPECT_EQ(getText(scale), R"(// opencl-cpu-512: OpenCL C 1.2, made by tenonc
#pragma OPENCL FP_CONTRACT OFF

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void scale(
    const __global float *restrict x_buffer, ulong x_offset,
    __global float *y_buffer, ulong y_offset,
    long n) {
  const __global float *x = (const __global float *)((const __global char *)x_buffer + x_offset);
  __global float *y = (__global float *)((__global char *)y_buffer + y_offset);
  for (long i0 = 0L; i0 < n; i0 += 8L) {
    const float8 v1 = vload8(0, x + i0);
    const float8 v2 = v1 * (float8)(0x1.99999ap-4f);
    vstore8(v2, 0, y + i0);
  }
}
)");
}

TEST(OpenclTarget, SaysWhatTheCodeNeeds) {
  std::string errors;
  auto plain = compile(scale, errors), wide = compile(getKernelText(getOpCases("f64")), errors),
       brain = compile(getKernelText(getOpCases("bf16")), errors);
  ASSERT_TRUE(mlir::succeeded(plain) && mlir::succeeded(wide) && mlir::succeeded(brain)) << errors;
  EXPECT_TRUE(plain->requirements.empty());
  EXPECT_TRUE(plain->emulations.empty());
  EXPECT_EQ(plain->buildOptions, "-cl-std=CL1.2");
  ASSERT_EQ(wide->requirements.size(), 1u);
  EXPECT_EQ(wide->requirements[0].property(), package::Property::Float64);
  EXPECT_EQ(brain->emulations.size(), 2u);
}

TEST(OpenclTarget, DescribesItsKernels) {
  std::string errors;
  for (const ProgramCase &program : getProgramCases()) {
    if (program.name != "workgroup")
      continue;
    auto module = compile(program.text, errors, "opencl-gpu");
    ASSERT_TRUE(mlir::succeeded(module)) << errors;
    EXPECT_EQ(module->kernels[0].localBytes, 32u);
    EXPECT_EQ(module->kernels[0].block[0], 4u);
    EXPECT_EQ(module->kernels[0].block[1], 2u);
  }
}

TEST(OpenclTarget, GivesTheSameBytesEveryTime) {
  std::string text = getKernelText(getOpCases("casts"));
  EXPECT_EQ(getText(text), getText(text));
}

TEST(OpenclTarget, RefusesWhatIsNotKernelIR) {
  auto kernel = [](const std::string &body) {
    return "func.func @k(%x: memref<?xf32>, %n: index) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = "
           "array<i64: 3>} {\n%c0 = arith.constant 0 : index\n%v = memref.load %x[%c0] : memref<?xf32>\n" +
           body + "\nreturn\n}\n";
  };
  std::pair<std::string, std::string> cases[] = {
      {kernel("%e = math.exp %v : f32"), "math.exp in this form is not kernel IR"},
      {kernel("%e = arith.maximumf %v, %v : f32"), "arith.maximumf in this form is not kernel IR"},
      {kernel("%h = arith.constant 1.0 : f16\n%e = arith.addf %h, %h : f16"), "on f16 or bf16 is not legalized"},
      {kernel("%w = vector.load %x[%c0] : memref<?xf32>, vector<3xf32>"), "a type that kernel IR does not have"},
      {kernel("%a = arith.constant 1 : i7"), "a type that kernel IR does not have"},
      {kernel("%s = memref.alloca(%n) : memref<?xf32>"), "has no static size"},
      {kernel("%w = vector.broadcast %v : f32 to vector<4xf32>\n%e = vector.extract %w[%n] : f32 from vector<4xf32>"),
       "vector.extract in this form is not kernel IR"},
      {"func.func @k(%x: memref<?xi8>) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 3>} {\n"
       "%c0 = arith.constant 0 : index\n%v = memref.load %x[%c0] : memref<?xi8>\n"
       "%o = memref.atomic_rmw addi %v, %x[%c0] : (i8, memref<?xi8>) -> i8\nreturn\n}",
       "atomics on i32 and i64, not on 'i8'"},
      {"func.func @k() attributes {tenon.access = array<i64>} { return }", "tenon.block must hold 3 positive numbers"},
  };
  for (const auto &[text, message] : cases) {
    std::string errors;
    EXPECT_TRUE(mlir::failed(compile(text, errors))) << text;
    EXPECT_NE(errors.find("internal error: "), std::string::npos) << errors << "\n" << text;
    EXPECT_NE(errors.find(message), std::string::npos) << errors << "\n" << text;
  }
}

} // namespace
