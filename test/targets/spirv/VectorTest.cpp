//===- VectorTest.cpp - vectors taken apart and put together ------------------------------===//
#include "Elementwise.h"

namespace tenon::test {

class VectorTest : public SpirvTest {
protected:
  /// Each element type of the kernel IR, as integers of its width that every path must keep.
  template <typename T> void moves(const std::string &type, unsigned lanes) {
    SCOPED_TRACE(type + " x " + std::to_string(lanes));
    std::string v = "vector<" + std::to_string(lanes) + "x" + type + ">", m = "memref<?x" + type + ">";
    std::string reversed, interleaved, elements;
    for (unsigned i = 0; i < lanes; ++i) {
      std::string comma = i ? ", " : "";
      reversed += comma + std::to_string(lanes - 1 - i);
      interleaved += comma + std::to_string(i % 2 ? lanes + i / 2 : i / 2);
      elements += comma + (i % 2 ? "%first" : "%last");
    }
    std::string last = std::to_string(lanes - 1),
                text = "func.func @k(%A: " + m + ", %O: " + m +
                       ") attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = "
                       "array<i64: 1, 2>} {\n";
    for (int i = 0; i < 7; ++i)
      text += "  %o" + std::to_string(i) + " = arith.constant " + std::to_string(i * lanes) + " : index\n";
    text += "  %a = vector.load %A[%o0] : " + m + ", " + v + "\n  %b = vector.load %A[%o1] : " + m + ", " + v +
            "\n  %first = vector.extract %a[0] : " + type + " from " + v + "\n  %last = vector.extract %b[" + last +
            "] : " + type + " from " + v + "\n  %r0 = vector.shuffle %a, %b [" + reversed + "] : " + v + ", " + v +
            "\n  %r1 = vector.shuffle %a, %b [" + interleaved + "] : " + v + ", " + v +
            "\n  %r2 = vector.broadcast %last : " + type + " to " + v +
            "\n  %r3 = vector.insert %last, %a[0] : " + type + " into " + v + "\n  %r4 = vector.insert %first, %b[" +
            last + "] : " + type + " into " + v + "\n  %r5 = vector.from_elements " + elements + " : " + v + "\n";
    for (int i = 0; i < 6; ++i)
      text += "  vector.store %r" + std::to_string(i) + ", %O[%o" + std::to_string(i) + "] : " + m + ", " + v + "\n";
    text += "  return\n}\n";

    std::vector<T> a(2 * lanes), want(6 * lanes);
    for (unsigned i = 0; i < 2 * lanes; ++i)
      a[i] = T(i * 0x0d1b54a32d192ed03ull + 0x5851f42d4c957f2dull) & T(~(T(1) << (sizeof(T) * 8 - 2)));
    for (unsigned i = 0; i < lanes; ++i) {
      want[i] = a[lanes - 1 - i];
      want[lanes + i] = a[i % 2 ? lanes + i / 2 : i / 2];
      want[2 * lanes + i] = a[2 * lanes - 1];
      want[3 * lanes + i] = i ? a[i] : a[2 * lanes - 1];
      want[4 * lanes + i] = i < lanes - 1 ? a[lanes + i] : a[0];
      want[5 * lanes + i] = i % 2 ? a[0] : a[2 * lanes - 1];
    }
    // Both views begin one element into their memory: vectors are aligned to their elements only.
    std::vector<T> shifted(1, T(99)), output(1 + want.size(), T(77));
    shifted.insert(shifted.end(), a.begin(), a.end());
    want.insert(want.begin(), T(77));
    std::vector<Arg> args = {Arg::buffer(shifted, 1), Arg::buffer(output, 1)};
    everywhere(text, {1, 1, 1}, args,
               [&](const std::vector<Arg> &results) { expectEqual<T>(results[1].as<T>(), want); });
  }
  template <typename T> void allLanes(const std::string &type) {
    for (unsigned lanes : {2u, 4u, 8u, 16u})
      moves<T>(type, lanes);
  }
};

TEST_P(VectorTest, I8) { allLanes<uint8_t>("i8"); }
TEST_P(VectorTest, I16) { allLanes<uint16_t>("i16"); }
TEST_P(VectorTest, I32) { allLanes<uint32_t>("i32"); }
TEST_P(VectorTest, I64) { allLanes<uint64_t>("i64"); }
TEST_P(VectorTest, F16) { allLanes<uint16_t>("f16"); }
TEST_P(VectorTest, BF16) { allLanes<uint16_t>("bf16"); }
TEST_P(VectorTest, F32) { allLanes<uint32_t>("f32"); }
TEST_P(VectorTest, F64) {
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  allLanes<uint64_t>("f64");
}

TEST_P(VectorTest, OddLaneCounts) {
  for (unsigned lanes : {3u, 5u, 12u})
    moves<uint32_t>("i32", lanes);
}

/// Constants of several values, a promised alignment, a streaming store, fma.
TEST_P(VectorTest, ConstantsAndPromises) {
  onlyProfiles = [](const Profile &profile) { return profile.device.fma; };
  const char *text = R"(
    func.func @k(%A: memref<?xf32> {tenon.noalias}, %O: memref<?xf32> {tenon.noalias})
        attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 1, 2>} {
      %z = arith.constant 0 : index
      %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : vector<8xf32>
      %d = arith.constant dense<0.5> : vector<8xf32>
      %m = arith.constant dense<[true, false, true, false, true, false, false, true]> : vector<8xi1>
      %yes = arith.constant true
      %a = vector.load %A[%z] {alignment = 32 : i64} : memref<?xf32>, vector<8xf32>
      %f = vector.fma %a, %c, %d : vector<8xf32>
      %s = arith.select %m, %f, %d : vector<8xi1>, vector<8xf32>
      %t = arith.select %yes, %s, %a : vector<8xf32>
      vector.store %t, %O[%z] {alignment = 32 : i64, nontemporal = true} : memref<?xf32>, vector<8xf32>
      memref.prefetch %A[%z], read, locality<3>, data : memref<?xf32>
      return
    })";
  std::vector<float> a = {1, 2, 3, 4, 5, 6, 7, 8}, want = {1.5, 0.5, 9.5, 0.5, 25.5, 0.5, 0.5, 64.5};
  everywhere(text, {1, 1, 1}, {Arg::buffer(a), Arg::buffer(std::vector<float>(8))},
             [&](const std::vector<Arg> &results) { expectEqual<float>(results[1].as<float>(), want); });
}

INSTANTIATE_TEST_SUITE_P(, VectorTest, testing::Values(Where::OpenCL, Where::Vulkan),
                         [](auto &info) { return info.param == Where::OpenCL ? "OpenCL" : "Vulkan"; });

} // namespace tenon::test
