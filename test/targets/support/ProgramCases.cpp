//===- ProgramCases.cpp - small kernels with their answers ------------------===//
//
// Owns the kernels; see ProgramCases.h.
//
//===------------------------------------------------------------------------===//
#include "ProgramCases.h"

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

/// `func.func @name(arguments) attributes {...} { body return }`
std::string kernel(const std::string &name, const std::string &arguments, const std::string &access,
                   const std::string &body, const std::string &block = "1, 1, 1") {
  return "func.func @" + name + "(" + arguments + ") attributes {tenon.block = array<i64: " + block +
         ">, tenon.access = array<i64: " + access + ">} {\n" + body + "\nreturn\n}\n";
}

ProgramCase makeLoops() {
  // Two carried values that change places, in a loop in a loop, with a step other than 1.
  std::vector<int64_t> want;
  for (int64_t n = 0; n < 20; ++n) {
    int64_t a = 0, b = 1;
    for (int64_t i = 0; i < n; i += 3)
      for (int64_t j = i; j < 20; ++j) {
        int64_t t = a + b;
        a = b;
        b = t;
      }
    want.push_back(a);
  }
  return {"loops",
          kernel("loops", "%y: memref<?xi64>, %n: index", "2", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %zero = arith.constant 0 : i64
    %one = arith.constant 1 : i64
    scf.for %k = %c0 to %n step %c1 {
      %r:2 = scf.for %i = %c0 to %k step %c3 iter_args(%a = %zero, %b = %one) -> (i64, i64) {
        %s:2 = scf.for %j = %i to %n step %c1 iter_args(%c = %a, %d = %b) -> (i64, i64) {
          %t = arith.addi %c, %d : i64
          scf.yield %d, %t : i64, i64
        }
        scf.yield %s#0, %s#1 : i64, i64
      }
      memref.store %r#0, %y[%k] : memref<?xi64>
    })"),
          {Argument::buffer(std::vector<int64_t>(20, -1)), Argument::scalar<int64_t>(20)},
          {1, 1, 1},
          {toBytes(want)}};
}

ProgramCase makeSwap() {
  return {"swap",
          kernel("swap", "%y: memref<?xi32>, %n: i32", "2", R"(
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %i0 = arith.constant 0 : index
    %i1 = arith.constant 1 : index
    %five = arith.constant 5 : i32
    %nine = arith.constant 9 : i32
    %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %five, %b = %nine) -> (i32, i32) : i32 {
      scf.yield %b, %a : i32, i32
    }
    memref.store %r#0, %y[%i0] : memref<?xi32>
    memref.store %r#1, %y[%i1] : memref<?xi32>)"),
          {Argument::buffer(std::vector<int32_t>(2)), Argument::scalar<int32_t>(3)},
          {1, 1, 1},
          {toBytes(std::vector<int32_t>{9, 5})}};
}

ProgramCase makeBranches() {
  std::vector<float> x = {-2, 3, 0, -7, 11, 4, -1, 8}, want;
  for (float v : x)
    want.push_back(v > 0 ? (v > 5 ? v * 2 : v + 100) : v < -5 ? -1.0f : 0.5f);
  want[0] = 42;
  return {"branches",
          kernel("branches", "%x: memref<?xf32>, %y: memref<?xf32>, %n: index", "1, 2", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %five = arith.constant 5.0 : f32
    %mfive = arith.constant -5.0 : f32
    %two = arith.constant 2.0 : f32
    %hundred = arith.constant 100.0 : f32
    %m1 = arith.constant -1.0 : f32
    %h = arith.constant 0.5 : f32
    %c42 = arith.constant 42.0 : f32
    scf.for %i = %c0 to %n step %c1 {
      %v = memref.load %x[%i] : memref<?xf32>
      %p = arith.cmpf ogt, %v, %zero : f32
      %r, %unused = scf.if %p -> (f32, index) {
        %q = arith.cmpf ogt, %v, %five : f32
        %s = scf.if %q -> (f32) {
          %d = arith.mulf %v, %two : f32
          scf.yield %d : f32
        } else {
          %d = arith.addf %v, %hundred : f32
          scf.yield %d : f32
        }
        scf.yield %s, %c1 : f32, index
      } else {
        %q = arith.cmpf olt, %v, %mfive : f32
        %s = arith.select %q, %m1, %h : f32
        scf.yield %s, %c0 : f32, index
      }
      memref.store %r, %y[%i] : memref<?xf32>
      %first = arith.cmpi eq, %i, %c0 : index
      scf.if %first {
        memref.store %c42, %y[%i] : memref<?xf32>
      }
    })"),
          {Argument::buffer(x), Argument::buffer(std::vector<float>(8)), Argument::scalar<int64_t>(8)},
          {1, 1, 1},
          {{}, toBytes(want)}};
}

