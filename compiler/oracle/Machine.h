//===- Machine.h - the state of one evaluation ------------------------------===//
//
// Owns what the evaluator keeps while it runs: indices, tensors, and whether it is on a side that only uncertainty
// leads to. Internal to the oracle.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Program.h"

namespace tenon::oracle {

class Machine {
public:
  Machine(const Instance &instance, const Program &program, const Arguments &arguments);
  Outcome run();

private:
  /// A tensor as reads see it: a pack is one dimension.
  struct View {
    const TensorValues *values = nullptr;
    std::vector<int64_t> extents;
  };
  enum class Place { Inside, Outside, Uncertain };

  void bindInputs();
  View makeView(const Tensor &tensor, const TensorValues &values) const;
  void define(const Statement &statement);

  // Evaluator.cpp: one function for each kind of value. exact() is for nodes with isExact alone.
  int64_t exact(const Node &n);
  Integer integer(const Node &n);
  Real real(const Node &n);
  template <typename Value> Value eval(const Node &n);

  Place locate(const Node &n, size_t &offset);
  template <typename Value> Value load(const Node &n, size_t offset) const;
  template <typename Value> Value outside(const Node &n);
  template <typename Value> Value readUncertain(const Node &n);
  template <typename Value> Value read(const Node &n);
  template <typename Value> Value select(const Node &n);
  int64_t readExact(const Node &n);
  Integer logic(const Node &n);
  [[noreturn]] void stopOutside(const Node &n, Outcome::Kind kind);

  // Reduction.cpp
  template <typename Body> void forEach(const std::vector<Loop> &loops, size_t level, Body &&body);
  template <typename Body> void forEachTerm(const Node &n, Body &&body);
  int64_t reduceExact(const Node &n);
  Integer reduceInteger(const Node &n);
  Real reduceReal(const Node &n);
  Integer sumUncertain(const Node &n);
  template <typename Value> Integer argExtreme(const Node &n);
  void boundsOf(const Loop &loop, int64_t &lo, int64_t &hi);

  /// What only uncertainty leads to must not stop the evaluation: where it would, anything is possible.
  template <typename Value, typename Work> Value speculate(DType type, Work &&work) {
    bool before = wentOutside;
    wentOutside = false;
    ++speculation;
    Value value = work();
    --speculation;
    if (wentOutside)
      value = anything<Value>(type);
    wentOutside = before;
    return value;
  }
  template <typename Value> static Value anything(DType type);

  const Instance &instance;
  const Program &program;
  const Arguments &arguments;
  std::vector<int64_t> indices;
  std::vector<View> views;
  std::vector<TensorValues> defined;
  int speculation = 0;
  bool wentOutside = false;
};

template <> inline Real Machine::anything<Real>(DType) { return anyReal(); }
template <> inline Integer Machine::anything<Integer>(DType type) { return anyInteger(type); }
template <> inline Real Machine::eval<Real>(const Node &n) { return real(n); }
template <> inline Integer Machine::eval<Integer>(const Node &n) { return integer(n); }

inline Real hullOf(DType, const Real &a, const Real &b) { return hull(a, b); }
inline Integer hullOf(DType type, const Integer &a, const Integer &b) { return hull(type, a, b); }

/// Calls `body` for every combination of the loops' indices, the last one fastest.
template <typename Body> void Machine::forEach(const std::vector<Loop> &loops, size_t level, Body &&body) {
  if (level == loops.size()) {
    body();
    return;
  }
  int64_t lo, hi;
  boundsOf(loops[level], lo, hi);
  int64_t &index = indices[loops[level].slot];
  if (level + 1 == loops.size()) {
    for (index = lo; index < hi; ++index)
      body();
    return;
  }
  for (index = lo; index < hi; ++index)
    forEach(loops, level + 1, body);
}

/// Calls `body` with whether the term counts: Yes, or Unknown where the filter is uncertain.
template <typename Body> void Machine::forEachTerm(const Node &n, Body &&body) {
  if (!n.filter)
    forEach(n.loops, 0, [&] { body(Truth::Yes); });
  else if (n.filter->isExact)
    forEach(n.loops, 0, [&] {
      if (exact(*n.filter))
        body(Truth::Yes);
    });
  else
    forEach(n.loops, 0, [&] {
      Truth truth = truthOf(integer(*n.filter));
      if (truth != Truth::No)
        body(truth);
    });
}

} // namespace tenon::oracle
