//===- PackageTest.cpp - what is refused when a package is loaded, and mutations ----------------------===//
#include "RuntimeTest.h"

#include <algorithm>
#include <functional>

#include <cstring>
#include <random>

using namespace tenon;
using namespace tenon::test;

namespace {

tnError_t load(const std::vector<uint8_t> &bytes) {
  tnModule_t module = nullptr;
  const uint8_t nothing = 0;
  tnError_t result = tnModuleLoadData(&module, bytes.empty() ? &nothing : bytes.data(), bytes.size());
  if (module)
    tnModuleUnload(module);
  return result;
}

struct PackageTest : testing::Test {
  void SetUp() override { ASSERT_TN(tnSetDeviceByName("null")); }
  // A package of one operator f(x: f32[n]) -> y: f32[n] that a test then breaks.
  InstanceDesc good() {
    InstanceDesc i;
    i.symbols = {{"n", pk::SymbolKind::Size}};
    uint32_t n = i.exprs.symbol(0), one = i.exprs.constant(1);
    ParamDesc x, y;
    x.name = "x";
    x.dims = {bind(0)};
    y.name = "y";
    y.dims = {check(n)};
    y.isResult = true;
    i.params = {x, y};
    VariantDesc v;
    v.plan = {StepDesc::launch(0, {n, one, one}, {tensorArg(0), tensorArg(1)})};
    i.variants = {v};
    return i;
  }
  std::vector<uint8_t> write(const InstanceDesc &instance, std::vector<KernelDesc> kernels = {}) {
    TestPackage p;
    if (kernels.empty())
      kernels = {{"copy_f32", {pk::ArgType::Buffer, pk::ArgType::Buffer}}};
    p.module(pk::Target::Host, "host-test", {1, 2, 3}, kernels);
    p.op("f", {instance});
    return p.finish();
  }
};

} // namespace

TEST_F(PackageTest, Whole) { EXPECT_TN(load(write(good()))); }

TEST_F(PackageTest, WhatIsNoPackage) {
  EXPECT_FAILS(load({}), tnErrorInvalidPackage, "package in memory: not a package: it is empty");
  EXPECT_FAILS_WITH(load({1, 2, 3}), tnErrorInvalidPackage, "not a package: it does not have the mark 'TNB1'");
  EXPECT_FAILS_WITH(load(std::vector<uint8_t>(4096, 'x')), tnErrorInvalidPackage, "not a package");
  tnModule_t module = nullptr;
  EXPECT_FAILS_WITH(tnModuleLoad(&module, "/tmp"), tnErrorInvalidPackage, "/tmp: not a package: it is a folder");
  EXPECT_EQ(tnModuleLoad(&module, nullptr), tnErrorInvalidValue);
  EXPECT_EQ(tnModuleLoadData(&module, nullptr, 5), tnErrorInvalidValue);
}

TEST_F(PackageTest, Truncated) {
  auto bytes = operatorsPackage();
  for (size_t keep : {bytes.size() - 1, bytes.size() / 2, size_t(1000), size_t(16)}) {
    std::vector<uint8_t> part(bytes.begin(), bytes.begin() + keep);
    EXPECT_FAILS_WITH(load(part), tnErrorInvalidPackage, "the package is truncated");
  }
}

TEST_F(PackageTest, DamagedByAnyBit) {
  auto bytes = operatorsPackage();
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    auto copy = bytes;
    copy[8 + random() % (copy.size() - 8)] ^= 1u << random() % 8;
    EXPECT_NE(load(copy), tnSuccess);
  }
  auto copy = bytes;
  const auto &code = hostCode();
  *(std::search(copy.begin(), copy.end(), code.begin(), code.end()) + 100) ^= 1;
  EXPECT_FAILS_WITH(load(copy), tnErrorInvalidPackage, "the package is damaged: its content hash is");
}