ProgramCase makeWhile() {
  // Steps of the Collatz sequence; the condition passes on other values than the loop carries.
  std::vector<int32_t> want;
  for (int n = 1; n <= 20; ++n) {
    int steps = 0;
    for (int64_t v = n; v != 1; v = v % 2 ? 3 * v + 1 : v / 2)
      ++steps;
    want.push_back(steps);
  }
  return {"whiles",
          kernel("whiles", "%y: memref<?xi32>, %n: index", "2", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %z = arith.constant 0 : i32
    %one = arith.constant 1 : i64
    %two = arith.constant 2 : i64
    %three = arith.constant 3 : i64
    %i1 = arith.constant 1 : i32
    scf.for %k = %c0 to %n step %c1 {
      %k1 = arith.addi %k, %c1 : index
      %start = arith.index_cast %k1 : index to i64
      %r:2 = scf.while (%v = %start, %steps = %z) : (i64, i32) -> (i32, i64) {
        %more = arith.cmpi ne, %v, %one : i64
        scf.condition(%more) %steps, %v : i32, i64
      } do {
      ^bb0(%steps: i32, %v: i64):
        %bit = arith.remsi %v, %two : i64
        %odd = arith.cmpi eq, %bit, %one : i64
        %m = arith.muli %v, %three : i64
        %up = arith.addi %m, %one : i64
        %down = arith.divsi %v, %two : i64
        %next = arith.select %odd, %up, %down : i64
        %s = arith.addi %steps, %i1 : i32
        scf.yield %next, %s : i64, i32
      }
      memref.store %r#0, %y[%k] : memref<?xi32>
    })"),
          {Argument::buffer(std::vector<int32_t>(20)), Argument::scalar<int64_t>(20)},
          {1, 1, 1},
          {toBytes(want)}};
}

ProgramCase makePrivateArray() {
  std::vector<float> x, want;
  for (int i = 0; i < 32; ++i)
    x.push_back(i * 1.5f);
  for (int i = 0; i < 32; ++i)
    want.push_back(x[31 - i] + x[i]);
  return {"private_array",
          kernel("private_array", "%x: memref<?xf32> {tenon.noalias}, %y: memref<?xf32> {tenon.noalias}", "1, 2", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c31 = arith.constant 31 : index
    %c32 = arith.constant 32 : index
    %t = memref.alloca() {alignment = 64 : i64} : memref<32xf32>
    scf.for %i = %c0 to %c32 step %c8 {
      %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
      vector.store %v, %t[%i] {alignment = 32 : i64} : memref<32xf32>, vector<8xf32>
    }
    scf.for %i = %c0 to %c32 step %c1 {
      %j = arith.subi %c31, %i : index
      %a = memref.load %t[%j] : memref<32xf32>
      %b = memref.load %x[%i] : memref<?xf32>
      %s = arith.addf %a, %b : f32
      memref.store %s, %y[%i] : memref<?xf32>
    })"),
          {Argument::buffer(x), Argument::buffer(std::vector<float>(32))},
          {1, 1, 1},
          {{}, toBytes(want)}};
}

