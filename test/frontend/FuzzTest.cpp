// The language's examples, every combination of them, and what random damage to them may not do.
#include "Check.h"

#include <chrono>
#include <random>

using namespace tenon;
using namespace tenon::testing;

static const char examples[] = R"tn(
// y = x * g / rms(x), row by row.  Source: Zhang & Sennrich 2019, eq. 4.
op rmsnorm(x: T[...b, d], g: T[d], eps: f32 = 1e-6) -> y: T[...b, d]
  where T in {f32, f16, bf16}
{
  ms[...i]   = sum[j](f32(x[...i, j]) * f32(x[...i, j])) / f32(d)
  y[...i, j] = T(f32(x[...i, j]) * rsqrt(ms[...i] + eps) * f32(g[j]))
}
test rmsnorm(b in {[], [3], [2, 5]}, d: 1..8193) tol {f32: 1e-5, f16: 2e-3, bf16: 2e-2}

op matmul(a: T[m, k], b: T[k, n]) -> c: T[m, n] where T in {f32, f16, bf16, f64, i32} {
  c[i, j] = T(sum[p](acc(a[i, p]) * acc(b[p, j])))
}

op conv2d(x: T[n, ci, h, w], f: T[co, ci, kh, kw], stride: size = 1, pad: size = 0)
  -> y: T[n, co, (h + 2*pad - kh) / stride + 1, (w + 2*pad - kw) / stride + 1]
  where T in {f32, f16}, stride >= 1, h + 2*pad >= kh, w + 2*pad >= kw
{
  y[b, o, r, c] = T(sum[i, u, v](f32(x[b, i, r*stride + u - pad, c*stride + v - pad] else 0) * f32(f[o, i, u, v])))
}

op softmax(x: T[...b, n]) -> y: T[...b, n] where T in {f32, f16, bf16} {
  m[...i]    = max[j](f32(x[...i, j]))
  e[...i, j] = exp(f32(x[...i, j]) - m[...i])
  s[...i]    = sum[j](e[...i, j])
  y[...i, j] = T(e[...i, j] / s[...i])
}

op embedding(table: T[v, d], ids: i32[n]) -> y: T[n, d] where T in {f32, f16} {
  y[i, j] = table[ids[i], j] else 0
}
test embedding(v: 1..1000, n: 0..50, d: 1..64) with ids in -1..1001 tol exact

op cumsum(x: f32[n]) -> y: f32[n]                   { y[i] = sum[j where j <= i](x[j]) }          // a scan
op histogram(x: i32[n], bins: size) -> h: i32[bins] { h[b] = sum[i where x[i] == i32(b)](1) }    // a scatter-add
op causal(q: f32[s, d], k: f32[s, d], v: f32[s, d]) -> o: f32[s, d] {
  z[i, j] = sum[c](q[i, c] * k[j, c]) * rsqrt(f32(d))
  m[i]    = max[j where j <= i](z[i, j])
  e[i, j] = exp(z[i, j] - m[i])
  l[i]    = sum[j where j <= i](e[i, j])
  o[i, c] = sum[j where j <= i](e[i, j] * v[j, c]) / l[i]
}

fn sigmoid(v: f32) -> f32 = 1 / (1 + exp(-v))
op mlp(x: f32[n, i], w1: f32[i, h], w2: f32[h, o]) -> y: f32[n, o] {
  a       = matmul(x, w1)
  g[r, c] = a[r, c] * sigmoid(a[r, c])
  y       = matmul(g, w2)
}
)tn";

TEST(Examples, AllCombinationsInstantiate) {
  Checked checked(examples);
  EXPECT_EQ(checked.said(), "");
  size_t count = 0;
  for (const auto &op : checked.module->operators()) {
    auto all = combinations(*op);
    for (const auto &types : all) {
      auto instance = instantiate(*op, types, checked.diagnostics);
      ASSERT_NE(instance, nullptr) << op->name;
      EXPECT_EQ(instance->types, types);
      for (const Definition &definition : instance->definitions)
        EXPECT_EQ(definition.body->type, instance->tensors[definition.tensor].type);
      ++count;
    }
  }
  EXPECT_EQ(checked.module->operators().size(), 9u);
  EXPECT_EQ(count, 3u + 5 + 2 + 3 + 2 + 1 + 1 + 1 + 1);
  EXPECT_EQ(checked.module->tests().size(), 2u);
}

TEST(Examples, TypesFollowTheCombination) {
  Checked checked(examples, false);
  auto instance = instantiate(*checked.module->find("rmsnorm"), {DType::BF16}, checked.diagnostics);
  ASSERT_NE(instance, nullptr);
  EXPECT_NE(dump(*instance).find("define ms: f32[...b] [...i#0: ...b]\n    = (sum[j#1: 0..d]((f32(x[...i#0, j#1]) * "
                                 "f32(x[...i#0, j#1]))) / f32(d))"),
            std::string::npos)
      << dump(*instance);
  EXPECT_EQ(instance->params[2].text, "eps: f32");
  EXPECT_EQ(getBits(*instance->params[2].defaultValue), 0x358637bdu);
  EXPECT_EQ(instantiate(*checked.module->find("rmsnorm"), {DType::I32}, checked.diagnostics), nullptr);
}

/// Checks and prints; the result does not matter, that there is one does.
static double run(const std::string &text) {
  auto begin = std::chrono::steady_clock::now();
  Checked checked(text);
  if (!checked.diagnostics.hasErrors())
    for (const auto &op : checked.module->operators())
      for (const auto &instance : instantiateAll(*op, checked.diagnostics))
        dump(*instance);
  checked.diagnostics.print();
  checked.diagnostics.json();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(Fuzz, DamagedBytes) {
  std::mt19937 engine(1);
  std::string whole = examples;
  static const char alphabet[] = "()[]{}<>=+-*/%&|^~!?:;,. \n\"ijxyTn0129_eop";
  for (int round = 0; round < 300; ++round) {
    std::string text = whole;
    for (int edits = 1 + engine() % 4; edits > 0; --edits) {
      size_t at = engine() % text.size();
      switch (engine() % 5) {
      case 0:
        text[at] = static_cast<char>(engine());
        break;
      case 1:
        text.erase(at, 1 + engine() % 12);
        break;
      case 2:
        text.insert(at, 1, alphabet[engine() % (sizeof alphabet - 1)]);
        break;
      case 3:
        text[at] = alphabet[engine() % (sizeof alphabet - 1)];
        break;
      default:
        text.insert(at, text.substr(engine() % text.size(), engine() % 30));
      }
    }
    ASSERT_LT(run(text), 20.0) << text;
  }
}

TEST(Fuzz, SwappedTokens) {
  std::mt19937 engine(2);
  std::vector<std::string> words;
  std::string word;
  for (char c : std::string(examples)) {
    if (isalnum(c) || c == '_') {
      word += c;
      continue;
    }
    if (!word.empty())
      words.push_back(word);
    word.clear();
    words.push_back(std::string(1, c));
  }
  for (int round = 0; round < 200; ++round) {
    auto copy = words;
    for (int swaps = 1 + engine() % 3; swaps > 0; --swaps)
      copy[engine() % copy.size()] = words[engine() % words.size()];
    std::string text;
    for (const std::string &w : copy)
      text += w;
    ASSERT_LT(run(text), 20.0) << text;
  }
}

TEST(Fuzz, Truncated) {
  std::string whole = examples;
  for (size_t length = 0; length < whole.size(); length += 37)
    run(whole.substr(0, length));
}
