//===- MemoryTest.cpp - arguments, aliases, private memory, atomics ----------------------------===//
#include "Harness.h"

#include <numeric>

namespace tenon::test {

class MemoryTest : public SpirvTest {};

/// Every scalar type among the arguments, at its alignment.
TEST_P(MemoryTest, ScalarArguments) {
  const char *text = R"(
    func.func @k(%O: memref<?xi64>, %F: memref<?xf32>, %a: i32, %b: i64, %c: f32, %n: index, %d: i64)
        attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 2, 2>} {
      %z = arith.constant 0 : index
      %o1 = arith.constant 1 : index
      %o2 = arith.constant 2 : index
      %o3 = arith.constant 3 : index
      %w = arith.extsi %a : i32 to i64
      memref.store %w, %O[%z] : memref<?xi64>
      memref.store %b, %O[%o1] : memref<?xi64>
      %m = arith.index_cast %n : index to i64
      memref.store %m, %O[%o2] : memref<?xi64>
      memref.store %d, %O[%o3] : memref<?xi64>
      memref.store %c, %F[%z] : memref<?xf32>
      return
    })";
  std::vector<int64_t> want = {-7, 0x123456789abcdef, 1234567, -2};
  everywhere(text, {1, 1, 1},
             {Arg::buffer(std::vector<int64_t>(4)), Arg::buffer(std::vector<float>(1)), Arg::scalar<int32_t>(-7),
              Arg::scalar<int64_t>(0x123456789abcdef), Arg::scalar<float>(2.5f), Arg::index(1234567),
              Arg::scalar<int64_t>(-2)},
             [&](const std::vector<Arg> &results) {
               expectEqual<int64_t>(results[0].as<int64_t>(), want);
               expectEqual<float>(results[1].as<float>(), {2.5f});
             });
}

TEST_P(MemoryTest, F64Argument) {
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  const char *text = R"(
    func.func @k(%O: memref<?xf64>, %a: i32, %x: f64) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 2>} {
      %z = arith.constant 0 : index
      %y = arith.sitofp %a : i32 to f64
      %s = arith.addf %x, %y : f64
      memref.store %s, %O[%z] : memref<?xf64>
      return
    })";
  everywhere(text, {1, 1, 1}, {Arg::buffer(std::vector<double>(1)), Arg::scalar<int32_t>(3), Arg::scalar(0.125)},
             [&](const std::vector<Arg> &results) { expectEqual<double>(results[0].as<double>(), {3.125}); });
}

/// More than 128 bytes of arguments move to a buffer of their own on Vulkan.
TEST_P(MemoryTest, ManyArguments) {
  std::string text = "func.func @k(%O: memref<?xi64>", body;
  std::vector<Arg> args = {Arg::buffer(std::vector<int64_t>(20))};
  std::vector<int64_t> want;
  for (int i = 0; i < 20; ++i) {
    std::string n = std::to_string(i);
    text += ", %s" + n + ": i64";
    body += "  %i" + n + " = arith.constant " + n + " : index\n  memref.store %s" + n + ", %O[%i" + n +
            "] : memref<?xi64>\n";
    want.push_back(i * 0x100000001ll - 5);
    args.push_back(Arg::scalar<int64_t>(want.back()));
  }
  text += ") attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 2>} {\n" + body + "  return\n}";
  everywhere(text, {1, 1, 1}, args,
             [&](const std::vector<Arg> &results) { expectEqual<int64_t>(results[0].as<int64_t>(), want); });
}

/// Two arguments in one memory, each with its own offset: writes through one are read through the other.
TEST_P(MemoryTest, Aliases) {
  const char *text = R"(
    func.func @k(%A: memref<?xi32>, %B: memref<?xi32>, %O: memref<?xi32>)
        attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 3, 3, 2>} {
      %z = arith.constant 0 : index
      %one = arith.constant 1 : index
      %three = arith.constant 3 : index
      %c = arith.constant 42 : i32
      memref.store %c, %A[%three] : memref<?xi32>
      %x = memref.load %B[%one] : memref<?xi32>
      %y = arith.addi %x, %c : i32
      memref.store %y, %B[%z] : memref<?xi32>
      %two = arith.constant 2 : index
      %w = memref.load %A[%two] : memref<?xi32>
      memref.store %w, %O[%z] : memref<?xi32>
      return
    })";
  Arg a = Arg::buffer(std::vector<int32_t>(8, 1), 1), b = Arg::buffer(std::vector<int32_t>(8, 1), 3);
  b.sameAs = 0;
  std::vector<int32_t> want(8, 1);
  want[4] = 42;
  want[3] = 84;
  everywhere(text, {1, 1, 1}, {a, b, Arg::buffer(std::vector<int32_t>(1))}, [&](const std::vector<Arg> &results) {
    expectEqual<int32_t>(results[0].as<int32_t>(), want);
    expectEqual<int32_t>(results[2].as<int32_t>(), {84});
  });
}

/// Work-items that store into the same 32-bit word leave each other's bytes alone.
TEST_P(MemoryTest, NarrowNeighbours) {
  for (int bits : {8, 16}) {
    std::string t = "i" + std::to_string(bits), text = R"(
    func.func @k(%A: memref<?xT>, %O: memref<?xT>, %n: index) attributes {tenon.block = array<i64: 32, 1, 1>, tenon.access = array<i64: 1, 3>} {
      %g = gpu.block_id x
      %t = gpu.thread_id x
      %c32 = arith.constant 32 : index
      %two = arith.constant 2 : index
      %m = arith.muli %g, %c32 : index
      %i = arith.addi %m, %t : index
      %c = arith.cmpi slt, %i, %n : index
      scf.if %c {
        %x = memref.load %A[%i] : memref<?xT>
        %p = arith.muli %i, %two : index
        memref.store %x, %O[%p] : memref<?xT>
      }
      return
    })";
    for (size_t at; (at = text.find("xT>")) != std::string::npos;)
      text.replace(at, 3, "x" + t + ">");
    auto run = [&](auto zero) {
      using T = decltype(zero);
      std::vector<T> a(301), out(603, T(0x5a)), want = out;
      for (int i = 0; i < 300; ++i)
        want[1 + 2 * i] = a[1 + i] = T(i * 37 + 11);
      everywhere(text, {10, 1, 1}, {Arg::buffer(a, 1), Arg::buffer(out, 1), Arg::index(300)},
                 [&](const std::vector<Arg> &results) { expectEqual<T>(results[1].as<T>(), want); });
    };
    if (bits == 8)
      run(int8_t(0));
    else
      run(int16_t(0));
  }
}

/// Private arrays, indexed dynamically, in scalars and vectors, of each element type.
TEST_P(MemoryTest, PrivateArrays) {
  for (std::string t : {"f32", "i8", "i16", "i64"}) {
    SCOPED_TRACE(t);
    std::string text = R"(
    func.func @k(%A: memref<?xT>, %O: memref<?xT>) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 1, 2>} {
      %p = memref.alloca() : memref<24xT>
      %q = memref.alloca() : memref<24xi1>
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %c20 = arith.constant 20 : index
      %c23 = arith.constant 23 : index
      %c24 = arith.constant 24 : index
      scf.for %i = %c0 to %c24 step %c1 {
        %x = memref.load %A[%i] : memref<?xT>
        %r = arith.subi %c23, %i : index
        memref.store %x, %p[%r] : memref<24xT>
        %j = arith.index_cast %i : index to i32
        %odd = arith.trunci %j : i32 to i1
        memref.store %odd, %q[%r] : memref<24xi1>
      }
      %v = vector.load %p[%c1] : memref<24xT>, vector<4xT>
      vector.store %v, %p[%c20] : memref<24xT>, vector<4xT>
      scf.for %i = %c0 to %c24 step %c1 {
        %x = memref.load %p[%i] : memref<24xT>
        %f = memref.load %q[%i] : memref<24xi1>
        %first = memref.load %p[%c0] : memref<24xT>
        %y = arith.select %f, %x, %first : T
        memref.store %y, %O[%i] : memref<?xT>
      }
      return
    })";
    auto replace = [&](const std::string &from, const std::string &to) {
      for (size_t at; (at = text.find(from)) != std::string::npos;)
        text.replace(at, from.size(), to);
    };
    replace("xT>", "x" + t + ">");
    replace(": T\n", ": " + t + "\n");
    auto run = [&](auto zero) {
      using T = decltype(zero);
      std::vector<T> a(24), p(24), want(24);
      for (int i = 0; i < 24; ++i)
        p[23 - i] = a[i] = T(i * (sizeof(T) == 8 ? 0x1000000001ll : 5) + 1);
      for (int i = 0; i < 4; ++i)
        p[20 + i] = p[1 + i];
      for (int i = 0; i < 24; ++i)
        want[i] = (23 - i) % 2 ? p[i] : p[0];
      everywhere(text, {1, 1, 1}, {Arg::buffer(a), Arg::buffer(std::vector<T>(24))},
                 [&](const std::vector<Arg> &results) { expectEqual<T>(results[1].as<T>(), want); });
    };
    if (t == "f32")
      run(0.0f);
    else if (t == "i8")
      run(int8_t(0));
    else if (t == "i16")
      run(int16_t(0));
    else
      run(int64_t(0));
  }
}

