//===- FloatTest.cpp - float operations, comparisons and functions ----------------------===//
#include "Elementwise.h"

namespace tenon::test {

class FloatTest : public ElementwiseTest {
protected:
  template <typename T> static std::vector<T> values() {
    T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    return {T(0),
            T(-0.0),
            T(1),
            T(-1),
            T(0.5),
            T(-0.5),
            T(1.5),
            T(2.5),
            T(-2.5),
            T(3.7),
            T(-3.2),
            T(1e10),
            T(-1e9),
            T(0.1f),
            T(7),
            T(8388609.0),
            T(1) / T(3),
            inf,
            -inf,
            nan,
            std::numeric_limits<T>::max(),
            std::numeric_limits<T>::min()};
  }
  /// The largest and smallest normal numbers apart, whose results are subnormal, which a device may flush.
  template <typename T> static std::vector<T> moderate() {
    std::vector<T> v = values<T>();
    v.resize(v.size() - 2);
    return v;
  }
  template <typename T> void run(const std::string &type) {
    auto op = [](std::string name) { return "%r# = " + name + " %a, %b : $T"; };
    auto one = [](std::string name) { return "%r# = " + name + " %a : $T"; };
    std::vector<Case<T, T>> cases = {
        {"addf", op("arith.addf"), [](T a, T b) { return a + b; }},
        {"subf", op("arith.subf"), [](T a, T b) { return a - b; }},
        {"mulf", op("arith.mulf"), [](T a, T b) { return a * b; }},
        {"divf", op("arith.divf"), [](T a, T b) { return a / b; }, 3},
        {"negf", one("arith.negf"), [](T a, T) { return -a; }},
        {"absf", one("math.absf"), [](T a, T) { return std::abs(a); }},
        {"floor", one("math.floor"), [](T a, T) { return std::floor(a); }},
        {"ceil", one("math.ceil"), [](T a, T) { return std::ceil(a); }},
        {"trunc", one("math.trunc"), [](T a, T) { return std::trunc(a); }},
        {"roundeven", one("math.roundeven"), [](T a, T) { return std::nearbyint(a); }},
        {"sqrt", "%m# = math.absf %a : $T\n  %r# = math.sqrt %m# : $T", [](T a, T) { return std::sqrt(std::abs(a)); },
         3},
        {"copysign", op("math.copysign"), [](T a, T b) { return std::copysign(a, b); }},
        {"select", "%c# = arith.cmpf olt, %a, %b : $T\n  %r# = arith.select %c#, %a, %b : $B, $T",
         [](T a, T b) { return a < b ? a : b; }},
    };
    auto [a, b] = allPairs(moderate<T>(), moderate<T>());
    check<T, T>(type, type, a, b, cases);
    if (HasFailure())
      return;

    // Two roundings, never one: (a * b) - a * b rounded apart is zero, and fused it is the error of the product.
    auto [c, d] = allPairs<T>({T(1) / 3, T(0.1), T(1.1), T(123.456)}, {T(1) / 7, T(0.3), T(9.9), T(-77.7)});
    check<T, T>(
        type, type, c, d,
        {{"mulf subf", "%p# = arith.mulf %a, %b : $T\n  %q# = arith.mulf %a, %b : $T\n  %r# = arith.subf %p#, %q# : $T",
          [](T, T) { return T(0); }},
         {"mulf addf", "%p# = arith.mulf %a, %b : $T\n  %r# = arith.addf %p#, %b : $T", [](T a, T b) {
            volatile T product = a * b;
            return product + b;
          }}});
    if (HasFailure())
      return;

    std::vector<Case<T, int8_t>> compares;
    auto add = [&](std::string name, std::function<bool(T, T)> f) {
      compares.push_back({"cmpf " + name,
                          "%c# = arith.cmpf " + name + ", %a, %b : $T\n  %r# = arith.extui %c# : $B to $R",
                          [f](T x, T y) -> int8_t { return f(x, y); }});
    };
    auto unordered = [](T x, T y) { return x != x || y != y; };
    add("oeq", [](T x, T y) { return x == y; });
    add("ogt", [](T x, T y) { return x > y; });
    add("oge", [](T x, T y) { return x >= y; });
    add("olt", [](T x, T y) { return x < y; });
    add("ole", [](T x, T y) { return x <= y; });
    add("one", [](T x, T y) { return x < y || x > y; });
    add("ord", [=](T x, T y) { return !unordered(x, y); });
    add("ueq", [=](T x, T y) { return unordered(x, y) || x == y; });
    add("ugt", [=](T x, T y) { return unordered(x, y) || x > y; });
    add("uge", [=](T x, T y) { return unordered(x, y) || x >= y; });
    add("ult", [=](T x, T y) { return unordered(x, y) || x < y; });
    add("ule", [=](T x, T y) { return unordered(x, y) || x <= y; });
    add("une", [=](T x, T y) { return x != y; });
    add("uno", [=](T x, T y) { return unordered(x, y); });
    add("false", [](T, T) { return false; });
    add("true", [](T, T) { return true; });
    auto [e, f] = allPairs(values<T>(), values<T>());
    check<T, int8_t>(type, "i8", e, f, compares);
  }
};

TEST_P(FloatTest, F32) { run<float>("f32"); }
TEST_P(FloatTest, F64) {
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  run<double>("f64");
}

/// A single rounding, where the profile promises hardware for it.
TEST_P(FloatTest, Fma) {
  onlyProfiles = [](const Profile &profile) { return profile.device.fma; };
  // lavapipe's fma rounds twice; its profile is vulkan-cpu, which promises none.
  if (GetParam() == Where::Vulkan)
    compileOnly = "software Vulkan devices have no fused multiply-add";
  auto [a, b] = allPairs<float>({1.0f / 3, 0.1f, 1.1f, 123.456f}, {1.0f / 7, 0.3f, 9.9f, -77.7f});
  std::string fused = "%p# = arith.mulf %a, %b : $T\n  %q# = arith.negf %p# : $T\n  %r# = math.fma %a, %b, %q# : $T";
  check<float, float>("f32", "f32", a, b, {{"fma", fused, [](float x, float y) { return std::fma(x, y, -(x * y)); }}});
}

INSTANTIATE_TEST_SUITE_P(, FloatTest, testing::Values(Where::OpenCL, Where::Vulkan),
                         [](auto &info) { return info.param == Where::OpenCL ? "OpenCL" : "Vulkan"; });

} // namespace tenon::test
