//===- LegalizeTest.cpp - what legalize leaves, says and refuses ------------===//
//
// Owns checks of the IR: only operations that docs/design/kernel-ir.md allows, emulations named once, errors.
//
//===------------------------------------------------------------------------===//
#include "Jit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

namespace tenon::test {
namespace {

std::string kernel(const std::string &body) {
  return "func.func @k(%a: memref<?xf32>, %h: memref<?xf16>, %w: memref<?xbf16>, %i: index, %x: f32, %y: f32, %n: i32, "
         "%v: vector<8xf32>, %d: f64) {\n" +
         body + "\n return\n}\n";
}

std::string legalized(const std::string &body, const DeviceDescription &device, std::vector<std::string> &emulations) {
  std::string error, text = legalizeText(kernel(body), device, emulations, error);
  EXPECT_NE(text, "") << error;
  return text;
}

std::set<std::string> operationsIn(const std::string &text) {
  std::set<std::string> found;
  std::regex op("\\b(arith|math|vector|scf|memref)\\.[a-z_0-9]+");
  for (std::sregex_iterator it(text.begin(), text.end(), op), end; it != end; ++it)
    found.insert(it->str());
  return found;
}

TEST(Legalize, LeavesOnlyWhatKernelsMayHold) {
  const char *functions[] = {"exp",  "exp2", "expm1", "log",  "log2",  "log10", "log1p", "rsqrt",
                             "cbrt", "sin",  "cos",   "tan",  "asin",  "acos",  "atan",  "sinh",
                             "cosh", "tanh", "erf",   "erfc", "round", "asinh", "acosh", "atanh"};
  std::string body = "%p0 = arith.maximumf %x, %y : f32\n";
  int n = 0;
  auto use = [&](const std::string &op, const std::string &type) {
    std::string name = "%p" + std::to_string(++n);
    body += name + " = " + op + " : " + type + "\n";
    std::string value = name;
    if (type == "vector<8xf32>")
      body += "vector.store " + name + ", %a[%i] : memref<?xf32>, vector<8xf32>\n";
    else if (type == "f64") {
      body +=
          name + "s = arith.truncf " + name + " : f64 to f32\n memref.store " + name + "s, %a[%i] : memref<?xf32>\n";
    } else
      body += "memref.store " + name + ", %a[%i] : memref<?xf32>\n";
  };
  for (const char *f : functions) {
    use("math." + std::string(f) + " %x", "f32");
    use("math." + std::string(f) + " %v", "vector<8xf32>");
    use("math." + std::string(f) + " %d", "f64");
  }
  use("math.powf %x, %y", "f32");
  use("math.atan2 %x, %y", "f32");
  use("math.fma %x, %y, %x", "f32");
  use("math.clampf %x to [%y, %p0]", "f32");
  use("arith.minnumf %x, %y", "f32");
  std::set<std::string> math = {"math.fma",   "math.absf",  "math.sqrt",      "math.floor",
                                "math.ceil",  "math.trunc", "math.roundeven", "math.copysign",
                                "math.ctpop", "math.ctlz",  "math.cttz"};
  std::set<std::string> forbidden = {"arith.maximumf", "arith.minimumf", "arith.maxnumf", "arith.minnumf"};
  for (const Device &device : getDevices()) {
    std::vector<std::string> emulations;
    for (const std::string &op : operationsIn(legalized(body, device.description, emulations))) {
      if (op.starts_with("math.")) {
        EXPECT_TRUE(math.count(op)) << op;
      }
      EXPECT_FALSE(forbidden.count(op)) << op;
      if (!device.description.fma) {
        EXPECT_NE(op, "math.fma");
      }
    }
  }
}

TEST(Legalize, NeverUsesWhatTheDeviceLacks) {
  std::string body =
      "%p = math.sin %v : vector<8xf32>\n%q = math.powf %p, %v : vector<8xf32>\n%s = math.fma %p, %q, %v "
      ": vector<8xf32>\nvector.store %s, %a[%i] : memref<?xf32>, vector<8xf32>\n";
  std::vector<std::string> emulations;
  std::string text = legalized(body, getDevices()[2].description, emulations);
  text = text.substr(text.find('\n'));
  text = text.substr(text.find('\n', 1)); // past the signature, which names %d
  EXPECT_EQ(text.find("f64"), std::string::npos) << text;
  EXPECT_EQ(text.find("i64"), std::string::npos) << text;
}

TEST(Legalize, ContractionsSplitAndTheLanguagesFmaDoesNot) {
  DeviceDescription device = getDevices()[1].description;
  std::vector<std::string> emulations;
  std::string text =
      legalized("%p = math.fma %x, %y, %x fastmath<contract> : f32\nmemref.store %p, %a[%i] : memref<?xf32>\n"
                "%q = vector.fma %v, %v, %v : vector<8xf32>\nvector.store %q, %a[%i] : memref<?xf32>, "
                "vector<8xf32>",
                device, emulations);
  EXPECT_EQ(operationsIn(text).count("arith.bitcast"), 0u) << text;
  EXPECT_TRUE(emulations.empty());
  text = legalized("%p = math.fma %x, %y, %x : f32\nmemref.store %p, %a[%i] : memref<?xf32>", device, emulations);
  EXPECT_EQ(operationsIn(text).count("arith.bitcast"), 1u) << text;
  EXPECT_EQ(emulations, std::vector<std::string>{"fma by error-free sums"});
}

TEST(Legalize, EmulationsAreNamedOnce) {
  std::vector<std::string> emulations;
  std::string body = "%p = memref.load %h[%i] : memref<?xf16>\n%q = arith.addf %p, %p : f16\n%r = math.exp %q : f16\n"
                     "memref.store %r, %h[%i] : memref<?xf16>\n%s = memref.load %w[%i] : memref<?xbf16>\n"
                     "%t = arith.mulf %s, %s : bf16\nmemref.store %t, %w[%i] : memref<?xbf16>";
  std::string text = legalized(body, getDevices()[2].description, emulations);
  std::sort(emulations.begin(), emulations.end());
  std::vector<std::string> want = {"bf16 arithmetic in f32", "f16 arithmetic in f32",
                                   "f16 conversions in integer arithmetic"};
  EXPECT_EQ(emulations, want);
  EXPECT_EQ(operationsIn(text).count("arith.extf"), 0u) << text;
  EXPECT_NE(text.find("memref<?xbf16>"), std::string::npos);
}

TEST(Legalize, DropsFastMath) {
  std::vector<std::string> emulations;
  std::string text = legalized("%p = arith.addf %x, %y fastmath<fast> : f32\nmemref.store %p, %a[%i] : memref<?xf32>",
                               getDevices()[0].description, emulations);
  EXPECT_EQ(text.find("fastmath"), std::string::npos) << text;
}

TEST(Legalize, HoistsWhatDoesNotChange) {
  std::vector<std::string> emulations;
  std::string text =
      legalized("%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\nscf.for %j = %c0 to %i step "
                "%c1 {\n%p = math.exp %x : f32\nmemref.store %p, %a[%j] : memref<?xf32>\n}",
                getDevices()[0].description, emulations);
  EXPECT_LT(text.find("arith.bitcast"), text.find("scf.for")) << text;
}

TEST(Legalize, RefusesWhatHasNoMeaning) {
  for (std::string body : {"%p = math.fpowi %x, %n : f32, i32\nmemref.store %p, %a[%i] : memref<?xf32>",
                           "%p = arith.remf %x, %y : f32\nmemref.store %p, %a[%i] : memref<?xf32>"}) {
    std::vector<std::string> emulations;
    std::string error;
    EXPECT_EQ(legalizeText(kernel(body), getDevices()[0].description, emulations, error), "");
    EXPECT_NE(error.find("no device computes '"), std::string::npos) << error;
  }
}

} // namespace
} // namespace tenon::test
