//===- ElementwiseTest.cpp - arithmetic, bits, comparisons, casts -----------===//
#include "Conformance.h"

#include <bit>
#include <type_traits>

namespace tenon::conformance {
namespace {

/// Calls `f` with a value of the C type of an integer type.
template <class F> void withInteger(Type type, F f) {
  switch (type) {
  case Type::I8:
    return f(int8_t());
  case Type::I16:
    return f(int16_t());
  case Type::I32:
    return f(int32_t());
  case Type::I64:
    return f(int64_t());
  case Type::U8:
    return f(uint8_t());
  case Type::U16:
    return f(uint16_t());
  case Type::U32:
    return f(uint32_t());
  default:
    return f(uint64_t());
  }
}

/// Every special value with every other one.
void pairsOf(Type type, Array &a, Array &b) {
  std::vector<double> reals;
  std::vector<int64_t> whole;
  if (isFloat(type))
    reals = specialsOf(type);
  else
    whole = specialIntegersOf(type);
  size_t n = isFloat(type) ? reals.size() : whole.size();
  a = Array(type, {int64_t(n * n)});
  b = a;
  for (size_t i = 0; i < n * n; ++i) {
    if (isFloat(type)) {
      a.setReal(i, reals[i / n]);
      b.setReal(i, reals[i % n]);
    } else {
      a.setInteger(i, whole[i / n]);
      b.setInteger(i, whole[i % n]);
    }
  }
}

std::string label(const char *what, Type type) { return std::string(what) + " in " + nameOf(type); }

double lesser(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); }
double greater(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }

TEST_P(Conformance, ElementwiseIntegers) {
  for (Type type : integers) {
    Array a(type, {0}), b(type, {0});
    pairsOf(type, a, b);
    std::vector<Array> got(10, a), want(10, a);
    Call call("elementwise", "arith");
    call.in(a).in(b);
    for (Array &result : got)
      call.out(result);
    if (!call.run())
      continue;
    withInteger(type, [&](auto zero) {
      using T = decltype(zero);
      using U = std::make_unsigned_t<T>;
      auto wrap = [](uint64_t x) { return T(U(x)); };
      for (size_t i = 0; i < a.size(); ++i) {
        T x = T(a.integer(i)), y = T(b.integer(i));
        uint64_t ux = uint64_t(x), uy = uint64_t(y);
        T quotient = y == 0 ? T(0) : std::is_signed_v<T> && y == T(-1) ? wrap(0 - ux) : T(x / y);
        T lo = std::min(x, y), hi = std::max(x, y);
        T results[] = {wrap(ux + uy),
                       wrap(ux - uy),
                       wrap(ux * uy),
                       quotient,
                       lo,
                       hi,
                       wrap(0 - ux),
                       x < T(0) ? wrap(0 - ux) : x,
                       T(x > T(0)    ? 1
                         : x == T(0) ? 0
                                     : -1),
                       std::min(std::max(x, std::min(y, T(3))), std::max(y, T(7)))};
        for (size_t r = 0; r < got.size(); ++r)
          want[r].setInteger(i, int64_t(results[r]));
      }
    });
    const char *names[] = {"+", "-", "*", "/", "min", "max", "neg", "abs", "sign", "clamp"};
    for (size_t r = 0; r < got.size(); ++r)
      expectEqual(got[r], want[r], label(names[r], type));
  }
}

TEST_P(Conformance, ElementwiseFloats) {
  for (Type type : floats) {
    Array a(type, {0}), b(type, {0});
    pairsOf(type, a, b);
    std::vector<Array> got(10, a);
    Call call("elementwise", "arith");
    call.in(a).in(b);
    for (Array &result : got)
      call.out(result);
    if (!call.run())
      continue;
    using Real = long double;
    std::function<Real(Real, Real)> wants[] = {
        [](Real x, Real y) { return x + y; },
        [](Real x, Real y) { return x - y; },
        [](Real x, Real y) { return x * y; },
        [](Real x, Real y) { return x / y; },
        [](Real x, Real y) { return lesser(x, y); },
        [](Real x, Real y) { return greater(x, y); },
        [](Real x, Real) { return -x; },
        [](Real x, Real) { return std::fabs(x); },
        [](Real x, Real) { return x > 0   ? 1
                                  : x < 0 ? -1
                                          : x; },
        [](Real x, Real y) { return lesser(greater(x, lesser(y, 3)), greater(y, 7)); }};
    const char *names[] = {"+", "-", "*", "/", "min", "max", "neg", "abs", "sign", "clamp"};
    for (size_t r = 0; r < got.size(); ++r)
      expectNear(
          got[r], [&](size_t i) { return wants[r](a.real(i), b.real(i)); }, r == 3 ? 2.5 : 0.5, 0,
          label(names[r], type));
    for (size_t i = 0; i < a.size(); ++i)
      if (!std::isnan(a.real(i))) {
        ASSERT_EQ(std::signbit(got[6].real(i)), !std::signbit(a.real(i))) << label("the sign of neg", type);
        ASSERT_FALSE(std::signbit(got[7].real(i))) << label("the sign of abs", type);
      }
  }
}

TEST_P(Conformance, ElementwiseBits) {
  for (Type type : integers) {
    Array a(type, {0}), b(type, {0});
    pairsOf(type, a, b);
    std::vector<Array> got(10, a), want(10, a);
    Call call("elementwise", "bits");
    call.in(a).in(b);
    for (Array &result : got)
      call.out(result);
    if (!call.run())
      continue;
    withInteger(type, [&](auto zero) {
      using T = decltype(zero);
      using U = std::make_unsigned_t<T>;
      constexpr int width = sizeof(T) * 8;
      for (size_t i = 0; i < a.size(); ++i) {
        T x = T(a.integer(i)), y = T(b.integer(i));
        U ux = U(x);
        bool wide = y < T(0) || uint64_t(y) >= uint64_t(width);
        T remainder = y == 0 ? x : std::is_signed_v<T> && y == T(-1) ? T(0) : T(x % y);
        T results[] = {remainder,
                       T(x & y),
                       T(x | y),
                       T(x ^ y),
                       T(~x),
                       wide ? T(0) : T(U(uint64_t(ux) << y)),
                       wide ? T(x < T(0) ? -1 : 0) : T(x >> y),
                       T(std::popcount(ux)),
                       T(std::countl_zero(ux)),
                       T(std::countr_zero(ux))};
        for (size_t r = 0; r < got.size(); ++r)
          want[r].setInteger(i, int64_t(results[r]));
      }
    });
    const char *names[] = {"%", "&", "|", "^", "~", "<<", ">>", "popcount", "clz", "ctz"};
    for (size_t r = 0; r < got.size(); ++r)
      expectEqual(got[r], want[r], label(names[r], type));
  }
}

TEST_P(Conformance, ElementwiseComparisons) {
  for (Type type : numbers) {
    Array a(type, {0}), b(type, {0});
    pairsOf(type, a, b);
    std::vector<Array> got(6, Array(Type::Bool, a.shape)), want = got;
    Array pick(type, a.shape), wantPick = pick;
    Call call("elementwise", "compare");
    call.in(a).in(b);
    for (Array &result : got)
      call.out(result);
    call.out(pick);
    if (!call.run())
      continue;
    auto compare = [&](auto x, auto y, size_t i) {
      bool results[] = {x<y, x <= y, x> y, x >= y, x == y, x != y};
      for (size_t r = 0; r < got.size(); ++r)
        want[r].setInteger(i, results[r]);
      bool second = x < y && y != 3;
      for (unsigned byte = 0; byte < bytesOf(type); ++byte)
        wantPick.bytes[i * bytesOf(type) + byte] = (second ? b : a).bytes[i * bytesOf(type) + byte];
    };
    for (size_t i = 0; i < a.size(); ++i) {
      if (isFloat(type))
        compare(a.real(i), b.real(i), i);
      else if (isSigned(type))
        compare(a.integer(i), b.integer(i), i);
      else
        compare(uint64_t(a.integer(i)), uint64_t(b.integer(i)), i);
    }
    const char *names[] = {"<", "<=", ">", ">=", "==", "!="};
    for (size_t r = 0; r < got.size(); ++r)
      expectEqual(got[r], want[r], label(names[r], type));
    expectEqual(pick, wantPick, label("? :", type));
  }
}

TEST_P(Conformance, ElementwiseLogic) {
  for (int64_t n : {0, 1, 37})
    for (bool c : {false, true}) {
      Array a = randomArray(Type::Bool, {n}, 1), b = randomArray(Type::Bool, {n}, 2);
      std::vector<Array> got(8, a), want(8, a);
      Call call("elementwise", "logic");
      call.in(a).in(b).scalar(Type::Bool, c);
      for (Array &result : got)
        call.out(result);
      if (!call.run())
        continue;
      for (int64_t i = 0; i < n; ++i) {
        bool x = a.integer(i), y = b.integer(i);
        bool results[] = {x && y, x || y, x != y, !x, x && y, x || y, x == y, c ? x : y};
        for (size_t r = 0; r < got.size(); ++r)
          want[r].setInteger(i, results[r]);
      }
      for (size_t r = 0; r < got.size(); ++r)
        expectEqual(got[r], want[r], "logic result " + std::to_string(r));
    }
}

TEST_P(Conformance, ElementwiseScalars) {
  for (Type type : numbers) {
    Array x = randomArray(type, {67}, 3), byDefault = x, given = x;
    if (!Call("elementwise", "scaled").in(x).scalar(type, 5).none().out(byDefault).run())
      continue;
    Call("elementwise", "scaled").in(x).scalar(type, 2).scalar(type, isSigned(type) ? -1 : 1).out(given).run();
    auto check = [&](const Array &got, double k, double d) {
      if (isFloat(type))
        return expectNear(
            got, [&](size_t i) { return x.real(i) * k + d; }, 1, 2 * double(ulpOf(type, 1)), label("scaled", type));
      Array want = x;
      for (size_t i = 0; i < x.size(); ++i)
        want.setInteger(i, x.integer(i) * int64_t(k) + int64_t(d));
      expectEqual(got, want, label("scaled", type));
    };
    check(byDefault, 5, 3);
    check(given, 2, isSigned(type) ? -1 : 1);
  }
}

//===- casts ----------------------------------------------------------------===//

/// Numbers that some type cannot hold, in the type that is cast from.
Array castInputs(Type from) {
  if (from == Type::Bool)
    return randomArray(from, {9}, 4);
  if (!isFloat(from)) {
    std::vector<int64_t> list = specialIntegersOf(from);
    for (int64_t v : {127, 128, 129, 255, 256, 257, 32767, 32768, 65504, 65519, 65520, 65535, 65536, 16777215, 16777217,
                      33554433, 2147483647})
      list.push_back(v);
    for (int64_t v : {int64_t(1) << 40, (int64_t(1) << 53) + 1, (int64_t(1) << 24) + 3, (int64_t(0x1010000) << 16) + 1,
                      (int64_t(0x1018000) << 8) - 1, (int64_t(0x8080) << 32) + 1, (int64_t(0x1808) << 20) - 1,
                      int64_t(0x7fffffbfffffffff), int64_t(0x7fffffc000000000), int64_t(0x4000001000000001)})
      for (int64_t w : {v, -v})
        list.push_back(w);
    Array array(from, {int64_t(list.size())});
    for (size_t i = 0; i < list.size(); ++i)
      array.setInteger(i, list[i]);
    return array;
  }
  std::vector<double> list = specialsOf(from);
  for (double v : {0.49,
                   0.51,
                   0.99,
                   126.9,
                   127.0,
                   127.5,
                   128.0,
                   128.5,
                   254.9,
                   255.9,
                   256.0,
                   32767.9,
                   32768.0,
                   65504.0,
                   65519.9,
                   65520.0,
                   65535.9,
                   65536.0,
                   2147483520.0,
                   2147483647.0,
                   2147483648.0,
                   4294967295.0,
                   4294967296.0,
                   9.2233715e18,
                   9.2233720368547758e18,
                   1.8446742974197924e19,
                   1.8446744073709552e19,
                   1e30,
                   1e39,
                   1e300,
                   5.9604645e-8,
                   2.9802322e-8,
                   2.98023224e-8,
                   6.0975552e-5,
                   1.0009766,
                   1.00048828125,
                   1.0004883,
                   1.00390625,
                   1.01171875,
                   1.0039063,
                   3.3895314e38,
                   3.4028235e38,
                   1.00048828125000022,
                   1.00390625000000022,
                   1.000000059604644775390625})
    for (double w : {v, -v})
      list.push_back(w);
  return listArray(from, list);
}

/// The language's cast in plain C++.
void castElement(const Array &from, size_t i, Array &to) {
  if (to.type == Type::Bool)
    return to.setInteger(i, isFloat(from.type) ? from.real(i) != 0 : from.integer(i) != 0);
  if (isFloat(to.type)) {
    if (from.type == Type::U64)
      return to.setReal(i, static_cast<long double>(uint64_t(from.integer(i))));
    if (!isFloat(from.type))
      return to.setReal(i, static_cast<long double>(from.integer(i)));
    return to.setReal(i, from.real(i));
  }
  if (!isFloat(from.type))
    return to.setInteger(i, from.integer(i));
  double value = std::trunc(from.real(i));
  int width = 8 * bytesOf(to.type);
  if (std::isnan(value))
    return to.setInteger(i, 0);
  double low = isSigned(to.type) ? -std::ldexp(1.0, width - 1) : 0,
         high = std::ldexp(1.0, isSigned(to.type) ? width - 1 : width);
  uint64_t highest = ~uint64_t(0) >> (64 - width + (isSigned(to.type) ? 1 : 0));
  if (value >= high)
    return to.setInteger(i, int64_t(highest));
  if (value <= low)
    return to.setInteger(i, isSigned(to.type) ? int64_t(-highest - 1) : 0);
  to.setInteger(i, isSigned(to.type) ? int64_t(value) : int64_t(uint64_t(value)));
}

TEST_P(Conformance, Casts) {
  std::vector<Type> sources = numbers;
  sources.push_back(Type::Bool);
  const std::vector<Type> targets = {Type::Bool, Type::I8,  Type::I16, Type::I32, Type::I64,  Type::U8,
                                     Type::U16,  Type::U32, Type::U64, Type::F16, Type::BF16, Type::F32};
  for (Type from : sources) {
    Array x = castInputs(from);
    std::vector<Array> got;
    for (Type to : targets)
      got.emplace_back(to, x.shape);
    got.reserve(targets.size());
    Call call("casts", "casts");
    call.in(x);
    for (Array &result : got)
      call.out(result);
    if (call.run())
      for (Array &result : got) {
        Array want = result;
        for (size_t i = 0; i < x.size(); ++i)
          castElement(x, i, want);
        std::string what = std::string("cast of ") + nameOf(from) + " to " + nameOf(result.type);
        if (isFloat(result.type) && result.type != Type::F16) // a subnormal may be flushed
          expectNear(result, [&](size_t i) { return want.real(i); }, 0, 0, what);
        else
          expectEqual(result, want, what);
      }
    Array wide(Type::F64, x.shape), want = wide;
    if (!Call("casts", "to_double").in(x).out(wide).run())
      continue;
    for (size_t i = 0; i < x.size(); ++i)
      castElement(x, i, want);
    expectEqual(wide, want, std::string("cast of ") + nameOf(from) + " to f64");
  }
}

} // namespace
} // namespace tenon::conformance
