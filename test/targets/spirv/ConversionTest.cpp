//===- ConversionTest.cpp - conversions between all types of the kernel IR ----------------===//
#include "Elementwise.h"

#include <bit>

namespace tenon::test {

template <typename T> struct Name;
template <> struct Name<int8_t> {
  static constexpr const char *text = "i8";
};
template <> struct Name<int16_t> {
  static constexpr const char *text = "i16";
};
template <> struct Name<int32_t> {
  static constexpr const char *text = "i32";
};
template <> struct Name<int64_t> {
  static constexpr const char *text = "i64";
};
template <> struct Name<float> {
  static constexpr const char *text = "f32";
};
template <> struct Name<double> {
  static constexpr const char *text = "f64";
};

static float fromBfloat(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }
static float fromHalf(uint16_t bits) { return static_cast<float>(std::bit_cast<_Float16>(bits)); }
template <typename F> static uint16_t toHalf(F value) { return std::bit_cast<uint16_t>(static_cast<_Float16>(value)); }

/// Round to nearest even, by comparing the two neighbours in long double.
template <typename F> static uint16_t toBfloat(F value) {
  if (value != value)
    return 0x7fc0;
  bool negative = std::signbit(value);
  long double magnitude = std::abs(static_cast<long double>(value));
  if (magnitude == std::numeric_limits<long double>::infinity())
    return negative << 15 | 0x7f80;
  uint32_t low = 0, high = 0x7f80; // low <= magnitude < high
  while (high - low > 1) {
    uint32_t middle = (low + high) / 2;
    (fromBfloat(middle) <= magnitude ? low : high) = middle;
  }
  long double below = fromBfloat(low);
  long double above = high == 0x7f80 ? 0x1p128L : static_cast<long double>(fromBfloat(high));
  long double half = (above - below) / 2;
  uint32_t nearest = magnitude - below < half || (magnitude - below == half && low % 2 == 0) ? low : high;
  return negative << 15 | nearest;
}

class ConversionTest : public ElementwiseTest {
protected:
  template <typename T> static void pad(std::vector<T> &v) {
    while (v.size() % 16)
      v.push_back(v[0]);
  }
  template <typename S> static std::vector<S> integers() {
    std::vector<S> v;
    for (uint64_t x : {0ull,
                       1ull,
                       2ull,
                       127ull,
                       128ull,
                       255ull,
                       256ull,
                       32767ull,
                       32768ull,
                       65535ull,
                       65536ull,
                       16777217ull,
                       16777219ull,
                       33554431ull,
                       0x7fffffffull,
                       0x80000000ull,
                       0xffffffffull,
                       0x100000001ull,
                       0x1fffffffffffffull,
                       0x20000000000001ull,
                       0x40000000000003ull,
                       0x7fffffbfffffffffull,
                       0x7fffffc000000001ull,
                       0x123456789abcdefull,
                       0x7fffffffffffffffull,
                       0x4000004000000000ull,
                       0x4000004000000001ull,
                       0x400000c000000000ull,
                       0x8000008000000000ull}) {
      v.push_back(S(x));
      v.push_back(S(0 - x));
    }
    pad(v);
    return v;
  }

  template <typename From, typename To> void integerTo() {
    using UFrom = std::make_unsigned_t<From>;
    std::vector<From> a = integers<From>();
    std::vector<Case<From, To>> cases;
    if constexpr (std::is_floating_point_v<To>) {
      cases = {{"sitofp", "%r# = arith.sitofp %a : $T to $R", [](From x, From) { return static_cast<To>(x); }},
               {"uitofp", "%r# = arith.uitofp %a : $T to $R", [](From x, From) { return static_cast<To>(UFrom(x)); }}};
    } else if constexpr (sizeof(To) > sizeof(From)) {
      cases = {{"extsi", "%r# = arith.extsi %a : $T to $R", [](From x, From) { return To(x); }},
               {"extui", "%r# = arith.extui %a : $T to $R", [](From x, From) { return To(UFrom(x)); }},
               {"index_cast", "%x# = arith.index_cast %a : $T to $index\n  %r# = arith.index_cast %x# : $index to $R",
                [](From x, From) { return To(int32_t(x)); }},
               {"index_castui",
                "%x# = arith.index_castui %a : $T to $index\n  %r# = arith.index_castui %x# : $index to $R",
                [](From x, From) { return To(UFrom(x)); }}};
    } else if constexpr (sizeof(To) < sizeof(From)) {
      cases = {{"trunci", "%r# = arith.trunci %a : $T to $R", [](From x, From) { return To(x); }},
               {"trunci i1", "%c# = arith.trunci %a : $T to $i1\n  %r# = arith.extsi %c# : $i1 to $R",
                [](From x, From) { return x & 1 ? To(-1) : To(0); }}};
    }
    this->template check<From, To>(Name<From>::text, Name<To>::text, a, a, cases);
  }

