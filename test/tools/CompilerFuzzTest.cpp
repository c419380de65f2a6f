//===- CompilerFuzzTest.cpp - tenonc on damaged and on varied programs ------===//
//
// Owns random changes of tokens in the language's examples, compiled to the end: whatever they make of it, tenonc ends
// with 0 or with 1 and a message, never with 70, a signal or not at all. And programs of every kind, which compile for
// every target.
//
//===------------------------------------------------------------------------===//
#include "Tool.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <random>

using namespace tenon::test;

namespace {

struct Example {
  const char *name, *text;
};

const Example examples[] = {
    {"rmsnorm", R"(op rmsnorm(x: T[...b, d], g: T[d], eps: f32 = 1e-6) -> y: T[...b, d]
  where T in {f32, f16}
{
  ms[...i]   = sum[j](f32(x[...i, j]) * f32(x[...i, j])) / f32(d)
  y[...i, j] = T(f32(x[...i, j]) * rsqrt(ms[...i] + eps) * f32(g[j]))
}
test rmsnorm(b in {[], [3], [2, 5]}, d: 1..8193) tol {f32: 1e-5, f16: 2e-3}
)"},
    {"matmul", R"(op matmul(a: T[m, k], b: T[k, n]) -> c: T[m, n] where T in {f32, i32, bf16} {
  c[i, j] = T(sum[p](acc(a[i, p]) * acc(b[p, j])))
}
)"},
    {"conv2d", R"(op conv2d(x: T[n, ci, h, w], f: T[co, ci, kh, kw], stride: size = 1, pad: size = 0)
  -> y: T[n, co, (h + 2*pad - kh) / stride + 1, (w + 2*pad - kw) / stride + 1]
  where T in {f32}, stride >= 1, h + 2*pad >= kh, w + 2*pad >= kw
{
  y[b, o, r, c] = T(sum[i, u, v](f32(x[b, i, r*stride + u - pad, c*stride + v - pad] else 0) * f32(f[o, i, u, v])))
}
)"},
    {"softmax", R"(op softmax(x: T[...b, n]) -> y: T[...b, n] where T in {f32, bf16} {
  m[...i]    = max[j](f32(x[...i, j]))
  e[...i, j] = exp(f32(x[...i, j]) - m[...i])
  s[...i]    = sum[j](e[...i, j])
  y[...i, j] = T(e[...i, j] / s[...i])
}
)"},
    {"embedding", R"(op embedding(table: T[v, d], ids: i32[n]) -> y: T[n, d] where T in {f32, f16} {
  y[i, j] = table[ids[i], j] else 0
}
test embedding(v: 1..1000, n: 0..50, d: 1..64) with ids in -1..1001 tol exact
)"},
    {"scans", R"(op cumsum(x: f32[n]) -> y: f32[n]                   { y[i] = sum[j where j <= i](x[j]) }
op histogram(x: i32[n], bins: size) -> h: i32[bins] { h[b] = sum[i where x[i] == i32(b)](1) }
)"},
    {"causal", R"(op causal(q: f32[s, d], k: f32[s, d], v: f32[s, d]) -> o: f32[s, d] {
  z[i, j] = sum[c](q[i, c] * k[j, c]) * rsqrt(f32(d))
  m[i]    = max[j where j <= i](z[i, j])
  e[i, j] = exp(z[i, j] - m[i])
  l[i]    = sum[j where j <= i](e[i, j])
  o[i, c] = sum[j where j <= i](e[i, j] * v[j, c]) / l[i]
}
)"},
    {"mlp", R"(op matmul(a: f32[m, k], b: f32[k, n]) -> c: f32[m, n] { c[i, j] = sum[p](a[i, p] * b[p, j]) }
fn sigmoid(v: f32) -> f32 = 1 / (1 + exp(-v))
op mlp(x: f32[n, i], w1: f32[i, h], w2: f32[h, o]) -> y: f32[n, o] {
  a       = matmul(x, w1)
  g[r, c] = a[r, c] * sigmoid(a[r, c])
  y       = matmul(g, w2)
}
)"},
};

using Words = std::vector<std::string>;