TEST_F(PackageTest, Newer) {
  TestPackage p;
  p.module(pk::Target::Host, "host-test", {1}, {{"copy_f32", {pk::ArgType::Buffer, pk::ArgType::Buffer}}});
  p.op("f", {good()});
  EXPECT_FAILS(load(p.finish(2)), tnErrorPackageTooNew,
               "package in memory: the package has format 2, this runtime reads up to 1; update the runtime");
}

TEST_F(PackageTest, EveryIndexIsChecked) {
  struct Case {
    const char *message;
    std::function<void(InstanceDesc &)> breakIt;
  };
  auto step = [](InstanceDesc &i) -> StepDesc & { return i.variants[0].plan[0]; };
  const Case cases[] = {
      {"a variant is in module 7 of 1", [](InstanceDesc &i) { i.variants[0].module = 7; }},
      {"a launch is of kernel 1 of 1", [&](InstanceDesc &i) { step(i).kernel = 1; }},
      {"the grid of copy_f32 has 2 numbers", [&](InstanceDesc &i) { step(i).grid.pop_back(); }},
      {"a grid is expression 9 of 2", [&](InstanceDesc &i) { step(i).grid[1] = 9; }},
      {"kernel copy_f32 takes 2 arguments, a launch gives 1", [&](InstanceDesc &i) { step(i).args.pop_back(); }},
      {"argument 1 of copy_f32 refers to", [&](InstanceDesc &i) { step(i).args[1] = tensorArg(2); }},
      {"argument 1 of copy_f32 refers to", [&](InstanceDesc &i) { step(i).args[1] = workspaceArg(0); }},
      {"argument 1 of copy_f32 is of another type", [&](InstanceDesc &i) { step(i).args[1] = indexArg(0); }},
      {"expression 2 reads symbol 1 of 1", [](InstanceDesc &i) { i.exprs.symbol(1); }},
      {"expression 2 refers to expression 2", [](InstanceDesc &i) { i.exprs.add(pk::ExprOp::Add, 2, 0); }},
      {"expression 2 refers to expression 4294967295", [](InstanceDesc &i) { i.exprs.add(pk::ExprOp::Not, ~0u); }},
      {"expression 2 has the unknown operation 77", [](InstanceDesc &i) { i.exprs.add(static_cast<pk::ExprOp>(77)); }},
      {"reads the counter of loop 8", [](InstanceDesc &i) { i.exprs.loop(8); }},
      {"reads the unknown device property", [](InstanceDesc &i) { i.exprs.add(pk::ExprOp::Device, 0, 0, 0, 99); }},
      {"dimension 0 of x binds symbol 3 of 1", [](InstanceDesc &i) { i.params[0].dims[0] = bind(3); }},
      {"dimension 0 of x binds symbol 0 of 1", [](InstanceDesc &i) { i.params[0].dims[0] = pack(0); }},
      {"a dimension is expression 5 of 2", [](InstanceDesc &i) { i.params[1].dims[0] = check(5); }},
      {"no parameter binds symbol m", [](InstanceDesc &i) { i.symbols.push_back({"m", pk::SymbolKind::Size}); }},
      {"parameter y comes after a result",
       [](InstanceDesc &i) {
         i.params[0].dims = {check(0)}, i.params[0].isResult = true, i.params[1].isResult = false;
       }},
      {"result y is no tensor", [](InstanceDesc &i) { i.params[1].kind = pk::ParamKind::Scalar; }},
      {"parameter x is of no known kind or type",
       [](InstanceDesc &i) { i.params[0].dtype = static_cast<pk::DType>(99); }},
      {"parameters 0 and 1 cannot be the same memory", [](InstanceDesc &i) { i.inplace = {0, 1}; }},
      {"half a pair", [](InstanceDesc &i) { i.inplace = {1}; }},
      {"a condition is expression 5 of 2", [](InstanceDesc &i) { i.checks = {{5, "m", {}}}; }},
      {"a value of a condition is expression 5 of 2", [](InstanceDesc &i) { i.checks = {{0, "m", {5}}}; }},
      {"a workspace's size is expression 4 of 2", [](InstanceDesc &i) { i.variants[0].workspace = {4}; }},
      {"a loop's count is expression 4 of 2", [](InstanceDesc &i) { i.variants[0].plan = {StepDesc::loop(4, {})}; }},
      {"a branch's condition is expression 4 of 2",
       [](InstanceDesc &i) { i.variants[0].plan = {StepDesc::branch(4, {}, {})}; }},
      {"loops nest deeper than 8",
       [](InstanceDesc &i) {
         StepDesc nest = i.variants[0].plan[0];
         for (int k = 0; k < 9; ++k)
           nest = StepDesc::loop(1, {nest});
         i.variants[0].plan = {nest};
       }},
      {"an operator has 0 parameters", [](InstanceDesc &i) { i.params.clear(), i.symbols.clear(), i.exprs = {}; }},
      {"parameter x has 17 dimensions", [](InstanceDesc &i) { i.params[0].dims.resize(17, check(0)); }},
  };
  for (const Case &c : cases) {
    InstanceDesc instance = good();
    c.breakIt(instance);
    EXPECT_FAILS_WITH(load(write(instance)), tnErrorInvalidPackage, c.message);
  }
  EXPECT_FAILS_WITH(load(write(good(), {{"copy_f32", {pk::ArgType::Buffer, pk::ArgType::Buffer}, {0, 1, 1}}})),
                    tnErrorInvalidPackage, "kernel copy_f32 has a block side of 0");
  EXPECT_FAILS_WITH(load(write(good(), {{"k", {pk::ArgType::Index, pk::ArgType::Buffer}}})), tnErrorInvalidPackage,
                    "kernel k has a buffer after a scalar");
}

