//===- ModuleTest.cpp - what a compiled module says of itself, and errors -----------------------===//
#include "Harness.h"

namespace tenon::test {

using package::Property;

static bool needs(const CompiledModule &module, Property property) {
  return llvm::any_of(module.requirements, [&](const auto &need) { return need.property() == property; });
}

static const char *kernel(const char *type) {
  static std::string text;
  text = R"(
    func.func @narrow(%A: memref<?xT>, %B: memref<?xT> {tenon.noalias}, %n: index, %s: i32)
        attributes {tenon.block = array<i64: 8, 2, 1>, tenon.access = array<i64: 1, 2>} {
      %l = memref.alloca() : memref<16xT, #gpu.address_space<workgroup>>
      %x = memref.load %A[%n] : memref<?xT>
      memref.store %x, %B[%n] : memref<?xT>
      return
    }
    func.func @second(%A: memref<?xf32>, %s: i64) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 3>} {
      return
    })";
  for (size_t at; (at = text.find("xT")) != std::string::npos;)
    text.replace(at, 2, std::string("x") + type);
  return text.c_str();
}

TEST(SpirvModule, DescribesVulkanKernels) {
  auto module = compileText(kernel("i8"), profileNamed("vulkan-gpu"), nullptr);
  ASSERT_TRUE(succeeded(module));
  ASSERT_EQ(module->kernels.size(), 2u);
  const CompiledKernel &first = module->kernels[0], &second = module->kernels[1];
  EXPECT_EQ(first.name, "narrow");
  EXPECT_EQ(first.block[0], 8u);
  EXPECT_EQ(first.block[1], 2u);
  EXPECT_EQ(first.argOffsets, (std::vector<uint32_t>{0, 4, 8, 12}));
  EXPECT_EQ(first.argBytes, 16u);
  EXPECT_EQ(first.localBytes, 16u);
  EXPECT_EQ(second.argOffsets, (std::vector<uint32_t>{0, 8}));
  EXPECT_EQ(second.argBytes, 16u);
  EXPECT_EQ(module->indexBits, 32u);
  EXPECT_TRUE(needs(*module, Property::Int8));
  EXPECT_TRUE(needs(*module, Property::Storage8));
  EXPECT_TRUE(needs(*module, Property::Int64));
  EXPECT_FALSE(needs(*module, Property::Float64));
  EXPECT_FALSE(needs(*module, Property::Storage16));
  EXPECT_TRUE(module->emulations.empty());
  EXPECT_FALSE(module->unvalidated);
}

TEST(SpirvModule, RecordsEmulations) {
  auto module = compileText(kernel("i8"), profileNamed("vulkan-basic"), nullptr);
  ASSERT_TRUE(succeeded(module));
  EXPECT_TRUE(module->requirements.empty());
  auto has = [&](const char *text) { return llvm::is_contained(module->emulations, std::string(text)); };
  EXPECT_TRUE(has("8-bit memory in 32-bit words"));
  EXPECT_TRUE(has("i64 arithmetic as pairs of 32-bit integers"));
  EXPECT_EQ(module->kernels[0].localBytes, 64u); // a word each
}

TEST(SpirvModule, OpenclNeedsNothingForIntegers) {
  auto module = compileText(kernel("i64"), profileNamed("spirv-opencl-cpu-256"), nullptr);
  ASSERT_TRUE(succeeded(module));
  EXPECT_TRUE(module->requirements.empty());
  EXPECT_TRUE(module->kernels[0].argOffsets.empty());
  EXPECT_EQ(module->indexBits, 64u);
  module = compileText(kernel("f64"), profileNamed("spirv-opencl-gpu"), nullptr);
  ASSERT_TRUE(succeeded(module));
  EXPECT_TRUE(needs(*module, Property::Float64));
}