template <typename T> ProgramCase makeMoves(const std::string &type) {
  std::string v4 = "vector<4x" + type + ">", v2 = "vector<2x" + type + ">", v8 = "vector<8x" + type + ">";
  std::vector<T> x = {T(10), T(11), T(12), T(13), T(14), T(15), T(16), T(17)};
  //                 shuffle                       | insert lane 2          | from_elements     | broadcast of lane 1
  std::vector<T> want = {x[7], x[0], x[5], x[2], x[4], x[4], x[1], x[6],
                         x[0], x[1], x[6], x[3], x[3], x[2], x[5], x[5]};
  std::string name = "moves_" + type, m = "memref<?x" + type + ">";
  return {name,
          kernel(name, "%x: " + m + ", %y: " + m, "1, 2",
                 R"(
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c12 = arith.constant 12 : index
    %c14 = arith.constant 14 : index
    %a = vector.load %x[%c0] : )" +
                     m + ", " + v4 + R"(
    %b = vector.load %x[%c4] : )" +
                     m + ", " + v4 + R"(
    %s = vector.shuffle %a, %b [7, 0, 5, 2, 4, 4, 1, 6] : )" +
                     v4 + ", " + v4 + R"(
    vector.store %s, %y[%c0] : )" +
                     m + ", " + v8 + R"(
    %b2 = vector.extract %b[2] : )" +
                     type + " from " + v4 + R"(
    %i = vector.insert %b2, %a [2] : )" +
                     type + " into " + v4 + R"(
    vector.store %i, %y[%c8] : )" +
                     m + ", " + v4 + R"(
    %a3 = vector.extract %a[3] : )" +
                     type + " from " + v4 + R"(
    %a2 = vector.extract %a[2] : )" +
                     type + " from " + v4 + R"(
    %e = vector.from_elements %a3, %a2 : )" +
                     v2 + R"(
    vector.store %e, %y[%c12] : )" +
                     m + ", " + v2 + R"(
    %b1 = vector.extract %b[1] : )" +
                     type + " from " + v4 + R"(
    %k = vector.broadcast %b1 : )" +
                     type + " to " + v2 + R"(
    vector.store %k, %y[%c14] : )" +
                     m + ", " + v2),
          {Argument::buffer(x), Argument::buffer(std::vector<T>(16))},
          {1, 1, 1},
          {{}, toBytes(want)}};
}

ProgramCase makeMasks() {
  // Lanes of i1 in and out of vectors; a constant vector whose lanes differ.
  return {"masks",
          kernel("masks", "%x: memref<?xi32>, %y: memref<?xi32>", "1, 2", R"(
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %k = arith.constant dense<[3, -4, 5, 0]> : vector<4xi32>
    %m = arith.constant dense<[true, false, false, true]> : vector<4xi1>
    %v = vector.load %x[%c0] : memref<?xi32>, vector<4xi32>
    %p = arith.cmpi sgt, %v, %k : vector<4xi32>
    %b = vector.extract %p[1] : i1 from vector<4xi1>
    %q = vector.insert %b, %p [3] : i1 into vector<4xi1>
    %s = arith.select %q, %v, %k : vector<4xi1>, vector<4xi32>
    vector.store %s, %y[%c0] : memref<?xi32>, vector<4xi32>
    %w = vector.broadcast %b : i1 to vector<4xi1>
    %u = arith.andi %w, %m : vector<4xi1>
    %e = arith.extui %u : vector<4xi1> to vector<4xi32>
    vector.store %e, %y[%c4] : memref<?xi32>, vector<4xi32>
    %f = vector.from_elements %b, %b, %b, %b : vector<4xi1>
    %g = arith.extsi %f : vector<4xi1> to vector<4xi32>
    vector.store %g, %y[%c8] : memref<?xi32>, vector<4xi32>)"),
          {Argument::buffer(std::vector<int32_t>{1, 2, 9, -5}), Argument::buffer(std::vector<int32_t>(12))},
          {1, 1, 1},
          {{}, toBytes(std::vector<int32_t>{3, 2, 9, -5, 1, 0, 0, 1, -1, -1, -1, -1})}};
}

