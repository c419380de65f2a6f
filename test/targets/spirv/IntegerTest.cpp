//===- IntegerTest.cpp - integer operations on every width and profile -----------------===//
#include "Elementwise.h"

#include <bit>

namespace tenon::test {

template <typename S> struct IntegerSuite {
  using U = std::make_unsigned_t<S>;
  static constexpr int bits = sizeof(S) * 8;
  static constexpr S lowest = std::numeric_limits<S>::min(), highest = std::numeric_limits<S>::max();

  static std::vector<S> values() {
    std::vector<S> v = {
        0,   1,  2, 3, 7, -1, -2, -5, lowest, S(lowest + 1), highest, S(highest - 1), S(highest / 3), S(lowest / 5),
        100, -77};
    if (bits > 8)
      v.insert(v.end(), {S(1000), S(-999), S(256), S(-256)});
    if (bits > 16)
      v.insert(v.end(), {S(123456789), S(-65536), S(65535), S(0x7fff8000)});
    if (bits > 32)
      v.insert(v.end(), {S(0x100000000ll), S(-0x100000000ll), S(0xffffffffll), S(0x123456789abcdefll),
                         S(-0x7edcba9876543210ll), S(0x8000000000ll), S(0x80000000ll)});
    return v;
  }
  static std::vector<S> divisors() {
    std::vector<S> v;
    for (S x : values())
      if (x != 0)
        v.push_back(x);
    return v;
  }
  static S wrap(U x) { return S(x); }

  static std::vector<Case<S, S>> general() {
    auto op = [](std::string name) { return "%r# = " + name + " %a, %b : $T"; };
    return {
        {"addi", op("arith.addi"), [](S a, S b) { return wrap(U(a) + U(b)); }},
        {"subi", op("arith.subi"), [](S a, S b) { return wrap(U(a) - U(b)); }},
        {"muli", op("arith.muli"), [](S a, S b) { return wrap(uint64_t(a) * uint64_t(b)); }},
        {"andi", op("arith.andi"), [](S a, S b) { return wrap(U(a) & U(b)); }},
        {"ori", op("arith.ori"), [](S a, S b) { return wrap(U(a) | U(b)); }},
        {"xori", op("arith.xori"), [](S a, S b) { return wrap(U(a) ^ U(b)); }},
        {"minsi", op("arith.minsi"), [](S a, S b) { return a < b ? a : b; }},
        {"maxsi", op("arith.maxsi"), [](S a, S b) { return a > b ? a : b; }},
        {"minui", op("arith.minui"), [](S a, S b) { return U(a) < U(b) ? a : b; }},
        {"maxui", op("arith.maxui"), [](S a, S b) { return U(a) > U(b) ? a : b; }},
        {"ctpop", "%r# = math.ctpop %a : $T", [](S a, S) { return S(std::popcount(U(a))); }},
        {"ctlz", "%r# = math.ctlz %a : $T", [](S a, S) { return S(std::countl_zero(U(a))); }},
        {"cttz", "%r# = math.cttz %a : $T", [](S a, S) { return S(std::countr_zero(U(a))); }},
        {"absi", "%r# = math.absi %a : $T", [](S a, S) { return a < 0 ? wrap(U(0) - U(a)) : a; }},
        {"select", "%c# = arith.cmpi slt, %a, %b : $T\n  %r# = arith.select %c#, %b, %a : $B, $T",
         [](S a, S b) { return a < b ? b : a; }},
        {"mulsi_extended", "%l#, %r# = arith.mulsi_extended %a, %b : $T",
         [](S a, S b) { return S((__int128(a) * b) >> bits); }},
        {"mului_extended", "%l#, %r# = arith.mului_extended %a, %b : $T",
         [](S a, S b) { return S(((unsigned __int128)U(a) * U(b)) >> bits); }},
        {"addui_extended", "%s#, %c# = arith.addui_extended %a, %b : $T, $B\n  %r# = arith.extui %c# : $B to $T",
         [](S a, S b) { return S(U(U(a) + U(b)) < U(a)); }},
        {"chain",
         "%x# = arith.addi %a, %b : $T\n  %y# = arith.minui %x#, %b : $T\n  %z# = arith.cmpi ult, %x#, %a : $T\n"
         "  %r# = arith.select %z#, %y#, %x# : $B, $T",
         [](S a, S b) { return U(U(a) + U(b)) < U(a) ? S(std::min<U>(U(a) + U(b), U(b))) : wrap(U(a) + U(b)); }},
    };
  }
  static std::vector<Case<S, S>> shifts() {
    auto op = [](std::string name) { return "%r# = " + name + " %a, %b : $T"; };
    return {{"shli", op("arith.shli"), [](S a, S b) { return wrap(uint64_t(a) << b); }},
            {"shrui", op("arith.shrui"), [](S a, S b) { return wrap(U(a) >> b); }},
            {"shrsi", op("arith.shrsi"), [](S a, S b) { return S(a >> b); }}};
  }
  static std::vector<Case<S, S>> divisions() {
    auto op = [](std::string name) { return "%r# = " + name + " %a, %b : $T"; };
    auto inexact = [](S a, S b) { return a % b != 0; };
    return {{"divui", op("arith.divui"), [](S a, S b) { return S(U(a) / U(b)); }},
            {"remui", op("arith.remui"), [](S a, S b) { return S(U(a) % U(b)); }},
            {"ceildivui", op("arith.ceildivui"), [](S a, S b) { return S(U(a) / U(b) + (U(a) % U(b) != 0)); }},
            {"divsi", op("arith.divsi"), [](S a, S b) { return S(a / b); }},
            {"remsi", op("arith.remsi"), [](S a, S b) { return S(a % b); }},
            {"floordivsi", op("arith.floordivsi"),
             [=](S a, S b) { return S(a / b - (inexact(a, b) && (a < 0) != (b < 0))); }},
            {"ceildivsi", op("arith.ceildivsi"),
             [=](S a, S b) { return S(a / b + (inexact(a, b) && (a < 0) == (b < 0))); }}};
  }
  static std::vector<Case<S, int8_t>> compares() {
    std::vector<Case<S, int8_t>> cases;
    auto add = [&](std::string name, std::function<bool(S, S)> f) {
      cases.push_back({"cmpi " + name, "%c# = arith.cmpi " + name + ", %a, %b : $T\n  %r# = arith.extui %c# : $B to $R",
                       [f](S a, S b) -> int8_t { return f(a, b); }});
    };
    add("eq", [](S a, S b) { return a == b; });
    add("ne", [](S a, S b) { return a != b; });
    add("slt", [](S a, S b) { return a < b; });
    add("sle", [](S a, S b) { return a <= b; });
    add("sgt", [](S a, S b) { return a > b; });
    add("sge", [](S a, S b) { return a >= b; });
    add("ult", [](S a, S b) { return U(a) < U(b); });
    add("ule", [](S a, S b) { return U(a) <= U(b); });
    add("ugt", [](S a, S b) { return U(a) > U(b); });
    add("uge", [](S a, S b) { return U(a) >= U(b); });
    return cases;
  }
};

class IntegerTest : public ElementwiseTest {
protected:
  template <typename S> void run(const std::string &type) {
    using Suite = IntegerSuite<S>;
    auto [a, b] = allPairs(Suite::values(), Suite::values());
    this->template check<S, S>(type, type, a, b, Suite::general());
    if (HasFailure())
      return;
    auto [c, d] = allPairs(Suite::values(), Suite::values());
    this->template check<S, int8_t>(type, "i8", c, d, Suite::compares());
    if (HasFailure())
      return;
    std::vector<S> amounts;
    for (int n = 0; n < Suite::bits; ++n)
      amounts.push_back(n);
    auto [e, f] = allPairs(Suite::values(), amounts);
    this->template check<S, S>(type, type, e, f, Suite::shifts());
    if (HasFailure())
      return;
    auto [g, h] = allPairs(Suite::values(), Suite::divisors());
    for (size_t i = 0; i < g.size(); ++i)
      if (g[i] == Suite::lowest && h[i] == -1)
        h[i] = 3;
    this->template check<S, S>(type, type, g, h, Suite::divisions());
  }
};

TEST_P(IntegerTest, I8) { run<int8_t>("i8"); }
TEST_P(IntegerTest, I16) { run<int16_t>("i16"); }
TEST_P(IntegerTest, I32) { run<int32_t>("i32"); }
TEST_P(IntegerTest, I64) { run<int64_t>("i64"); }

/// Booleans are logic, and numbers of one bit.
TEST_P(IntegerTest, I1) {
  auto two = [](std::string op) {
    return "%z# = arith.cmpi ne, %a, %a : $T\n  %p# = arith.cmpi sgt, %a, %b : $T\n  %q# = arith.cmpi eq, %a, %b : "
           "$T\n  %c# = " +
           op + "\n  %r# = arith.extui %c# : $B to $R";
  };
  using C = Case<int32_t, int8_t>;
  std::vector<C> cases = {
      {"andi", two("arith.andi %p#, %q# : $B"), [](int a, int b) { return a > b && a == b; }},
      {"ori", two("arith.ori %p#, %q# : $B"), [](int a, int b) { return a >= b; }},
      {"xori", two("arith.xori %p#, %q# : $B"), [](int a, int b) { return (a > b) != (a == b); }},
      {"addi", two("arith.addi %p#, %q# : $B"), [](int a, int b) { return (a > b) != (a == b); }},
      {"muli", two("arith.muli %p#, %q# : $B"), [](int a, int b) { return a > b && a == b; }},
      {"maxui", two("arith.maxui %p#, %q# : $B"), [](int a, int b) { return a >= b; }},
      {"minsi", two("arith.minsi %p#, %q# : $B"), [](int a, int b) { return a >= b; }},
      {"cmpi eq", two("arith.cmpi eq, %p#, %z# : $B"), [](int a, int b) { return !(a > b); }},
      {"cmpi ult", two("arith.cmpi ult, %z#, %p# : $B"), [](int a, int b) { return a > b; }},
      {"cmpi slt", two("arith.cmpi slt, %p#, %z# : $B"), [](int a, int b) { return a > b; }},
      {"select", two("arith.select %p#, %q#, %p# : $B, $B"), [](int a, int b) { return false; }},
  };
  auto [a, b] = allPairs<int32_t>({-3, 0, 1, 7}, {-3, 0, 1, 7});
  check<int32_t, int8_t>("i32", "i8", a, b, cases);
}

INSTANTIATE_TEST_SUITE_P(, IntegerTest, testing::Values(Where::OpenCL, Where::Vulkan),
                         [](auto &info) { return info.param == Where::OpenCL ? "OpenCL" : "Vulkan"; });

} // namespace tenon::test