TEST_F(PackageTest, CodeThatCannotBeLoaded) {
  ASSERT_TN(tnSetDeviceByName("host"));
  auto bytes = write(good());
  tnModule_t module = nullptr;
  ASSERT_TN(tnModuleLoadData(&module, bytes.data(), bytes.size()));
  tnOp_t op;
  ASSERT_TN(tnModuleGetOp(&op, module, "f"));
  std::vector<float> x(4), y(4);
  Tensor tx(x, f32, {4}), ty(y, f32, {4});
  void *args[] = {tx, ty};
  EXPECT_FAILS_WITH(tnOpLaunch(op, args, nullptr), tnErrorInvalidKernelImage,
                    "launch f: build of host-test for host: the code of host-test cannot be loaded");
  ASSERT_TN(tnModuleUnload(module));

  TestPackage p;
  p.module(pk::Target::Host, "host-test", hostCode(), {{"absent", {pk::ArgType::Buffer, pk::ArgType::Buffer}}});
  p.op("f", {good()});
  bytes = p.finish();
  ASSERT_TN(tnModuleLoadData(&module, bytes.data(), bytes.size()));
  ASSERT_TN(tnModuleGetOp(&op, module, "f"));
  EXPECT_FAILS_WITH(tnOpLaunch(op, args, nullptr), tnErrorInvalidKernelImage, "has no kernel absent");
  ASSERT_TN(tnModuleUnload(module));
}