ProgramCase makeGroups() {
  std::vector<int64_t> want;
  for (int z = 0; z < 2; ++z)
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 4; ++x)
        want.push_back(x + 10 * y + 100 * z);
  return {"groups",
          kernel("groups", "%y: memref<?xi64>", "2", R"(
    %bx = gpu.block_id x
    %by = gpu.block_id y
    %bz = gpu.block_id z
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c10 = arith.constant 10 : index
    %c100 = arith.constant 100 : index
    %t0 = arith.muli %by, %c10 overflow<nsw> : index
    %t1 = arith.muli %bz, %c100 : index
    %t2 = arith.addi %bx, %t0 : index
    %v = arith.addi %t2, %t1 : index
    %w = arith.index_cast %v : index to i64
    %o0 = arith.muli %bz, %c3 : index
    %o1 = arith.addi %o0, %by : index
    %o2 = arith.muli %o1, %c4 : index
    %o = arith.addi %o2, %bx : index
    memref.store %w, %y[%o] : memref<?xi64>)"),
          {Argument::buffer(std::vector<int64_t>(24))},
          {4, 3, 2},
          {toBytes(want)}};
}

ProgramCase makeScalars() {
  return {"scalars",
          kernel("scalars",
                 "%y: memref<?xf64> {tenon.name = \"float4\"}, %a: index {tenon.name = \"v1\"}, %b: i32 {tenon.name = "
                 "\"INFINITY\"}, %c: i64 {tenon.name = \"max\"}, %d: f32 {tenon.name = \"d\"}, %e: f64 {tenon.name = "
                 "\"d\"}",
                 "2", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %ai = arith.index_cast %a : index to i64
    %af = arith.sitofp %ai : i64 to f64
    %bf = arith.sitofp %b : i32 to f64
    %lowest = arith.maxsi %c, %ai : i64
    %cf = arith.sitofp %lowest : i64 to f64
    %df = arith.extf %d : f32 to f64
    memref.store %af, %y[%c0] : memref<?xf64>
    memref.store %bf, %y[%c1] : memref<?xf64>
    memref.store %cf, %y[%c2] : memref<?xf64>
    memref.store %df, %y[%c3] : memref<?xf64>
    memref.store %e, %y[%c4] : memref<?xf64>)"),
          {Argument::buffer(std::vector<double>(5)), Argument::scalar<int64_t>(-7), Argument::scalar<int32_t>(-8),
           Argument::scalar<int64_t>(int64_t(1) << 40), Argument::scalar<float>(1.25f), Argument::scalar<double>(0.1)},
          {1, 1, 1},
          {toBytes(std::vector<double>{-7, -8, double(int64_t(1) << 40), 1.25, 0.1})}};
}

ProgramCase makeStreams() {
  std::vector<float> x, want;
  for (int i = 0; i < 64; ++i)
    x.push_back(i * 0.25f), want.push_back(i * 0.5f);
  return {"streams",
          kernel("streams", "%x: memref<?xf32>, %y: memref<?xf32>, %h: memref<?xf16>", "1, 2, 2", R"(
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %c48 = arith.constant 48 : index
    %c64 = arith.constant 64 : index
    %half = arith.constant dense<2.0> : vector<16xf16>
    memref.prefetch %x[%c48], read, locality<3>, data : memref<?xf32>
    memref.prefetch %y[%c48], write, locality<1>, data : memref<?xf32>
    scf.for %i = %c0 to %c48 step %c16 {
      %v = vector.load %x[%i] {alignment = 64 : i64} : memref<?xf32>, vector<16xf32>
      %d = arith.addf %v, %v : vector<16xf32>
      vector.store %d, %y[%i] {nontemporal = true, alignment = 64 : i64} : memref<?xf32>, vector<16xf32>
      vector.store %half, %h[%i] {nontemporal = true, alignment = 32 : i64} : memref<?xf16>, vector<16xf16>
    }
    %c1 = arith.constant 1 : index
    scf.for %i = %c48 to %c64 step %c1 {
      %v = memref.load %x[%i] : memref<?xf32>
      %d = arith.addf %v, %v : f32
      memref.store %d, %y[%i] {nontemporal = true} : memref<?xf32>
    }
    // A promise that does not cover the vector, and none at all.
    %w = vector.load %x[%c1] : memref<?xf32>, vector<16xf32>
    %e = arith.addf %w, %w : vector<16xf32>
    vector.store %e, %y[%c1] {nontemporal = true} : memref<?xf32>, vector<16xf32>
    vector.store %e, %y[%c1] {nontemporal = true, alignment = 4 : i64} : memref<?xf32>, vector<16xf32>)"),
          {Argument::buffer(x), Argument::buffer(std::vector<float>(64)), Argument::buffer(std::vector<uint16_t>(48))},
          {1, 1, 1},
          {{}, toBytes(want), toBytes(std::vector<uint16_t>(48, 0x4000))}};
}