/// Words that can stand for one another and often still mean something.
const Words classes[] = {
    {"bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "bf16", "f32", "f64", "size", "T", "acc"},
    {"sum", "prod", "max", "min", "any", "all", "argmax", "argmin"},
    {"exp", "exp2", "expm1", "log", "log1p", "sqrt", "rsqrt", "cbrt", "sin", "tan", "tanh", "erf", "floor", "round",
     "abs", "sign", "popcount", "clz", "isnan"},
    {"*", "/", "%", "+", "-", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "&", "^", "|", "&&", "||"},
    {"0", "1", "2", "3", "7", "1.5", "1e-6", "0x2a", "inf", "nan", "true", "255", "65536", "2147483648",
     "9223372036854775807"}};

const Words *classOf(const std::string &word) {
  if (std::isdigit(static_cast<unsigned char>(word[0])))
    return &classes[4];
  for (const Words &one : classes)
    if (std::find(one.begin(), one.end(), word) != one.end())
      return &one;
  return nullptr;
}

/// Tokens and the white space between them.
Words split(const std::string &text) {
  Words words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    auto is = [&](size_t at, auto test) { return at < text.size() && test(static_cast<unsigned char>(text[at])); };
    auto isName = [](int c) { return std::isalnum(c) || c == '_'; };
    if (is(i, [](int c) { return std::isdigit(c); })) {
      // A number: a point in it has digits on both sides.
      while (is(end, isName) || (is(end, [](int c) { return c == '.' || c == '-'; }) &&
                                 is(end + 1, [](int c) { return std::isdigit(c); }) &&
                                 (text[end] == '.' ? text[end - 1] != '.' : text[end - 1] == 'e')))
        ++end;
    } else if (isName(static_cast<unsigned char>(text[i]))) {
      while (is(end, isName))
        ++end;
    } else {
      for (const char *sign : {"...", "..", "->", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||"})
        if (text.compare(i, std::char_traits<char>::length(sign), sign) == 0) {
          end = i + std::char_traits<char>::length(sign);
          break;
        }
    }
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

std::string mutate(const std::string &text, std::mt19937 &random) {
  Words words = split(text), names;
  auto pick = [&](const Words &from) { return from[random() % from.size()]; };
  for (const std::string &word : words)
    if (std::isalpha(static_cast<unsigned char>(word[0])))
      names.push_back(word);
  for (unsigned changes = 1 + random() % 2; changes > 0; --changes) {
    // Mostly words that have others like them, so that a good part still compiles.
    const bool gentle = random() % 4 != 0;
    std::vector<size_t> places;
    for (size_t i = 0; i < words.size(); ++i)
      if (!words[i].empty() && !std::isspace(static_cast<unsigned char>(words[i][0])) && (!gentle || classOf(words[i])))
        places.push_back(i);
    if (places.empty())
      break;
    std::string &word = words[places[random() % places.size()]];
    if (gentle) {
      word = pick(*classOf(word));
      continue;
    }
    switch (random() % 5) {
    case 0:
      word.clear();
      break;
    case 1:
      word += " " + word;
      break;
    case 2:
      word = pick(names);
      break;
    case 3:
      word = pick(classes[random() % 5]);
      break;
    default:
      word = words[places[random() % places.size()]];
    }
  }
  std::string result;
  for (const std::string &word : words)
    result += word;
  return result;
}

class CompilerFuzz : public testing::TestWithParam<Example> {};

std::string nameOf(const testing::TestParamInfo<Example> &info) { return info.param.name; }

class CompilerPrograms : public testing::TestWithParam<const char *> {};

} // namespace

// 8 x 40 programs; a slow machine tries fewer of them, but never too few.
TEST_P(CompilerFuzz, EndsWithAnAnswer) {
  Folder folder;
  std::mt19937 random(static_cast<unsigned>(std::string(GetParam().name).size() * 977 + 5));
  const auto begin = std::chrono::steady_clock::now();
  int compiled = 0;
  for (int round = 0; round < 40; ++round) {
    if (round >= 10 && std::chrono::steady_clock::now() - begin > std::chrono::seconds(60))
      break;
    const std::string text = mutate(GetParam().text, random);
    const std::string file = folder.write("mutant.tn", text);
    Answer answer = runTool("tenonc", {file, "--target=native", "-j1", "-o", folder.path() + "/out.tnb"});
    ASSERT_TRUE(answer.status == 0 || answer.status == 1) << "status " << answer.status << " of\n"
                                                          << text << "\n"
                                                          << answer.output;
    if (answer.status == 1) {
      EXPECT_NE(answer.output.find("mutant.tn:"), std::string::npos) << text << "\n" << answer.output;
      EXPECT_NE(answer.output.find("error: "), std::string::npos) << text << "\n" << answer.output;
    }
    compiled += answer.status == 0;
  }
  // Both ends of the compiler must be reached.
  EXPECT_GT(compiled, 0);
}

INSTANTIATE_TEST_SUITE_P(Examples, CompilerFuzz, testing::ValuesIn(examples), nameOf);

TEST_P(CompilerPrograms, CompileForTheTarget) {
  Folder folder;
  expectAnswer(runTool("tenonc",
                       {TENON_TEST_PROGRAMS, "-j2", std::string("--target=") + GetParam(), "-o",
                        folder.path() + "/programs.tnb"},
                       {}, 600),
               0, {});
}

INSTANTIATE_TEST_SUITE_P(Targets, CompilerPrograms, testing::Values("host", "opencl", "spirv-opencl", "spirv-vulkan"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });
