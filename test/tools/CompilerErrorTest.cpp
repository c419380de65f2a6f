//===- CompilerErrorTest.cpp - what tenonc says of bad input ----------------===//
//
// Owns tenonc's exit status and the form of its messages. The messages of the language itself, one by one, are
// test/frontend's.
//
//===------------------------------------------------------------------------===//
#include "Tool.h"

#include <filesystem>
#include <random>

using namespace tenon::test;

namespace {

constexpr const char *good = "op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] + 1 }\n";

std::string repeat(const std::string &text, int times) {
  std::string all;
  while (times-- > 0)
    all += text;
  return all;
}

/// An operator with this on the right.
std::string formula(const std::string &right) { return "op f(x: f32[n]) -> y: f32[n] { y[i] = " + right + " }\n"; }

class Compiler : public testing::Test {
protected:
  Answer compile(const std::string &path, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {path, "-o", output});
    return runTool("tenonc", more);
  }
  /// Of a text as bad.tn. Nothing is written.
  void expectError(const std::string &text, const std::vector<std::string> &parts) {
    expectAnswer(compile(folder.write("bad.tn", text)), 1, parts);
    EXPECT_FALSE(std::filesystem::exists(output));
  }
  Folder folder;
  std::string output = folder.path() + "/out.tnb";
};

} // namespace

TEST_F(Compiler, Fine) {
  expectAnswer(compile(folder.write("good.tn", good), {"--target=native"}), 0, {});
  EXPECT_TRUE(std::filesystem::exists(output));
}

TEST_F(Compiler, FilesThatCannotBeRead) {
  expectAnswer(compile(folder.path() + "/no.tn"), 1, {"cannot read " + folder.path() + "/no.tn: No such file"});
  expectAnswer(compile(folder.path()), 1, {"cannot read " + folder.path() + ": it is a directory"});
  expectAnswer(compile("/proc/self/mem"), 1, {"cannot read /proc/self/mem: Input/output error"});
  expectAnswer(compile("/dev/zero"), 1, {"cannot read /dev/zero: it has more than 4194304 bytes"});
  expectAnswer(compile(folder.write("empty.tn", "")), 1, {"empty.tn: no operator is defined here"});
  std::string secret = folder.write("secret.tn", good);
  std::filesystem::permissions(secret, std::filesystem::perms::none);
  if (geteuid() != 0) // permissions do not hold for root
    expectAnswer(compile(secret), 1, {"cannot read " + secret + ": Permission denied"});
}

TEST_F(Compiler, BytesThatAreNoText) {
  expectError("op f(x: f32[n]) -> y: f32[n] {\n  y[i] = x[i] + \xff\n}\n",
              {"bad.tn:2:17: error: byte 0xff is not UTF-8\n  y[i] = x[i] + ?\n                ^\n"});
  expectError(std::string("op f\0", 5), {"bad.tn:1:5: error: the file has a NUL byte"});
  expectError("op f(x: f32[n]) -> y: f32[n] { y[i] = x[\u00ef] }\n", {"bad.tn:1:41: error: "});
  std::mt19937 random(3);
  std::string bytes(1 << 20, 0);
  for (char &byte : bytes)
    byte = static_cast<char>(random());
  expectError(bytes, {"bad.tn:1:", ": error: "});
}

TEST_F(Compiler, SyntaxAndTypes) {
  expectError("op f(x: f32[n]) -> y: f32[n] {\n  y[i] = x[i\n}\n", {"bad.tn:3:1: error: expected", "\n}\n^\n"});
  expectError("op f(x: f32[n], h: f16[n]) -> y: f32[n] {\n  y[i] = x[i] + h[i]\n}\n",
              {"bad.tn:2:17: error: the operands of '+' are f32 and f16: write f32(h[i])\n"
               "  y[i] = x[i] + h[i]\n                ^\n"});
  expectError("op f(x: f32[b, d], g: f32[n]) -> y: f32[b, d] {\n  y[i, j] = x[i, j] * g[j]\n}\n",
              {"bad.tn:2:25: error: index j runs over d (dimension 1 of y) and over n (dimension 0 of g)",
               "bad.tn:2:8: note: j runs over d here"});
  expectError(formula("foo") + "op g(x: f32[n]) -> y: f32[n] { y[i] = bar }\n",
              {"bad.tn:1:39: error: unknown name foo", "bad.tn:2:39: error: unknown name bar"});
}

TEST_F(Compiler, HugeLiterals) {
  std::string nines(100000, '9');
  expectError(formula("x[i] + " + nines), {"bad.tn:1:46: error: the literal 999", "... does not fit f32"});
  expectError(formula("x[i] + 1e" + nines), {"bad.tn:1:46: error: the literal 1e999", "... does not fit f32"});
  expectError(formula("x[i] + 0.5e999"), {"error: the literal 0.5e999 does not fit f32"});
  expectError(formula("x[i] + 1e-" + nines), {"error: the literal 1e-999", "too small for f32: it would be 0"});
  expectError(formula("x[i] + f32(i32(" + nines + "))"), {"does not fit i32 (-2147483648 to 2147483647)"});
  expectError("op f(x: f32[" + nines + "]) -> y: f32[1] { y[i] = 0 }\n", {"bad.tn:1:13: error: "});
}