ProgramCase makeFloat16() {
  // Only converted on the way to and from memory, streamed too.
  std::vector<uint16_t> x(32), want(32);
  for (int i = 0; i < 32; ++i) {
    x[i] = 0x3c00 + 32 * i; // 1 + i / 32
    want[i] = 0x4000 + 32 * i;
  }
  return {"float16_memory",
          kernel("float16_memory", "%x: memref<?xf16>, %y: memref<?xf16>", "1, 2", R"(
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %c17 = arith.constant 17 : index
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %v = vector.load %x[%c0] : memref<?xf16>, vector<16xf16>
    %f = arith.extf %v : vector<16xf16> to vector<16xf32>
    %d = arith.addf %f, %f : vector<16xf32>
    %t = arith.truncf %d : vector<16xf32> to vector<16xf16>
    vector.store %t, %y[%c0] {nontemporal = true, alignment = 32 : i64} : memref<?xf16>, vector<16xf16>
    scf.for %i = %c16 to %c32 step %c1 {
      %a = memref.load %x[%i] : memref<?xf16>
      %b = arith.extf %a : f16 to f32
      %c = arith.addf %b, %b : f32
      %e = arith.truncf %c : f32 to f16
      memref.store %e, %y[%i] : memref<?xf16>
    })"),
          {Argument::buffer(x), Argument::buffer(std::vector<uint16_t>(32))},
          {1, 1, 1},
          {{}, toBytes(want)},
          false,
          true};
}

ProgramCase makeAtomics() {
  std::string body = "%b = gpu.block_id x\n%v = arith.index_cast %b : index to i32\n%m = arith.constant -1 : i32\n"
                     "%x = arith.xori %v, %m : i32\n";
  const char *kinds[] = {"addi", "maxs", "mins", "maxu", "minu", "andi", "ori", "assign"};
  for (int i = 0; i < 8; ++i) {
    std::string id = std::to_string(i);
    body += "%i" + id + " = arith.constant " + id + " : index\n%o" + id + " = memref.atomic_rmw " + kinds[i] + " " +
            (i == 3 || i == 4 ? "%x" : "%v") + ", %y[%i" + id + "] : (i32, memref<?xi32>) -> i32\n";
  }
  // What atomics return: each group gets a number of its own.
  body += "%one = arith.constant 1 : i32\n%i8 = arith.constant 8 : index\n%t = memref.atomic_rmw addi %one, %y[%i8] : "
          "(i32, memref<?xi32>) -> i32\n%ti = arith.index_cast %t : i32 to index\nmemref.store %one, %s[%ti] : "
          "memref<?xi32>\n";
  // assign: whichever group came last, so all write 0..63 into a slot that is not looked at; slot 7 is masked below.
  body += "%z = arith.constant 77 : i32\n%i9 = arith.constant 9 : index\n%u = memref.atomic_rmw assign %z, %y[%i9] : "
          "(i32, memref<?xi32>) -> i32\nmemref.store %z, %y[%i7] : memref<?xi32>\n";
  std::vector<int32_t> start = {5, 20, -3, 0, -1, 0x7ff, 0, 0, 0, 0};
  std::vector<int32_t> want = {5 + 63 * 32, 63, -3, -1, -64, 0, 63, 77, 64, 77};
  return {"atomics",
          kernel("atomics", "%y: memref<?xi32>, %s: memref<?xi32>", "3, 2", body),
          {Argument::buffer(start), Argument::buffer(std::vector<int32_t>(64))},
          {64, 1, 1},
          {toBytes(want), toBytes(std::vector<int32_t>(64, 1))}};
}

