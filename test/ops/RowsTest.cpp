//===- RowsTest.cpp - softmax, norms and reductions -------------------------===//
#include "Run.h"

namespace tenon::ops {
namespace {

const std::vector<Type> types = {Type::F32, Type::F16, Type::BF16};
const std::vector<Shape> rows = {{3, 7}, {2, 5, 131}};

/// Row by row along the last dimension.
Tensor mapRows(const Tensor &x, const std::function<void(std::vector<double> &)> &f) {
  Tensor y = x;
  auto d = static_cast<size_t>(x.shape.back());
  for (size_t at = 0; at + d <= y.values.size(); at += d) {
    std::vector<double> row(y.values.begin() + long(at), y.values.begin() + long(at + d));
    f(row);
    std::copy(row.begin(), row.end(), y.values.begin() + long(at));
  }
  return y;
}

double logSumExp(const std::vector<double> &row) {
  double high = -INFINITY, sum = 0;
  for (double v : row)
    high = std::fmax(high, v);
  if (std::isinf(high))
    return high;
  for (double v : row)
    sum += std::exp(v - high);
  return std::log(sum) + high;
}

TEST_P(Operators, Softmax) {
  for (Type t : types)
    for (const Shape &shape : rows) {
      Tensor x = random(t, shape, 1, -20, 20);
      Tensor logs = mapRows(x, [](std::vector<double> &row) {
        double all = logSumExp(row);
        for (double &v : row)
          v -= all;
      });
      Tensor y = logs;
      for (double &v : y.values)
        v = std::exp(v);
      check("softmax", "softmax", {x}, {y});
      check("log_softmax", "log_softmax", {x}, {logs});
    }
}

TEST_P(Operators, Logsumexp) {
  for (Type t : types)
    for (const Shape &shape : rows) {
      Tensor x = random(t, shape, 1, -20, 20);
      int64_t d = shape.back();
      for (int64_t i = 0; i < d; ++i)
        x.values[static_cast<size_t>(i)] = -INFINITY;
      x.values[static_cast<size_t>(d + 2)] = INFINITY;
      Tensor y(t, Shape(shape.begin(), shape.end() - 1));
      for (size_t r = 0; r < y.values.size(); ++r)
        y.values[r] = logSumExp({x.values.begin() + long(r) * d, x.values.begin() + long(r + 1) * d});
      check("logsumexp", "logsumexp", {x}, {y});
    }
  Tensor empty(Type::F32, {3, 0});
  check("logsumexp", "logsumexp", {empty}, {Tensor(Type::F32, {3}, [](const Index &) { return -INFINITY; })});
}

void normalize(std::vector<double> &row, double eps) {
  double mean = 0, var = 0;
  for (double v : row)
    mean += v / double(row.size());
  for (double v : row)
    var += (v - mean) * (v - mean) / double(row.size());
  for (double &v : row)
    v = (v - mean) / std::sqrt(var + eps);
}

TEST_P(Operators, Layernorm) {
  for (Type t : types)
    for (const Shape &shape : rows) {
      Tensor x = random(t, shape, 1), gamma = random(t, {shape.back()}, 2), beta = random(t, {shape.back()}, 3);
      Tensor y = mapRows(x, [&](std::vector<double> &row) {
        normalize(row, 1e-5);
        for (size_t j = 0; j < row.size(); ++j)
          row[j] = row[j] * gamma.values[j] + beta.values[j];
      });
      check("layernorm", "layernorm", {x, gamma, beta, Default{}}, {y});
    }
}

TEST_P(Operators, Rmsnorm) {
  for (Type t : types)
    for (const Shape &shape : rows) {
      Tensor x = random(t, shape, 1), g = random(t, {shape.back()}, 2);
      Tensor y = mapRows(x, [&](std::vector<double> &row) {
        double ms = 0;
        for (double v : row)
          ms += v * v / double(row.size());
        for (size_t j = 0; j < row.size(); ++j)
          row[j] *= g.values[j] / std::sqrt(ms + 1e-3);
      });
      check("rmsnorm", "rmsnorm", {x, g, Scalar{Type::F32, 1e-3}}, {y});
    }
}

TEST_P(Operators, Groupnorm) {
  for (Type t : types)
    for (auto [n, c, groups, h, w] : {std::tuple{1, 4, 2, 3, 3}, {2, 12, 4, 5, 7}}) {
      Tensor x = random(t, {n, c, h, w}, 1), gamma = random(t, {c}, 2), beta = random(t, {c}, 3);
      Tensor y = mapRows(x.as({n, groups, c / groups * h * w}), [](std::vector<double> &row) {
                   normalize(row, 1e-5);
                 }).as(x.shape);
      Tensor want(t, x.shape, [&](const Index &i) { return y.element(i) * gamma(i[1]) + beta(i[1]); });
      check("groupnorm", "groupnorm", {x, gamma, beta, Size{groups}, Default{}}, {want});
    }
}

TEST_P(Operators, Batchnorm) {
  for (Type t : types)
    for (const Shape &shape : {Shape{3, 5}, Shape{2, 7, 5, 9}}) {
      int64_t c = shape[1];
      Tensor x = random(t, shape, 1), mean = random(Type::F32, {c}, 2), var = random(Type::F32, {c}, 3, 0.1, 3),
             gamma = random(Type::F32, {c}, 4), beta = random(Type::F32, {c}, 5);
      Tensor y(t, shape, [&](const Index &i) {
        return (x.element(i) - mean(i[1])) / std::sqrt(var(i[1]) + 1e-5) * gamma(i[1]) + beta(i[1]);
      });
      check("batchnorm", "batchnorm", {x, mean, var, gamma, beta, Default{}}, {y});
    }
}

/// Reduces [outer, n, inner] along its middle with f of the n numbers.
Tensor reduce(Type type, const Tensor &x, const std::function<double(const std::vector<double> &)> &f) {
  return Tensor(type, {x.shape[0], x.shape[2]}, [&](const Index &i) {
    std::vector<double> line;
    for (int64_t k = 0; k < x.shape[1]; ++k)
      line.push_back(x(i[0], k, i[1]));
    return f(line);
  });
}

double total(const std::vector<double> &line) {
  double sum = 0;
  for (double v : line)
    sum += v;
  return sum;
}
double mean(const std::vector<double> &line) { return total(line) / double(line.size()); }
double greatest(const std::vector<double> &line) {
  double high = -INFINITY;
  for (double v : line)
    high = v > high || std::isnan(v) ? v : high;
  return high;
}
double variance(const std::vector<double> &line, double correction) {
  double middle = mean(line), sum = 0;
  for (double v : line)
    sum += (v - middle) * (v - middle);
  return sum / (double(line.size()) - correction);
}
double place(const std::vector<double> &line) {
  size_t best = 0;
  for (size_t k = 1; k < line.size(); ++k)
    best = line[k] > line[best] ? k : best;
  return double(best);
}

const std::vector<Shape> boxes = {{3, 7, 5}, {2, 131, 1}};

/// Along the middle and over the whole; the whole of a tensor is one line.
void checkReduction(const char *package, const std::string &op, const std::vector<Type> &inputs,
                    const std::function<double(const std::vector<double> &)> &f, const std::vector<Argument> &more = {},
                    bool hasPlaces = false, double tolerance = -1) {
  for (Type t : inputs)
    for (const Shape &shape : boxes) {
      Tensor x = random(t, shape, 1, -3, 3);
      Type type = hasPlaces ? Type::I64 : t;
      double off = isFloat(type) && tolerance != 0 ? 5 * toleranceOf(t) : 0;
      std::vector<Argument> args = {x};
      args.insert(args.end(), more.begin(), more.end());
      check(package, op, args, {{reduce(type, x, f), off}});
      args[0] = x.as({int64_t(x.values.size())});
      check(package, op + "_all", args, {{Tensor(type, {}, [&](const Index &) { return f(x.values); }), off}});
    }
}

const std::vector<Type> summed = {Type::F32, Type::F16, Type::F64, Type::I32};

TEST_P(Operators, ReduceSum) { checkReduction("reduce_sum", "reduce_sum", summed, total); }
TEST_P(Operators, ReduceMax) { checkReduction("reduce_max", "reduce_max", summed, greatest, {}, false, 0); }
TEST_P(Operators, ReduceMean) { checkReduction("reduce_mean", "reduce_mean", {Type::F32, Type::F16}, mean); }
TEST_P(Operators, Variance) {
  for (int64_t correction : {0, 1})
    checkReduction("variance", "variance", {Type::F32, Type::F16},
                   [&](const std::vector<double> &line) { return variance(line, double(correction)); },
                   {Size{correction}});
}
TEST_P(Operators, Argmax) {
  checkReduction("argmax", "reduce_argmax", {Type::F32, Type::F16, Type::I32}, place, {}, true);
}
TEST_P(Operators, ReducePack) {
  Tensor x = random(Type::F32, {3, 7, 5}, 1);
  check("reduce_sum", "reduce_sum_all", {x},
        {{Tensor(Type::F32, {}, [&](const Index &) { return total(x.values); }), 5e-5}});
  check("reduce_max", "reduce_max_all", {x},
        {{Tensor(Type::F32, {}, [&](const Index &) { return greatest(x.values); }), 0}});
}

} // namespace
} // namespace tenon::ops