  template <typename From> void fromInteger() {
    onlyProfiles = nullptr;
    if constexpr (!std::is_same_v<From, int8_t>)
      integerTo<From, int8_t>();
    if constexpr (!std::is_same_v<From, int16_t>)
      integerTo<From, int16_t>();
    if constexpr (!std::is_same_v<From, int32_t>)
      integerTo<From, int32_t>();
    if constexpr (!std::is_same_v<From, int64_t>)
      integerTo<From, int64_t>();
    integerTo<From, float>();
    onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
    integerTo<From, double>();
  }

  /// Values inside of the range only: what is outside is compares and selects by now.
  template <typename From, typename To> void floatTo() {
    using UTo = std::make_unsigned_t<To>;
    std::vector<From> a, b;
    for (double x : {0.0,
                     0.3,
                     0.99,
                     1.0,
                     1.5,
                     2.9,
                     17.25,
                     126.7,
                     127.9,
                     200.2,
                     255.5,
                     3000.75,
                     32767.9,
                     65535.4,
                     1e6,
                     16777216.0,
                     2147483520.0,
                     3000000000.0,
                     4294967040.0,
                     4294967296.0,
                     1e12,
                     9007199254740991.0,
                     4611686018427387904.0,
                     9223371487098961920.0,
                     1.7e19})
      for (double sign : {1.0, -1.0}) {
        From value = static_cast<From>(sign * x);
        if (value > -std::ldexp(1, sizeof(To) * 8 - 1) - 1 && value < std::ldexp(1, sizeof(To) * 8 - 1))
          a.push_back(value);
        if (value > -1 && value < std::ldexp(1, sizeof(To) * 8))
          b.push_back(value);
      }
    while (a.size() < b.size())
      a.push_back(From(1));
    while (b.size() < a.size())
      b.push_back(From(1));
    pad(a);
    pad(b);
    this->template check<From, To>(
        Name<From>::text, Name<To>::text, a, b,
        {{"fptosi", "%r# = arith.fptosi %a : $T to $R", [](From x, From) { return static_cast<To>(x); }},
         {"fptoui", "%r# = arith.fptoui %b : $T to $R", [](From, From x) { return To(static_cast<UTo>(x)); }}});
  }
  template <typename From> void fromFloat() {
    floatTo<From, int8_t>();
    floatTo<From, int16_t>();
    floatTo<From, int32_t>();
    floatTo<From, int64_t>();
  }

  /// Every 16-bit float widened, and moved unchanged.
  void widen(const std::string &type, float (*value)(uint16_t)) {
    std::vector<uint16_t> all(65536);
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = i;
    check<uint16_t, float>(
        type, "f32", all, all,
        {{"extf", "%r# = arith.extf %a : $T to $R", [=](uint16_t x, uint16_t) { return value(x); }}});
    // A value that is also used otherwise takes another way through the emitter.
    check<uint16_t, uint16_t>(
        type, type, all, all,
        {{"select",
          "%x# = arith.extf %a : $T to $f32\n  %c# = arith.cmpf ogt, %x#, %x# : $f32\n  "
          "%r# = arith.select %c#, %b, %a : $B, $T",
          [](uint16_t x, uint16_t) { return x; }},
         {"bitcast", "%x# = arith.bitcast %a : $T to $i16\n  %r# = arith.bitcast %x# : $i16 to $T",
          [](uint16_t x, uint16_t) { return x; }}});
    check<uint16_t, float>(
        type, "f32", all, all,
        {{"extf of a used value", "%x# = arith.bitcast %a : $T to $i16\n  %r# = arith.extf %a : $T to $R",
          [=](uint16_t x, uint16_t) { return value(x); }}});
  }

