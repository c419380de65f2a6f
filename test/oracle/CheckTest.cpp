//===- CheckTest.cpp - tenon-check finds what is wrong ----------------------===//
//
// Owns running the program: on operators that are right, and with packages of formulas that are not the file's.
//
//===------------------------------------------------------------------------===//
#include "process/Process.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace tenon;
using Json = nlohmann::json;

namespace {
struct Answer {
  int status = 0;
  std::string out;
  Json json() const { return Json::parse(out, nullptr, false); }
};

std::string program(const char *name) { return std::string(TENON_TOOLS_DIR) + "/" + name; }

/// A .tn file that exists while the object does.
struct Source {
  explicit Source(const std::string &text) : file(".tn") { EXPECT_TRUE(file.write(text.data(), text.size())); }
  const std::string &path() const { return file.path(); }
  process::TemporaryFile file;
};

Answer check(const std::string &path, std::vector<std::string> options) {
  options.insert(options.begin(), {program("tenon-check"), path});
  Answer answer;
  std::string error;
  answer.status = process::run(options, &answer.out, error);
  return answer;
}

/// The rows that a worker gives when the package holds another formula than the file.
Answer checkAgainst(const std::string &right, const std::string &wrong) {
  Source source(right), other(wrong);
  process::TemporaryFile package(".tnb");
  std::string error, ignored;
  EXPECT_EQ(
      process::run({program("tenonc"), other.path(), "-o", package.path(), "--target", "native"}, &ignored, error), 0);
  return check(source.path(), {"--worker", package.path(), "--worker-range", "0", "1"});
}
} // namespace

TEST(Check, RightOperatorsPass) {
  Source source("op f(x: T[m, n]) -> (y: T[n, m], s: f32[m]) where T in {f32, f16} {\n"
                "  y[j, i] = x[i, j]\n  s[i] = sum[j](f32(x[i, j]))\n}\n"
                "test f(m: 0..70, n: 1..130) tol {f32: 1e-4}\n");
  Answer answer = check(source.path(), {"--json", "--cases=6", "--seed=3"});
  EXPECT_EQ(answer.status, 0) << answer.out;
  Json json = answer.json();
  ASSERT_TRUE(json.is_object()) << answer.out;
  EXPECT_EQ(json["passed"], 2);
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(json["seed"], 3);
  EXPECT_EQ(json["rows"][0]["cases"], 6);
  EXPECT_EQ(json["rows"][0]["device"], "host");
  EXPECT_NE(json["rows"][0]["launches"], "");
}

TEST(Check, FailureSaysAllThatHelps) {
  // No device sums in f32 without any error: a tolerance that nothing can hold.
  Source source("op f(x: f32[m, n]) -> y: f32[m] {\n  s[i] = sum[j](x[i, j] * x[i, j])\n  y[i] = exp(s[i] * 0.01)\n}\n"
                "test f(m: 1..20, n: 30..200) tol exact\n");
  Answer answer = check(source.path(), {"--json"});
  EXPECT_EQ(answer.status, 1);
  Json row = answer.json()["rows"][0];
  EXPECT_EQ(row["status"], "failed");
  Json failure = row["failure"];
  EXPECT_NE(failure["element"].get<std::string>().find("y[i = "), std::string::npos) << failure;
  EXPECT_NE(failure["definition"].get<std::string>().find("y (line 3"), std::string::npos) << failure;
  // Made small: one row, few columns.
  EXPECT_EQ(failure["sizes"].get<std::string>().rfind("m=1,", 0), 0u) << failure;
  std::string command = failure["command"];
  EXPECT_NE(command.find("--shape 'm=1,"), std::string::npos);
  // The command repeats it.
  size_t shape = command.find("--shape '"), seed = command.find("--seed=");
  Answer again = check(source.path(), {"--json", "--shape", command.substr(shape + 9, command.size() - shape - 10),
                                       command.substr(seed, command.find(' ', seed) - seed)});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.json()["rows"][0]["failure"]["element"], failure["element"]);
}

