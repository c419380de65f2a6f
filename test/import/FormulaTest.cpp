//===- FormulaTest.cpp - formulas that are fed back --------------------------===//
#include "Run.h"
#include "package_generated.h"

using namespace tenon;
using namespace tenon::test;

namespace {

using FormulaTest = Run;

const char *everything = R"(
// y = x * g / rms(x), row by row.
op rmsnorm(x: T[...b, d], g: T[d], eps: f32 = 1e-6) -> y: T[...b, d] where T in {f32, f16} {
  ms[...i]   = sum[j](f32(x[...i, j]) * f32(x[...i, j])) / f32(d)
  y[...i, j] = T(f32(x[...i, j]) * rsqrt(ms[...i] + eps) * f32(g[j]))
}
op conv(x: f32[n, h], f: f32[k], stride: size = 1, pad: size = 0) -> y: f32[n, (h + 2*pad - k) / stride + 1]
  where stride >= 1, h + 2*pad >= k {
  y[b, r] = sum[u]((x[b, r*stride + u - pad] else 0) * f[u])
}
op pick(x: u8[n], ids: i32[m]) -> (y: u8[m], best: i64, low: u8[]) {
  y[i] = x[ids[i]] else 3
  best = i64(argmax[i](x[i]))
  low = min[i where i != 1](x[i])
}
)";

/// A package without what tells of its source: names of files, their text and lines.
std::string withoutSource(const std::string &bytes) {
  package::PackageT unpacked;
  package::GetPackage(bytes.data())->UnPackTo(&unpacked);
  unpacked.content_hash = 0;
  unpacked.file_bytes = 0;
  for (auto &op : unpacked.operators) {
    op->source.clear();
    op->file.clear();
    for (auto &instance : op->instances)
      for (auto &check : instance->checks)
        check->line = 0;
  }
  flatbuffers::FlatBufferBuilder builder;
  package::FinishPackageBuffer(builder, package::Package::Pack(builder, &unpacked));
  return std::string(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
}

TEST_F(FormulaTest, GivesTheSamePackage) {
  write("all.tn", everything);
  Answer first = call("tenonc all.tn --target native -o all.tnb && tenonc all.tn --emit=formula -o all.mlir");
  ASSERT_EQ(first.status, 0) << first.output;
  Answer second = call("tenonc all.mlir --target native -o back.tnb && tenonc all.mlir --emit=formula -o again.mlir");
  ASSERT_EQ(second.status, 0) << second.output;
  EXPECT_EQ(read("all.mlir"), read("again.mlir"));
  EXPECT_EQ(withoutSource(read("all.tnb")), withoutSource(read("back.tnb")));
  ASSERT_EQ(call("tenonc again.mlir --target native -o third.tnb").status, 0);
  EXPECT_EQ(read("back.tnb"), read("third.tnb"));
}

TEST_F(FormulaTest, MalformedOnesAreRefused) {
  write("op.tn", "op f(x: f32[n], k: size, a: f32) -> y: f32[n] { y[i] = x[i] * a + f32(k) }");
  ASSERT_EQ(call("tenonc op.tn --emit=formula -o op.mlir").status, 0);
  std::string good = read("op.mlir");
  struct Damage {
    const char *from, *to, *message;
  };
  const Damage all[] = {
      {"kind = \"bind\"", "kind = \"bound\"", "kind bind, expr or pack"},
      {"dtype = 11", "dtype = 77", "has no element type"},
      {"dtype = 11", "dtype = 10", "does not fit parameter x"},
      {"kind = \"size\", name = \"n\"", "kind = \"syze\", name = \"n\"", "symbols are {name, kind}"},
      {"params = [", "params = [1, ", "params are {name, kind"},
      {"types = []", "types = [1 : i32]", "1 types for 0 type variables"},
      {"result", "rezult", "it has no result"},
      {"arith.mulf", "arith.remf", "arith.remf is not supported in a body"},
      {"tenon.read", "tenon.reed", "tenon.reed"},
      {"tenon.yield", "tenon.return", "error"},
      {"value = 0 : i32", "value = 9 : i32", "names size 9 of tenon.dims"},
      {"tenon.operator @", "tenon.operator ", "error"},
  };
  for (const Damage &damage : all) {
    std::string bad = good;
    size_t at = bad.find(damage.from);
    ASSERT_NE(at, std::string::npos) << damage.from << "\n" << good;
    bad.replace(at, std::strlen(damage.from), damage.to);
    write("bad.mlir", bad);
    Answer answer = call("tenonc bad.mlir --target native -o bad.tnb");
    EXPECT_EQ(answer.status, 1) << damage.to << ": " << answer.output;
    EXPECT_NE(answer.output.find(damage.message), std::string::npos) << damage.to << ": " << answer.output;
    EXPECT_EQ(answer.output.find("bad.mlir:"), 0u) << answer.output;
  }
}

TEST_F(FormulaTest, DamagedTextNeverCrashes) {
  write(
      "op.tn",
      "op f(x: f32[n, m]) -> y: f32[n] { s = f32(m); y[i] = sum[j where j <= i](x[i, j] * (x[i, j + 1] else 0)) / s }");
  ASSERT_EQ(call("tenonc op.tn --emit=formula -o op.mlir").status, 0);
  std::string good = read("op.mlir");
  uint32_t state = 7;
  auto next = [&](size_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
  };
  for (int i = 0; i < 60; ++i) {
    // A line goes, or two words change places: what parses must be judged by more than the grammar.
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < good.size();) {
      size_t end = std::min(good.find('\n', begin), good.size());
      lines.push_back(good.substr(begin, end - begin));
      begin = end + 1;
    }
    size_t line = 2 + next(lines.size() - 3);
    if (i % 2)
      lines.erase(lines.begin() + line);
    else
      std::swap(lines[line], lines[2 + next(lines.size() - 3)]);
    std::string bad;
    for (const std::string &each : lines)
      bad += each + "\n";
    write("bad.mlir", bad);
    int status = call("tenonc bad.mlir --target native -o bad.tnb").status;
    EXPECT_TRUE(status == 0 || status == 1) << status << "\n" << bad;
  }
}

} // namespace
