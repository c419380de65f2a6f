//===- ControlTest.cpp - loops, branches, groups ---------------------------------------------===//
#include "Harness.h"

#include <numeric>

namespace tenon::test {

class ControlTest : public SpirvTest {};

/// A loop nest that carries a vector, a 64-bit integer, a boolean and a float, with a branch inside.
TEST_P(ControlTest, LoopsCarryValues) {
  const char *text = R"(
    func.func @k(%A: memref<?xf32>, %O: memref<?xf32>, %P: memref<?xi64>, %n: index)
        attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 1, 2, 2>} {
      %z = arith.constant 0 : index
      %one = arith.constant 1 : index
      %four = arith.constant 4 : index
      %zv = arith.constant dense<0.0> : vector<8xf32>
      %zf = arith.constant 0.0 : f32
      %zl = arith.constant 0 : i64
      %big = arith.constant 3000000000 : i64
      %no = arith.constant false
      %r:4 = scf.for %i = %z to %n step %four iter_args(%v = %zv, %s = %zf, %l = %zl, %b = %no)
          -> (vector<8xf32>, f32, i64, i1) {
        %q:2 = scf.for %j = %z to %i step %one iter_args(%v1 = %v, %s1 = %s) -> (vector<8xf32>, f32) {
          %x = memref.load %A[%j] : memref<?xf32>
          %xv = vector.broadcast %x : f32 to vector<8xf32>
          %v2 = arith.addf %v1, %xv : vector<8xf32>
          %c = arith.cmpf ogt, %x, %zf : f32
          %s2 = scf.if %c -> (f32) {
            %t = arith.addf %s1, %x : f32
            scf.yield %t : f32
          } else {
            %t = arith.subf %s1, %x : f32
            scf.yield %t : f32
          }
          scf.yield %v2, %s2 : vector<8xf32>, f32
        }
        %l1 = arith.addi %l, %big : i64
        %true = arith.constant true
        %b1 = arith.xori %b, %true : i1
        scf.yield %q#0, %q#1, %l1, %b1 : vector<8xf32>, f32, i64, i1
      }
      vector.store %r#0, %O[%z] : memref<?xf32>, vector<8xf32>
      %eight = arith.constant 8 : index
      memref.store %r#1, %O[%eight] : memref<?xf32>
      memref.store %r#2, %P[%z] : memref<?xi64>
      %w = arith.extui %r#3 : i1 to i64
      memref.store %w, %P[%one] : memref<?xi64>
      return
    })";
  std::vector<float> a(20);
  std::iota(a.begin(), a.end(), -7.0f);
  for (int64_t n : {0, 1, 17}) {
    std::vector<float> want(9, 0);
    std::vector<int64_t> counts(2, 0);
    for (int64_t i = 0; i < n; i += 4) {
      for (int64_t j = 0; j < i; ++j) {
        for (int lane = 0; lane < 8; ++lane)
          want[lane] += a[j];
        want[8] += a[j] > 0 ? a[j] : -a[j];
      }
      counts[0] += 3000000000;
      counts[1] ^= 1;
    }
    everywhere(
        text, {1, 1, 1},
        {Arg::buffer(a), Arg::buffer(std::vector<float>(9)), Arg::buffer(std::vector<int64_t>(2)), Arg::index(n)},
        [&](const std::vector<Arg> &results) {
          expectEqual<float>(results[1].as<float>(), want);
          expectEqual<int64_t>(results[2].as<int64_t>(), counts);
        });
  }
}

/// Collatz steps: a while loop whose two regions differ, with a 64-bit value and a branch without results.
TEST_P(ControlTest, While) {
  const char *text = R"(
    func.func @k(%A: memref<?xi64>, %O: memref<?xi32>) attributes {tenon.block = array<i64: 4, 1, 1>, tenon.access = array<i64: 1, 2>} {
      %g = gpu.block_id x
      %t = gpu.thread_id x
      %four = arith.constant 4 : index
      %m = arith.muli %g, %four : index
      %i = arith.addi %m, %t : index
      %x = memref.load %A[%i] : memref<?xi64>
      %z = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %l0 = arith.constant 0 : i64
      %l1 = arith.constant 1 : i64
      %l2 = arith.constant 2 : i64
      %l3 = arith.constant 3 : i64
      %r:2 = scf.while (%v = %x, %n = %z) : (i64, i32) -> (i32, i64) {
        %c = arith.cmpi sgt, %v, %l1 : i64
        scf.condition(%c) %n, %v : i32, i64
      } do {
      ^bb0(%n: i32, %v: i64):
        %half = arith.divsi %v, %l2 : i64
        %rem = arith.remsi %v, %l2 : i64
        %even = arith.cmpi eq, %rem, %l0 : i64
        %next = scf.if %even -> (i64) {
          scf.yield %half : i64
        } else {
          %p = arith.muli %v, %l3 : i64
          %q = arith.addi %p, %l1 : i64
          scf.yield %q : i64
        }
        %n1 = arith.addi %n, %one : i32
        scf.yield %next, %n1 : i64, i32
      }
      %long = arith.cmpi sgt, %r#0, %one : i32
      scf.if %long {
        memref.store %r#0, %O[%i] : memref<?xi32>
      }
      return
    })";
  std::vector<int64_t> a = {0,     1,      2,       3,        27, 97, 871,    6171,
                            77031, 837799, 8400511, 63728127, 12, 13, 113383, 1000000007};
  std::vector<int32_t> want;
  for (int64_t x : a) {
    int n = 0;
    for (; x > 1; ++n)
      x = x % 2 ? 3 * x + 1 : x / 2;
    want.push_back(n > 1 ? n : -5);
  }
  everywhere(text, {4, 1, 1}, {Arg::buffer(a), Arg::buffer(std::vector<int32_t>(16, -5))},
             [&](const std::vector<Arg> &results) { expectEqual<int32_t>(results[1].as<int32_t>(), want); });
}

/// Groups in three dimensions: every id reaches its own place.
TEST_P(ControlTest, Ids) {
  const char *text = R"(
    func.func @k(%O: memref<?xi32>, %w: i32) attributes {tenon.block = array<i64: 2, 3, 2>, tenon.access = array<i64: 2>} {
      %bx = gpu.block_id x
      %by = gpu.block_id y
      %bz = gpu.block_id z
      %tx = gpu.thread_id x
      %ty = gpu.thread_id y
      %tz = gpu.thread_id z
      %nx = gpu.grid_dim x
      %ny = gpu.grid_dim y
      %sx = gpu.block_dim x
      %sy = gpu.block_dim y
      %a0 = arith.muli %bz, %ny : index
      %a1 = arith.addi %a0, %by : index
      %a2 = arith.muli %a1, %nx : index
      %group = arith.addi %a2, %bx : index
      %b0 = arith.muli %tz, %sy : index
      %b1 = arith.addi %b0, %ty : index
      %b2 = arith.muli %b1, %sx : index
      %item = arith.addi %b2, %tx : index
      %twelve = arith.constant 12 : index
      %g = arith.muli %group, %twelve : index
      %i = arith.addi %g, %item : index
      %v = arith.index_cast %i : index to i32
      %s = arith.addi %v, %w : i32
      memref.store %s, %O[%i] : memref<?xi32>
      return
    })";
  std::vector<int32_t> want(12 * 24);
  std::iota(want.begin(), want.end(), 1000);
  everywhere(text, {2, 3, 4}, {Arg::buffer(std::vector<int32_t>(want.size())), Arg::scalar<int32_t>(1000)},
             [&](const std::vector<Arg> &results) { expectEqual<int32_t>(results[0].as<int32_t>(), want); });
}

/// A tree reduction in workgroup memory, of every kind of element that lives there.
TEST_P(ControlTest, WorkgroupMemoryAndBarriers) {
  struct Kind {
    std::string type, add;
  };
  for (const Kind &kind : {Kind{"f32", "addf"}, Kind{"i64", "addi"}, Kind{"i16", "addi"}, Kind{"i32", "addi"}}) {
    SCOPED_TRACE(kind.type);
    std::string t = kind.type, text = R"(
    func.func @k(%A: memref<?xT>, %O: memref<?xT>) attributes {tenon.block = array<i64: 64, 1, 1>, tenon.access = array<i64: 1, 2>} {
      %s = memref.alloca() : memref<64xT, #gpu.address_space<workgroup>>
      %g = gpu.block_id x
      %t = gpu.thread_id x
      %c64 = arith.constant 64 : index
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c6 = arith.constant 6 : index
      %c32 = arith.constant 32 : index
      %m = arith.muli %g, %c64 : index
      %i = arith.addi %m, %t : index
      %x = memref.load %A[%i] : memref<?xT>
      memref.store %x, %s[%t] : memref<64xT, #gpu.address_space<workgroup>>
      gpu.barrier
      scf.for %l = %c0 to %c6 step %c1 {
        %h = arith.shrui %c32, %l : index
        %c = arith.cmpi ult, %t, %h : index
        scf.if %c {
          %o = arith.addi %t, %h : index
          %a = memref.load %s[%t] : memref<64xT, #gpu.address_space<workgroup>>
          %b = memref.load %s[%o] : memref<64xT, #gpu.address_space<workgroup>>
          %d = arith.ADD %a, %b : T
          memref.store %d, %s[%t] : memref<64xT, #gpu.address_space<workgroup>>
        }
        gpu.barrier
      }
      %z = arith.cmpi eq, %t, %c0 : index
      scf.if %z {
        %r = memref.load %s[%c0] : memref<64xT, #gpu.address_space<workgroup>>
        memref.store %r, %O[%g] : memref<?xT>
      }
      return
    })";
    auto replace = [&](const std::string &from, const std::string &to) {
      for (size_t at; (at = text.find(from)) != std::string::npos;)
        text.replace(at, from.size(), to);
    };
    replace("xT", "x" + t);
    replace(": T\n", ": " + t + "\n");
    replace("ADD", kind.add);
    auto run = [&](auto zero) {
      using T = decltype(zero);
      std::vector<T> a(128), want(2);
      for (int i = 0; i < 128; ++i)
        want[i / 64] += a[i] = T(i * (sizeof(T) == 8 ? 0x123456789ll : 3) - 100);
      everywhere(text, {2, 1, 1}, {Arg::buffer(a), Arg::buffer(std::vector<T>(2))},
                 [&](const std::vector<Arg> &results) { expectEqual<T>(results[1].as<T>(), want); });
    };
    if (t == "f32")
      run(0.0f);
    else if (t == "i64")
      run(int64_t(0));
    else if (t == "i16")
      run(int16_t(0));
    else
      run(int32_t(0));
  }
}

INSTANTIATE_TEST_SUITE_P(, ControlTest, testing::Values(Where::OpenCL, Where::Vulkan),
                         [](auto &info) { return info.param == Where::OpenCL ? "OpenCL" : "Vulkan"; });

} // namespace tenon::test