TEST(Check, FindsPackagesOfOtherFormulas) {
  auto op = [](const std::string &body, const std::string &rest = "") {
    return "op f(x: f32[m, n], g: f32[n]) -> y: f32[m, n] {\n" + body + "\n}\ntest f(m: 1..40, n: 1..70) tol 1e-4\n" +
           rest;
  };
  struct Pair {
    std::string right, wrong;
  } pairs[] = {
      {"y[i, j] = x[i, j] * g[j]", "y[i, j] = x[i, j] * g[n - 1 - j]"},
      {"y[i, j] = x[i, j] * g[j]", "y[i, j] = j + 1 < n || n % 8 != 1 ? x[i, j] * g[j] : 0"}, // A tail.
      {"y[i, j] = x[i, j] + sum[k](g[k])", "y[i, j] = x[i, j] + sum[k where k < 64](g[k])"},  // A tile.
      {"y[i, j] = x[i, j] + sum[k](g[k])", "y[i, j] = x[i, j] + f32(f16(sum[k](g[k])))"},     // An accumulator.
      {"y[i, j] = max(x[i, j], g[j])", "y[i, j] = x[i, j] >= 0 ? max(x[i, j], g[j]) : g[j]"},
      {"y[i, j] = floor(x[i, j])", "y[i, j] = trunc(x[i, j])"},
      {"y[i, j] = round(x[i, j] * 2)", "y[i, j] = floor(x[i, j] * 2 + 0.5) + (x[i, j] > 3 ? 1 : 0)"},
      {"y[i, j] = f32(i * n + j)", "y[i, j] = f32(i * m + j)"},
      {"y[i, j] = f32(argmax[k](x[i, k])) + g[j]", "y[i, j] = f32(argmin[k](x[i, k])) + g[j]"},
      {"y[i, j] = x[i, j] / (1 + exp(-g[j]))", "y[i, j] = x[i, j] / (1 + exp(g[j]))"},
  };
  for (const Pair &pair : pairs) {
    Answer same = checkAgainst(op(pair.right), op(pair.right));
    EXPECT_NE(same.out.find("\"status\":\"passed\""), std::string::npos) << pair.right << "\n" << same.out;
    Answer other = checkAgainst(op(pair.right), op(pair.wrong));
    EXPECT_NE(other.out.find("\"status\":\"failed\""), std::string::npos) << pair.wrong << "\n" << other.out;
  }
}

TEST(Check, FaultsAreExpectedWhereTheFormulaStops) {
  std::string right = "op f(t: f32[v], ids: i32[n]) -> y: f32[n] { y[i] = t[ids[i]] else error }\n"
                      "test f(v: 1..20, n: 1..20) with ids in -1..12 tol exact\n";
  std::string wrong = right;
  wrong.replace(wrong.find("else error"), 10, "else 0");
  EXPECT_NE(checkAgainst(right, right).out.find("\"status\":\"passed\""), std::string::npos);
  Answer silent = checkAgainst(right, wrong);
  EXPECT_NE(silent.out.find("reports nothing"), std::string::npos) << silent.out;
}

TEST(Check, WrongInputIsSaid) {
  Source source("op f(x: f32[n]) -> y: f32[n] { y[i] = x[k] }\n");
  EXPECT_EQ(check(source.path(), {}).status, 1);
  Source good("op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\ntest f(n: 1..4) tol exact\n");
  EXPECT_EQ(check(good.path(), {"--op=g"}).status, 1);
  EXPECT_EQ(check(good.path(), {"--device=nothing"}).status, 1);
  EXPECT_EQ(check(good.path(), {"--test=2"}).status, 2);
  EXPECT_EQ(check(good.path(), {"--cases=0"}).status, 2);
  EXPECT_EQ(check(good.path(), {"--shape", "n="}).status, 2);
  EXPECT_EQ(check(good.path(), {"--shape", "m=3"}).status, 1);
  EXPECT_EQ(check(good.path() + ".missing", {}).status, 1);
  EXPECT_EQ(check(good.path(), {"--shape", "n=3"}).status, 0);
}