TEST(SpirvModule, IsDeterministic) {
  for (const char *profile : {"spirv-opencl-cpu-512", "vulkan-basic"}) {
    auto a = compileText(kernel("i16"), profileNamed(profile), nullptr);
    auto b = compileText(kernel("i16"), profileNamed(profile), nullptr);
    ASSERT_TRUE(succeeded(a) && succeeded(b));
    EXPECT_EQ(a->code, b->code);
  }
}

TEST(SpirvModule, Disassembles) {
  auto module = compileText(kernel("f32"), profileNamed("vulkan-gpu"), nullptr);
  ASSERT_TRUE(succeeded(module));
  auto text = targetOf(Where::Vulkan).disassemble(*module);
  ASSERT_TRUE(succeeded(text));
  EXPECT_NE(text->find("OpEntryPoint GLCompute %narrow \"narrow\""), std::string::npos) << *text;
  EXPECT_NE(text->find("Aliased"), std::string::npos);
  EXPECT_NE(text->find("Restrict"), std::string::npos);
  EXPECT_NE(text->find("LocalSize 8 2 1"), std::string::npos);
  module->code.resize(10);
  EXPECT_TRUE(failed(targetOf(Where::Vulkan).disassemble(*module)));
}

/// Index arithmetic in the other width: 32 bits on OpenCL, 64 on Vulkan.
TEST(SpirvModule, TakesBothIndexWidths) {
  Profile opencl = profileNamed("spirv-opencl-cpu-256"), vulkan = profileNamed("vulkan-gpu");
  opencl.device.indexBits = 32;
  vulkan.device.indexBits = 64;
  std::string errors;
  auto a = compileText(kernel("f32"), opencl, &errors);
  ASSERT_TRUE(succeeded(a)) << errors;
  EXPECT_EQ(a->indexBits, 32u);
  auto b = compileText(kernel("f32"), vulkan, &errors);
  ASSERT_TRUE(succeeded(b)) << errors;
  EXPECT_EQ(b->kernels[0].argOffsets, (std::vector<uint32_t>{0, 4, 8, 16}));
  vulkan.device.int64 = false;
  EXPECT_TRUE(failed(compileText(kernel("f32"), vulkan, &errors)));
}

static void expectError(const std::string &body, const char *profile, const std::string &message) {
  std::string errors,
      text = "func.func @k(%A: memref<?xf32>, %I: memref<?xi64>, %n: index, %x: f32, %v: i32) attributes "
             "{tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 3, 3>} {\n" +
             body + "\n  return\n}";
  EXPECT_TRUE(failed(compileText(text, profileNamed(profile), &errors))) << text;
  EXPECT_NE(errors.find(message), std::string::npos) << errors;
}

TEST(SpirvModule, RefusesWhatIsNotKernelIr) {
  for (const char *profile : {"vulkan-gpu", "spirv-opencl-gpu"}) {
    expectError("%y = math.exp %x : f32", profile, "internal error: operation math.exp");
    expectError("%y = arith.maximumf %x, %x : f32", profile, "operation arith.maximumf");
    expectError("%y = arith.trunci %v : i32 to i24", profile, "type 'i24' is not in the kernel IR");
    expectError("%y = vector.broadcast %x : f32 to vector<2x2xf32>", profile, "type 'vector<2x2xf32>'");
    expectError("%y = memref.atomic_rmw addf %x, %A[%n] : (f32, memref<?xf32>) -> f32", profile,
                "atomic operation on 'f32'");
    expectError("%z = arith.constant 0 : i64\n  %y = memref.atomic_rmw addi %z, %I[%n] : (i64, memref<?xi64>) -> i64",
                profile, "atomic operation on 'i64'");
    expectError("%m = memref.alloca() : memref<2x2xf32>", profile, "'memref<2x2xf32>' is not in the kernel IR");
    expectError("%m = memref.alloc() : memref<4xf32>", profile, "operation memref.alloc");
  }
}

TEST(SpirvModule, NamesMissingF64) {
  expectError("%y = arith.extf %x : f32 to f64", "vulkan-basic", "f64 is needed here, but");
}

} // namespace tenon::test
