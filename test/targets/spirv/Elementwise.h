//===- Elementwise.h - many operations in one generated kernel -----------------------===//
//
// Owns the text of a kernel that applies a list of operations to two inputs, scalar or in vectors, and the comparison
// with values computed here. Operation k writes the k-th run of `n` elements of the output.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Harness.h"

namespace tenon::test {

/// `body` computes %r# from %a and %b; # makes names unique. $T, $R and $B are the types of operands, of the result and
/// of booleans, $i32 and the like an element type in the same shape.
template <typename T, typename R> struct Case {
  std::string name, body;
  std::function<R(T, T)> want;
  double ulps = 0;
};

inline std::string shaped(const std::string &type, unsigned lanes) {
  return lanes == 1 ? type : "vector<" + std::to_string(lanes) + "x" + type + ">";
}

inline std::string expand(std::string text, const std::string &type, const std::string &result, unsigned lanes,
                          size_t number) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#') {
      out += "_" + std::to_string(number);
    } else if (text[i] != '$') {
      out += text[i];
    } else if (text[i + 1] == 'T' || text[i + 1] == 'R' || text[i + 1] == 'B') {
      char what = text[++i];
      out += shaped(what == 'T' ? type : what == 'R' ? result : "i1", lanes);
    } else {
      size_t end = i + 1;
      while (end < text.size() && isalnum(text[end]))
        ++end;
      out += shaped(text.substr(i + 1, end - i - 1), lanes);
      i = end - 1;
    }
  }
  return out;
}

inline std::string elementwiseKernel(const std::string &type, const std::string &result, unsigned lanes,
                                     const std::vector<std::string> &bodies) {
  std::string text =
      "func.func @k(%A: memref<?x" + type + ">, %B: memref<?x" + type + ">, %O: memref<?x" + result +
      ">, %n: index) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = array<i64: 1, 1, 2>} {\n"
      "  %g = gpu.block_id x\n  %L = arith.constant " +
      std::to_string(lanes) + " : index\n  %i = arith.muli %g, %L : index\n";
  auto load = [&](const char *value, const char *from) {
    return std::string("  ") + value + (lanes == 1 ? " = memref.load " : " = vector.load ") + from +
           "[%i] : memref<?x" + type + ">" + (lanes == 1 ? "" : ", " + shaped(type, lanes)) + "\n";
  };
  text += load("%a", "%A") + load("%b", "%B");
  for (size_t k = 0; k < bodies.size(); ++k) {
    std::string number = std::to_string(k);
    text += expand("  " + bodies[k] + "\n  %kk# = arith.constant " + number +
                       " : index\n  %mm# = arith.muli %kk#, %n : index\n  %pp# = arith.addi %mm#, %i : index\n  ",
                   type, result, lanes, k);
    text += (lanes == 1 ? "memref.store %r_" : "vector.store %r_") + number + ", %O[%pp_" + number + "] : memref<?x" +
            result + ">" + (lanes == 1 ? "" : ", " + shaped(result, lanes)) + "\n";
  }
  return text + "  return\n}\n";
}

class ElementwiseTest : public SpirvTest {
protected:
  /// Runs the cases over the given inputs, whose count is a multiple of 16, as scalars and in vectors that are one
  /// piece and several. A few operations a kernel, and no wider than that needs: drivers' compilers are slow on long
  /// blocks.
  template <typename T, typename R>
  void check(const std::string &type, const std::string &result, const std::vector<T> &a, const std::vector<T> &b,
             const std::vector<Case<T, R>> &cases) {
    ASSERT_EQ(a.size() % 16, 0u);
    for (unsigned lanes :
         GetParam() == Where::OpenCL ? std::vector<unsigned>{1, 4, 16} : std::vector<unsigned>{1, 2, 8})
      for (size_t first = 0; first < cases.size(); first += 4) {
        size_t end = std::min(first + 4, cases.size());
        checkSome<T, R>(type, result, lanes, a, b, {cases.begin() + first, cases.begin() + end});
        if (HasFailure())
          return;
      }
  }

private:
  template <typename T, typename R>
  void checkSome(const std::string &type, const std::string &result, unsigned lanes, const std::vector<T> &a,
                 const std::vector<T> &b, const std::vector<Case<T, R>> &cases) {
    SCOPED_TRACE(type + " x " + std::to_string(lanes));
    std::vector<std::string> bodies;
    for (const Case<T, R> &one : cases)
      bodies.push_back(one.body);
    std::vector<Arg> args = {Arg::buffer(a), Arg::buffer(b), Arg::buffer(std::vector<R>(a.size() * cases.size())),
                             Arg::index(a.size())};
    everywhere(elementwiseKernel(type, result, lanes, bodies), {uint32_t(a.size() / lanes), 1, 1}, args,
               [&](const std::vector<Arg> &results) {
                 std::vector<R> got = results[2].as<R>();
                 for (size_t k = 0; k < cases.size(); ++k) {
                   std::vector<R> part(got.begin() + k * a.size(), got.begin() + (k + 1) * a.size()), want;
                   for (size_t i = 0; i < a.size(); ++i)
                     want.push_back(cases[k].want(a[i], b[i]));
                   auto describe = [&](size_t i) {
                     std::ostringstream text;
                     text << "of " << cases[k].name << "(" << +a[i] << ", " << +b[i] << ")";
                     return text.str();
                   };
                   expectEqual<R>(part, want, describe, cases[k].ulps);
                 }
               });
  }
};

/// Pairs of every value with every other, padded to a multiple of 16.
template <typename T>
std::pair<std::vector<T>, std::vector<T>> allPairs(const std::vector<T> &x, const std::vector<T> &y) {
  std::vector<T> a, b;
  for (T v : x)
    for (T w : y) {
      a.push_back(v);
      b.push_back(w);
    }
  while (a.size() % 16) {
    a.push_back(a[0]);
    b.push_back(b[0]);
  }
  return {a, b};
}

} // namespace tenon::test