TEST_P(MemoryTest, Atomics) {
  const char *text = R"(
    func.func @k(%O: memref<?xi32>) attributes {tenon.block = array<i64: 32, 1, 1>, tenon.access = array<i64: 3>} {
      %l = memref.alloca() : memref<1xi32, #gpu.address_space<workgroup>>
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %c5 = arith.constant 5 : index
      %c6 = arith.constant 6 : index
      %c7 = arith.constant 7 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      %g = gpu.block_id x
      %t = gpu.thread_id x
      %z = arith.constant 0 : i32
      %first = arith.cmpi eq, %t, %c0 : index
      scf.if %first {
        memref.store %z, %l[%c0] : memref<1xi32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %m = arith.muli %g, %c32 : index
      %i = arith.addi %m, %t : index
      %v = arith.index_cast %i : index to i32
      %forty = arith.constant 40 : i32
      %s = arith.subi %v, %forty : i32
      %bit = arith.constant 1 : i32
      %lane = arith.index_cast %t : index to i32
      %flag = arith.shli %bit, %lane : i32
      %minus = arith.constant -1 : i32
      %unflag = arith.xori %flag, %minus : i32
      %r0 = memref.atomic_rmw addi %s, %O[%c0] : (i32, memref<?xi32>) -> i32
      %r1 = memref.atomic_rmw maxs %s, %O[%c1] : (i32, memref<?xi32>) -> i32
      %r2 = memref.atomic_rmw mins %s, %O[%c2] : (i32, memref<?xi32>) -> i32
      %r3 = memref.atomic_rmw maxu %s, %O[%c3] : (i32, memref<?xi32>) -> i32
      %r4 = memref.atomic_rmw minu %s, %O[%c4] : (i32, memref<?xi32>) -> i32
      %r5 = memref.atomic_rmw andi %unflag, %O[%c5] : (i32, memref<?xi32>) -> i32
      %r6 = memref.atomic_rmw ori %flag, %O[%c6] : (i32, memref<?xi32>) -> i32
      %one = arith.constant 1 : i32
      %r7 = memref.atomic_rmw addi %one, %l[%c0] : (i32, memref<1xi32, #gpu.address_space<workgroup>>) -> i32
      gpu.barrier
      scf.if %first {
        %n = memref.load %l[%c0] : memref<1xi32, #gpu.address_space<workgroup>>
        %old = memref.atomic_rmw assign %n, %O[%c7] : (i32, memref<?xi32>) -> i32
        %r8 = memref.atomic_rmw addi %old, %O[%c8] : (i32, memref<?xi32>) -> i32
      }
      return
    })";
  // 96 work-items with s from -40 to 55. Of the three exchanges two find 32 and one finds the 7 from before.
  std::vector<int32_t> start = {5, -100, 100, 0, -1, -1, 0, 7, 0};
  std::vector<int32_t> want = {5 + 96 * 15 / 2, 55, -40, -1, 0, 0, -1, 32, 71};
  everywhere(text, {3, 1, 1}, {Arg::buffer(start)},
             [&](const std::vector<Arg> &results) { expectEqual<int32_t>(results[0].as<int32_t>(), want); });
}

INSTANTIATE_TEST_SUITE_P(, MemoryTest, testing::Values(Where::OpenCL, Where::Vulkan),
                         [](auto &info) { return info.param == Where::OpenCL ? "OpenCL" : "Vulkan"; });

} // namespace tenon::test