  template <typename From> void narrow(const std::string &type, uint16_t (*bits)(From), float (*value)(uint16_t)) {
    std::vector<From> a;
    // Every value of the narrow type, its midpoints, and what is just beside them.
    for (uint32_t i = 0; i < 0x7c00 + 0x400; i += i < 64 || i > 0x7b00 ? 1 : 37) {
      uint16_t code = type == "f16" ? std::min(i, 0x7bffu) : uint16_t(i * 0x7f7f / 0x7fff);
      From low = value(code), high = value(code + 1);
      if (std::isinf(high))
        high = low + (low - From(value(code - 1)));
      From middle = low + (high - low) / 2;
      for (From x : {low, middle, std::nextafter(middle, From(0)), std::nextafter(middle, high)}) {
        // f32 subnormals may be flushed on the way in.
        if (std::abs(x) < std::numeric_limits<float>::min() && x != 0)
          continue;
        a.push_back(x);
        a.push_back(-x);
      }
    }
    for (From x : {From(0), From(-0.0), From(1e30f), From(-1e30f), std::numeric_limits<From>::infinity(),
                   -std::numeric_limits<From>::infinity(), std::numeric_limits<From>::max(), From(1e-37f), From(3e-8f),
                   From(65519.9f), From(65520.0f)})
      a.push_back(x);
    pad(a);
    std::string name = sizeof(From) == 4 ? "f32" : "f64";
    check<From, uint16_t>(name, type, a, a,
                          {{"truncf", "%r# = arith.truncf %a : $T to $R", [=](From x, From) { return bits(x); }},
                           {"truncf of a used value",
                            "%x# = arith.truncf %a : $T to $R\n  %y# = arith.bitcast %x# : $R to $i16\n  "
                            "%r# = arith.bitcast %y# : $i16 to $R",
                            [=](From x, From) { return bits(x); }}});
  }
};

TEST_P(ConversionTest, FromI8) { fromInteger<int8_t>(); }
TEST_P(ConversionTest, FromI16) { fromInteger<int16_t>(); }
TEST_P(ConversionTest, FromI32) { fromInteger<int32_t>(); }
TEST_P(ConversionTest, FromI64) { fromInteger<int64_t>(); }
TEST_P(ConversionTest, FromF32) { fromFloat<float>(); }
TEST_P(ConversionTest, FromF64) {
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  fromFloat<double>();
  std::vector<double> a = {
      0,    1,    -1.5, 1e300, 0.1, 1.0 / 3, 16777217, 1e-20, std::numeric_limits<double>::infinity(),
      -2.5, 3e38, 1e39, 7,     8,   9,       10};
  check<double, float>("f64", "f32", a, a,
                       {{"truncf", "%r# = arith.truncf %a : $T to $R", [](double x, double) { return float(x); }}});
  std::vector<float> b(a.begin(), a.end());
  check<float, double>("f32", "f64", b, b,
                       {{"extf", "%r# = arith.extf %a : $T to $R", [](float x, float) { return double(x); }}});
}

TEST_P(ConversionTest, WidenF16) { widen("f16", fromHalf); }
TEST_P(ConversionTest, WidenBF16) { widen("bf16", fromBfloat); }
TEST_P(ConversionTest, NarrowF32ToF16) { narrow<float>("f16", toHalf<float>, fromHalf); }
TEST_P(ConversionTest, NarrowF32ToBF16) { narrow<float>("bf16", toBfloat<float>, fromBfloat); }
TEST_P(ConversionTest, NarrowF64ToF16) {
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  narrow<double>("f16", toHalf<double>, fromHalf);
}
TEST_P(ConversionTest, NarrowF64ToBF16) {
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  narrow<double>("bf16", toBfloat<double>, fromBfloat);
}

TEST_P(ConversionTest, NarrowNan) {
  std::vector<float> a(16, std::numeric_limits<float>::quiet_NaN());
  for (int i = 0; i < 16; ++i)
    a[i] = std::bit_cast<float>(0x7f800000u + (1u << i) + (i % 2 ? 1u << 31 : 0) + 0x400000u);
  for (std::string type : {"f16", "bf16"})
    check<float, int8_t>("f32", "i8", a, a,
                         {{"isnan after truncf " + type,
                           "%x# = arith.truncf %a : $T to $" + type + "\n  %y# = arith.extf %x# : $" + type +
                               " to $f32\n  %c# = arith.cmpf uno, %y#, %y# : $f32\n  %r# = arith.extui %c# : $B to $R",
                           [](float, float) { return int8_t(1); }}});
}

TEST_P(ConversionTest, Bitcasts) {
  std::vector<int32_t> a = {0, 1, -1, 0x3f800000, 0x40490fdb, INT32_MIN, 0x7f800000, 42, 5, 6, 7, 8, 9, 10, 11, 12};
  check<int32_t, int32_t>(
      "i32", "i32", a, a,
      {{"bitcast f32", "%x# = arith.bitcast %a : $T to $f32\n  %r# = arith.bitcast %x# : $f32 to $T",
        [](int32_t x, int32_t) { return x; }}});
  onlyProfiles = [](const Profile &profile) { return profile.device.float64; };
  std::vector<int64_t> b(a.begin(), a.end());
  b[1] = 0x3ff123456789abcdll;
  check<int64_t, double>("i64", "f64", b, b,
                         {{"bitcast f64", "%r# = arith.bitcast %a : $T to $R",
                           [](int64_t x, int64_t) { return std::bit_cast<double>(x); }}});
}

INSTANTIATE_TEST_SUITE_P(, ConversionTest, testing::Values(Where::OpenCL, Where::Vulkan),
                         [](auto &info) { return info.param == Where::OpenCL ? "OpenCL" : "Vulkan"; });

} // namespace tenon::test