// 10,000 mutations: half are left with a wrong content hash and must be refused; for the other half the hash is made
// right again, and loading and launching everything must not crash. The native code is left alone: a package is trusted
// like a shared library, and so the launches go to the null device, which runs the same checks and plans but no code.
TEST_F(PackageTest, MutationsNeverCrash) {
  const auto original = operatorsPackage();
  // Where the native code lies, twice.
  const auto &code = hostCode();
  std::vector<std::pair<size_t, size_t>> keep;
  for (auto at = original.begin(); at != original.end();) {
    at = std::search(at, original.end(), code.begin(), code.end());
    if (at == original.end())
      break;
    keep.emplace_back(at - original.begin(), at - original.begin() + code.size());
    at += code.size();
  }
  ASSERT_EQ(keep.size(), 2u);
  std::vector<size_t> places;
  for (size_t i = 0; i < original.size(); ++i)
    if (i < keep[0].first || (i >= keep[0].second && i < keep[1].first) || i >= keep[1].second)
      places.push_back(i);

  std::mt19937_64 random(20240229);
  std::vector<float> host(64);
  void *device = nullptr, *device2 = nullptr;
  ASSERT_TN(tnMalloc(&device, 4096));
  ASSERT_TN(tnMalloc(&device2, 4096));
  int loaded = 0, launched = 0;
  for (int round = 0; round < 10000; ++round) {
    auto bytes = original;
    for (int n = 1 + random() % 2; n > 0; --n) {
      size_t at = places[random() % places.size()];
      switch (random() % 4) {
      case 0:
        bytes[at] ^= 1u << random() % 8;
        break;
      case 1:
        bytes[at] = random();
        break;
      case 2:
        bytes[at] = random() % 2 ? 0xff : 0;
        break;
      default: { // a whole number
        uint32_t value = random() % 3 == 0 ? random() : random() % 64;
        for (size_t k = 0; k < 4; ++k)
          if (std::binary_search(places.begin(), places.end(), at + k))
            bytes[at + k] = value >> 8 * k;
      }
      }
    }
    const bool right = round % 2;
    if (right) {
      flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 64, 4000000);
      if (!pk::VerifyPackageBuffer(verifier)) {
        EXPECT_NE(load(bytes), tnSuccess);
        continue;
      }
      rehash(bytes);
    }
    tnModule_t module = nullptr;
    tnError_t result = tnModuleLoadData(&module, bytes.data(), bytes.size());
    if (!right && bytes != original) {
      ASSERT_NE(result, tnSuccess);
      continue;
    }
    if (result != tnSuccess)
      continue;
    ++loaded;
    int ops = 0;
    ASSERT_TN(tnModuleGetOpCount(&ops, module));
    for (int o = 0; o < ops; ++o) {
      const char *name = nullptr;
      tnOp_t op = nullptr;
      ASSERT_TN(tnModuleGetOpName(&name, module, o));
      if (tnModuleGetOp(&op, module, name) != tnSuccess)
        continue;
      int count = 0;
      ASSERT_TN(tnOpGetParamCount(&count, op));
      // Arguments as the signature asks for, of sizes that mostly agree.
      std::vector<std::unique_ptr<Tensor>> tensors;
      std::vector<void *> args;
      int64_t size = 3;
      double scalar = 1;
      for (int k = 0; k < count; ++k) {
        tnOpParam p;
        ASSERT_TN(tnOpGetParam(&p, op, k));
        if (p.kind == tnOpParamSize) {
          args.push_back(&size);
        } else if (p.kind == tnOpParamScalar) {
          args.push_back(p.hasDefault ? nullptr : static_cast<void *>(&scalar));
        } else {
          std::vector<int64_t> dims(std::min(p.minDims, 16), 3);
          char *data = static_cast<char *>(p.isResult ? device2 : device) + 256 * (k % 16) * !p.isResult;
          tensors.push_back(std::make_unique<Tensor>(data, p.types[0], dims));
          args.push_back(*tensors.back());
        }
      }
      size_t workspace = 0;
      tnOpGetWorkspaceSize(&workspace, op, args.data());
      tnOpInferShapes(op, args.data());
      launched += tnOpLaunch(op, args.data(), nullptr) == tnSuccess;
      tnStreamSynchronize(nullptr);
    }
    ASSERT_TN(tnModuleUnload(module));
  }
  // The test must reach what it is about.
  EXPECT_GT(loaded, 1000);
  EXPECT_GT(launched, 5000);
  ASSERT_TN(tnFree(device));
  ASSERT_TN(tnFree(device2));
}