TEST_F(Compiler, DeepNestingAndLongFormulas) {
  const std::string deep = "error: the expression is nested more than 200 levels deep";
  expectError(formula(repeat("(", 100000) + "x[i]" + repeat(")", 100000)), {deep});
  expectError(formula(repeat("-", 100000) + "x[i]"), {deep});
  expectError(formula(repeat("!", 100000) + "x[i]"), {deep});
  expectError(formula(repeat("x[i] > 0 ? ", 50000) + "x[i]" + repeat(" : 1", 50000)), {deep});
  expectError(formula(repeat("x[i] else ", 50000) + "0"), {deep});
  expectError(formula(repeat("exp(", 50000) + "x[i]" + repeat(")", 50000)), {deep});
  expectError(formula(repeat("sum[j](", 50000) + "x[i]" + repeat(")", 50000)), {"error: "});
  expectError(formula(repeat("x[i] + ", 200000) + "x[i]"), {"error: "});
  expectError(formula(repeat("(", 100000)), {deep});
  expectError(repeat("op f(", 10000), {"bad.tn:1:6: error: "});
  std::string many = "op f(x: f32[n]) -> y: f32[n] {\n";
  for (int i = 0; i < 5000; ++i)
    many += "  t" + std::to_string(i) + "[i] = x[i] * 2\n";
  expectError(many + "  y[i] = x[i]\n}\n", {"error: more than 2048 definitions"});
  std::string parameters = "op f(";
  for (int i = 0; i < 5000; ++i)
    parameters += "a" + std::to_string(i) + ": f32[n], ";
  Answer answer = compile(folder.write("many.tn", parameters + "x: f32[n]) -> y: f32[n] { y[i] = x[i] }\n"));
  EXPECT_TRUE(answer.status == 0 || answer.status == 1) << answer.status << answer.output.substr(0, 2000);
}

TEST_F(Compiler, SizesBeyond64Bits) {
  expectError("op f(x: f32[99999999999999999999]) -> y: f32[1] { y[i] = 0 }\n", {"bad.tn:1:13: error: "});
  // What overflows only for some sizes is a launch's matter.
  Answer answer = compile(folder.write("large.tn", "op f(x: f32[n]) -> y: f32[9223372036854775807 + n] { y[i] = 0 }\n"),
                          {"--target=native"});
  ASSERT_EQ(answer.status, 0) << answer.output;
  expectAnswer(runTool("tenon-run", {output, "--device=host", "--shape", "n=4"}), 1, {"f: ", "y"});
}

TEST_F(Compiler, WrongUsage) {
  std::string file = folder.write("good.tn", good);
  expectAnswer(runTool("tenonc", {}), 2, {"input is required"});
  expectAnswer(runTool("tenonc", {file, "--no-such-option"}), 2, {"--no-such-option"});
  expectAnswer(runTool("tenonc", {file, file}), 2, {});
  expectAnswer(compile(file, {"--emit=nothing"}), 2, {"--emit", "nothing"});
  expectAnswer(compile(file, {"--target=nope"}), 2,
               {"tenonc: error: unknown target or profile nope; there are native, host"});
  expectAnswer(compile(file, {"--types=f33"}), 2, {"tenonc: error: --types: unknown type f33"});
  expectAnswer(compile(file, {"--types=T="}), 2, {"tenonc: error: --types: unknown type T="});
  expectAnswer(compile(file, {"-j0"}), 2, {"--threads: Value 0 not in range 1 to 256"});
  expectAnswer(compile(file, {"-j", "many"}), 2, {"many"});
  EXPECT_FALSE(std::filesystem::exists(output));
}

TEST_F(Compiler, TypesThatNoInstanceHas) {
  std::string file = folder.write("t.tn", "op f(x: T[n]) -> y: T[n] where T in {f32, f16} { y[i] = x[i] }\n");
  expectAnswer(compile(file, {"--types=i8"}), 1, {"t.tn: --types leaves no instance of any operator"});
}

TEST_F(Compiler, OutputsThatCannotBeWritten) {
  std::string file = folder.write("good.tn", good);
  auto to = [&](const std::string &path) { return runTool("tenonc", {file, "--target=native", "-o", path}); };
  expectAnswer(to(folder.path() + "/no/out.tnb"), 1,
               {"tenonc: error: cannot write " + folder.path() + "/no/out.tnb: No such file or directory"});
  expectAnswer(to(folder.path()), 1, {"cannot write " + folder.path() + ": Is a directory"});
  expectAnswer(to("/proc/out.tnb"), 1, {"cannot write /proc/out.tnb: "});
  expectAnswer(to("/dev/full"), 1, {"cannot write /dev/full: No space left on device"});
  expectAnswer(runTool("tenonc", {file, "--emit=formula", "-o", folder.path() + "/no/x"}), 1, {"cannot write "});
  std::string locked = folder.path() + "/locked";
  std::filesystem::create_directory(locked);
  std::filesystem::permissions(locked, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  if (geteuid() != 0) // permissions do not hold for root
    expectAnswer(to(locked + "/out.tnb"), 1, {"cannot write " + locked + "/out.tnb: Permission denied"});
  expectAnswer(runTool("tenonc", {file, "--target=native", "-o", output, "--MF", folder.path() + "/no/d"}), 1,
               {"cannot write " + folder.path() + "/no/d: No such file or directory"});
  // Nothing is left behind.
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder.path()))
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
}

TEST_F(Compiler, Imports) {
  expectError("import \"no.tn\"\n" + std::string(good), {"bad.tn:1:1: error: cannot find no.tn: neither beside this file"});
  expectError("import \"bad.tn\"\n" + std::string(good), {"bad.tn:1:", "import one another"});
  std::filesystem::create_directory(folder.path() + "/dir.tn");
  expectError("import \"dir.tn\"\n" + std::string(good), {"bad.tn:1:1: error: cannot read dir.tn: it is a directory"});
  folder.write("wrong.tn", "op f(\n");
  expectError("import \"wrong.tn\"\n", {"wrong.tn:2:1: error: "});
}
