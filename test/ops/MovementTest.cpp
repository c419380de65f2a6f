//===- MovementTest.cpp - operators that only move elements -----------------===//
#include "Run.h"

#include <algorithm>

namespace tenon::ops {
namespace {

TEST_P(Operators, Transpose) {
  for (Type t : {Type::F32, Type::F16, Type::BF16, Type::F64, Type::I32, Type::I8})
    for (const Shape &s : {Shape{3, 7}, Shape{35, 50}}) {
      Tensor x = random(t, s, 1, -9, 9);
      check("transpose", "transpose", {x},
            {{Tensor(t, {s[1], s[0]}, [&](const Index &i) { return x(i[1], i[0]); }), 0}});
    }
}

TEST_P(Operators, Permute) {
  std::vector<int> order = {0, 1, 2, 3};
  while (std::next_permutation(order.begin(), order.end())) {
    std::string op = "permute_";
    for (int d : order)
      op += std::to_string(d);
    Tensor x = random(Type::F32, {2, 3, 5, 7}, 1);
    Shape shape;
    for (int d : order)
      shape.push_back(x.shape[size_t(d)]);
    Tensor y(Type::F32, shape, [&](const Index &i) {
      Index at(4);
      for (size_t d = 0; d < 4; ++d)
        at[size_t(order[d])] = i[d];
      return x.element(at);
    });
    check("permute", op, {x}, {{y, 0}});
  }
  Tensor x = random(Type::F16, {2, 4, 9, 11}, 1);
  check("permute", "permute_0231", {x},
        {{Tensor(Type::F16, {2, 9, 11, 4}, [&](const Index &i) { return x(i[0], i[3], i[1], i[2]); }), 0}});
}

const std::vector<Type> types = {Type::F32, Type::F16, Type::BF16, Type::I32, Type::I8};

TEST_P(Operators, Pad) {
  for (Type t : types)
    for (const Shape &s : {Shape{3, 7}, Shape{2, 2, 5, 9}}) {
      Tensor x = random(t, s, 1, -9, 9);
      Shape shape = s;
      shape[s.size() - 2] += 3;
      shape.back() += 4;
      Tensor y(t, shape, [&](const Index &i) {
        Index at = i;
        at[at.size() - 2] -= 1;
        at.back() -= 4;
        return x.isInside(at) ? x.element(at) : 5;
      });
      check("pad", "pad", {x, Size{1}, Size{2}, Size{4}, Size{0}, Scalar{t, 5}}, {{y, 0}});
    }
}

TEST_P(Operators, Concat2) {
  for (Type t : types)
    for (auto [outer, p, q, inner] : {std::tuple{2, 3, 4, 5}, {3, 1, 7, 19}}) {
      Tensor x = random(t, {outer, p, inner}, 1, -9, 9), y = random(t, {outer, q, inner}, 2, -9, 9);
      check("concat2", "concat2", {x, y},
            {{Tensor(t, {outer, p + q, inner},
                     [&, p = p](const Index &i) { return i[1] < p ? x(i[0], i[1], i[2]) : y(i[0], i[1] - p, i[2]); }),
              0}});
    }
}

TEST_P(Operators, Slice) {
  for (Type t : types)
    for (auto [start, length, step] : {std::tuple{2, 3, 1}, {1, 5, 3}}) {
      Tensor x = random(t, {2, 14, 5}, 1, -9, 9);
      check("slice", "slice", {x, Size{start}, Size{length}, Size{step}},
            {{Tensor(t, {2, length, 5},
                     [&, start = start, step = step](const Index &i) { return x(i[0], start + i[1] * step, i[2]); }),
              0}});
    }
  Tensor x = random(Type::F32, {2, 14, 5}, 1);
  expectError("slice", "slice", {x, Size{9}, Size{6}, Default{}}, Tensor(Type::F32, {2, 6, 5}), tnErrorCheckFailed,
              "x[");
}

TEST_P(Operators, Embedding) {
  for (Type t : {Type::F32, Type::F16, Type::BF16})
    for (Type kind : {Type::I32, Type::I64})
      for (const Shape &s : {Shape{6}, Shape{3, 11}}) {
        Tensor table = random(t, {10, 21}, 1), ids = random(kind, s, 2, -1, 10);
        Shape shape = s;
        shape.push_back(21);
        Tensor y(t, shape, [&](const Index &i) {
          return table.orElse(0, int64_t(ids.element(Index(i.begin(), i.end() - 1))), i.back());
        });
        check("embedding", "embedding", {table, ids}, {{y, 0}});
      }
}

TEST_P(Operators, Gather) {
  for (Type t : {Type::F32, Type::F16, Type::I32})
    for (Type kind : {Type::I32, Type::I64}) {
      Tensor x = random(t, {3, 9, 7}, 1, -9, 9), ids = random(kind, {5}, 2, 0, 8),
             all = random(kind, {3, 5, 7}, 3, 0, 8);
      check("gather", "gather", {x, ids},
            {{Tensor(t, {3, 5, 7}, [&](const Index &i) { return x(i[0], ids(i[1]), i[2]); }), 0}});
      check("gather", "gather_elements", {x, all},
            {{Tensor(t, {3, 5, 7}, [&](const Index &i) { return x(i[0], all(i[0], i[1], i[2]), i[2]); }), 0}});
    }
  Tensor x = random(Type::F32, {2, 4, 3}, 1), ids(Type::I32, {2}, [](const Index &i) { return i[0] ? 4 : 0; });
  expectError("gather", "gather", {x, ids}, Tensor(Type::F32, {2, 2, 3}), tnErrorKernelFault, "x[");
}

TEST_P(Operators, OneHot) {
  for (Type t : {Type::F32, Type::F16, Type::I32})
    for (Type kind : {Type::I32, Type::I64})
      for (const Shape &s : {Shape{6}, Shape{3, 11}}) {
        Tensor ids = random(kind, s, 2, -1, 19);
        Shape shape = s;
        shape.push_back(19);
        Tensor y(t, shape, [&](const Index &i) {
          return ids.element(Index(i.begin(), i.end() - 1)) == double(i.back()) ? 1 : 0;
        });
        check("one_hot", "one_hot", {ids, Size{19}}, {y});
      }
}

} // namespace
} // namespace tenon::ops
