//===- ImageTest.cpp - convolutions, pooling, resizing ----------------------===//
#include "Run.h"

namespace tenon::ops {
namespace {

double sumTolerance(Type t) { return t == Type::F32 ? 5e-5 : toleranceOf(t); }

struct Case {
  int64_t n, ci, co, h, w, k, stride, pad, dilation;
};
const std::vector<Case> cases = {{1, 3, 4, 7, 9, 3, 1, 1, 1}, {2, 5, 18, 11, 13, 3, 2, 2, 2}};

int64_t outputOf(int64_t length, int64_t k, const Case &c, int64_t dilation) {
  return (length + 2 * c.pad - dilation * (k - 1) - 1) / c.stride + 1;
}

TEST_P(Operators, Conv1d) {
  for (Type t : largeKernelTypes())
    for (const Case &c : cases) {
      Tensor x = random(t, {c.n, c.ci, c.w}, 1), f = random(t, {c.co, c.ci, c.k}, 2);
      Tensor y(t, {c.n, c.co, outputOf(c.w, c.k, c, c.dilation)}, [&](const Index &i) {
        double sum = 0;
        for (int64_t q = 0; q < c.ci; ++q)
          for (int64_t u = 0; u < c.k; ++u)
            sum += x.orElse(0, i[0], q, i[2] * c.stride + u * c.dilation - c.pad) * f(i[1], q, u);
        return sum;
      });
      check("conv1d", "conv1d", {x, f, Size{c.stride}, Size{c.pad}, Size{c.dilation}}, {{y, sumTolerance(t)}});
    }
}

TEST_P(Operators, Conv2d) {
  for (Type t : largeKernelTypes())
    for (const Case &c : cases) {
      Tensor x = random(t, {c.n, c.ci, c.h, c.w}, 1), f = random(t, {c.co, c.ci, c.k, 2}, 2);
      Tensor y(t, {c.n, c.co, outputOf(c.h, c.k, c, c.dilation), outputOf(c.w, 2, c, c.dilation)}, [&](const Index &i) {
        double sum = 0;
        for (int64_t q = 0; q < c.ci; ++q)
          for (int64_t u = 0; u < c.k; ++u)
            for (int64_t v = 0; v < 2; ++v)
              sum += x.orElse(0, i[0], q, i[2] * c.stride + u * c.dilation - c.pad,
                              i[3] * c.stride + v * c.dilation - c.pad) *
                     f(i[1], q, u, v);
        return sum;
      });
      check("conv2d", "conv2d", {x, f, Size{c.stride}, Size{c.pad}, Size{c.dilation}}, {{y, sumTolerance(t)}});
    }
}

TEST_P(Operators, DepthwiseConv2d) {
  for (Type t : largeKernelTypes())
    for (const Case &c : cases) {
      Tensor x = random(t, {c.n, c.co, c.h, c.w}, 1), f = random(t, {c.co, c.k, 2}, 2);
      Tensor y(t, {c.n, c.co, outputOf(c.h, c.k, c, 1), outputOf(c.w, 2, c, 1)}, [&](const Index &i) {
        double sum = 0;
        for (int64_t u = 0; u < c.k; ++u)
          for (int64_t v = 0; v < 2; ++v)
            sum += x.orElse(0, i[0], i[1], i[2] * c.stride + u - c.pad, i[3] * c.stride + v - c.pad) * f(i[1], u, v);
        return sum;
      });
      check("depthwise_conv2d", "depthwise_conv2d", {x, f, Size{c.stride}, Size{c.pad}}, {{y, sumTolerance(t)}});
    }
}

TEST_P(Operators, ConvTranspose2d) {
  for (Type t : largeKernelTypes())
    for (const Case &c : cases) {
      Tensor x = random(t, {c.n, c.ci, c.h, c.w}, 1), f = random(t, {c.ci, c.co, c.k, 4}, 2);
      int64_t oh = (c.h - 1) * c.stride + c.k - 2 * c.pad, ow = (c.w - 1) * c.stride + 4 - 2 * c.pad;
      // Every pixel puts its filter: the other way round than the formula.
      std::vector<double> sums(static_cast<size_t>(c.n * c.co * oh * ow));
      for (int64_t b = 0; b < c.n; ++b)
        for (int64_t q = 0; q < c.ci; ++q)
          for (int64_t r = 0; r < c.h; ++r)
            for (int64_t s = 0; s < c.w; ++s)
              for (int64_t o = 0; o < c.co; ++o)
                for (int64_t u = 0; u < c.k; ++u)
                  for (int64_t v = 0; v < 4; ++v) {
                    int64_t i = r * c.stride + u - c.pad, j = s * c.stride + v - c.pad;
                    if (i >= 0 && i < oh && j >= 0 && j < ow)
                      sums[static_cast<size_t>(((b * c.co + o) * oh + i) * ow + j)] += x(b, q, r, s) * f(q, o, u, v);
                  }
      Tensor y(t, {c.n, c.co, oh, ow});
      y.values = sums;
      check("conv_transpose2d", "conv_transpose2d", {x, f, Size{c.stride}, Size{c.pad}}, {{y, sumTolerance(t)}});
    }
}

TEST_P(Operators, Pools) {
  for (Type t : largeKernelTypes())
    for (auto [kh, kw, stride, pad] : {std::tuple{2, 2, 2, 0}, {3, 2, 1, 1}}) {
      Tensor x = random(t, {2, 3, 8, 9}, 1);
      Shape shape = {2, 3, (8 + 2 * pad - kh) / stride + 1, (9 + 2 * pad - kw) / stride + 1};
      auto pool = [&, kh = kh, kw = kw, stride = stride, pad = pad](bool isMean) {
        return Tensor(t, shape, [&](const Index &i) {
          double high = -INFINITY, sum = 0;
          for (int u = 0; u < kh; ++u)
            for (int v = 0; v < kw; ++v) {
              int64_t r = i[2] * stride + u - pad, s = i[3] * stride + v - pad;
              high = std::fmax(high, x.orElse(-INFINITY, i[0], i[1], r, s));
              sum += x.orElse(0, i[0], i[1], r, s);
            }
          return isMean ? sum / (kh * kw) : high;
        });
      };
      std::vector<Argument> args = {x, Size{kh}, Size{kw}, Size{stride}, Size{pad}};
      check("maxpool2d", "maxpool2d", args, {{pool(false), 0}});
      check("avgpool2d", "avgpool2d", args, {pool(true)});
    }
}

TEST_P(Operators, Upsample) {
  for (Type t : largeKernelTypes())
    for (int64_t scale : {2, 3}) {
      Tensor x = random(t, {2, 2, 5, 7}, 1);
      Shape shape = {2, 2, 5 * scale, 7 * scale};
      check("upsample_nearest", "upsample_nearest", {x, Size{scale}},
            {{Tensor(t, shape, [&](const Index &i) { return x(i[0], i[1], i[2] / scale, i[3] / scale); }), 0}});
      Tensor y(t, shape, [&](const Index &i) {
        double r = std::fmax((double(i[2]) + 0.5) / double(scale) - 0.5, 0),
               s = std::fmax((double(i[3]) + 0.5) / double(scale) - 0.5, 0);
        auto r0 = int64_t(r), s0 = int64_t(s), r1 = std::min<int64_t>(r0 + 1, 4), s1 = std::min<int64_t>(s0 + 1, 6);
        double fr = r - double(r0), fs = s - double(s0);
        return (x(i[0], i[1], r0, s0) * (1 - fs) + x(i[0], i[1], r0, s1) * fs) * (1 - fr) +
               (x(i[0], i[1], r1, s0) * (1 - fs) + x(i[0], i[1], r1, s1) * fs) * fr;
      });
      check("upsample_bilinear", "upsample_bilinear", {x, Size{scale}}, {y});
    }
}

} // namespace
} // namespace tenon::ops