ProgramCase makeAtomics64() {
  return {"atomics64",
          kernel("atomics64", "%y: memref<?xi64>", "3", R"(
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %b = gpu.block_id x
    %v = arith.index_cast %b : index to i64
    %k = arith.constant 4294967296 : i64
    %w = arith.muli %v, %k : i64
    %o0 = memref.atomic_rmw addi %w, %y[%c0] : (i64, memref<?xi64>) -> i64
    %o1 = memref.atomic_rmw maxs %w, %y[%c1] : (i64, memref<?xi64>) -> i64
    %o2 = memref.atomic_rmw minu %w, %y[%c2] : (i64, memref<?xi64>) -> i64)"),
          {Argument::buffer(std::vector<int64_t>{1, -5, -1})},
          {16, 1, 1},
          {toBytes(std::vector<int64_t>{1 + (int64_t(120) << 32), int64_t(15) << 32, 0})},
          false,
          false,
          true};
}

ProgramCase makeWorkgroup() {
  // Each group of 4 x 2 x 1 sums 8 numbers through workgroup memory, in steps with barriers between.
  std::vector<float> x, want;
  for (int i = 0; i < 32; ++i)
    x.push_back(i + 1);
  for (int g = 0; g < 4; ++g)
    want.push_back(8 * 8 * g + 36);
  return {"workgroup",
          kernel("workgroup", "%x: memref<?xf32>, %y: memref<?xf32>", "1, 2", R"(
    %s = memref.alloca() {alignment = 16 : i64} : memref<8xf32, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %g = gpu.block_id x
    %tx = gpu.thread_id x
    %ty = gpu.thread_id y
    %r = arith.muli %ty, %c4 : index
    %t = arith.addi %r, %tx : index
    %b = arith.muli %g, %c8 : index
    %i = arith.addi %b, %t : index
    %v = memref.load %x[%i] : memref<?xf32>
    memref.store %v, %s[%t] : memref<8xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    scf.for %k = %c0 to %c2 step %c1 {
      %h = arith.shrui %c4, %k : index
      %p = arith.cmpi ult, %t, %h : index
      scf.if %p {
        %o = arith.addi %t, %h : index
        %a = memref.load %s[%t] : memref<8xf32, #gpu.address_space<workgroup>>
        %d = memref.load %s[%o] : memref<8xf32, #gpu.address_space<workgroup>>
        %e = arith.addf %a, %d : f32
        memref.store %e, %s[%t] : memref<8xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
    }
    %q = arith.cmpi eq, %t, %c0 : index
    scf.if %q {
      %w = vector.load %s[%c0] : memref<8xf32, #gpu.address_space<workgroup>>, vector<2xf32>
      %w0 = vector.extract %w[0] : f32 from vector<2xf32>
      %w1 = vector.extract %w[1] : f32 from vector<2xf32>
      %e = arith.addf %w0, %w1 : f32
      memref.store %e, %y[%g] : memref<?xf32>
    })",
                 "4, 2, 1"),
          {Argument::buffer(x), Argument::buffer(std::vector<float>(4))},
          {4, 1, 1},
          {{}, toBytes(want)},
          true};
}

} // namespace

std::vector<ProgramCase> getProgramCases() {
  return {makeLoops(),
          makeSwap(),
          makeBranches(),
          makeWhile(),
          makePrivateArray(),
          makeMoves<float>("f32"),
          makeMoves<double>("f64"),
          makeMoves<int8_t>("i8"),
          makeMoves<int64_t>("i64"),
          makeMoves<uint16_t>("f16"),
          makeMoves<uint16_t>("bf16"),
          makeMasks(),
          makeGroups(),
          makeScalars(),
          makeStreams(),
          makeFloat16(),
          makeAtomics(),
          makeAtomics64(),
          makeWorkgroup()};
}

void checkProgram(const Target &target, const Profile &profile, const ProgramCase &program, const Runner &run) {
  KernelContext context;
  auto module = context.parse(program.text);
  ASSERT_TRUE(module);
  auto compiled = target.compile(*module, profile);
  ASSERT_TRUE(mlir::succeeded(compiled)) << context.errors;
  std::vector<Argument> arguments = program.arguments;
  std::string error = run(*compiled, program.name, arguments, program.grid);
  ASSERT_EQ(error, "");
  for (size_t i = 0; i < program.expected.size(); ++i) {
    if (!program.expected[i].empty())
      EXPECT_EQ(arguments[i].bytes, program.expected[i]) << "buffer " << i << " of " << program.name;
  }
}

} // namespace tenon::test
