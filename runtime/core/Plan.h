//===- Plan.h - values of a plan's expressions ------------------------------------===//
//
// Owns the evaluation of an instance's and a variant's expressions for one launch, with overflow checks, and which of
// them change with a loop's counter. Does not own the walk over a plan's steps (Launch).
//
// Expressions refer to earlier ones only, so one pass in order evaluates all of them without recursion. A value that
// overflowed is poison: an error only where it is used, so that the arm of a Select that is not taken does no harm.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "core/Package.h"

#include <array>
#include <vector>

namespace tenon {

/// What evaluation needs to know of the expressions, worked out once.
struct LoopUse {
  /// For each loop depth, the ids of the expressions to evaluate again in each of its iterations, in order.
  std::array<std::vector<uint32_t>, maxLoopDepth> byDepth;
};
LoopUse findLoopUse(const package::Instance &instance, const package::Variant &variant);

class Values {
public:
  /// Starts over with an instance; its expressions are evaluated by evaluate(Instance).
  void reset(const package::Instance &instance, const DeviceInfo &device);

  void setSymbol(uint32_t symbol, int64_t value) { symbols[symbol] = value; }
  int64_t symbol(uint32_t symbol) const { return symbols[symbol]; }

  /// Evaluates the instance's expressions, when all symbols are set.
  void evaluate();
  /// Goes on with a variant's expressions, which replace those of another variant.
  void evaluate(const package::Variant &variant);
  /// Sets the counter of a loop and evaluates what depends on it.
  void iterate(const LoopUse &use, unsigned depth, int64_t counter);

  /// The value of an expression, or why it has none.
  Status get(uint32_t id, int64_t &value) const;

  /// Expressions evaluated so far: bounds a plan's work.
  uint64_t work() const { return evaluated; }

private:
  enum Poison : uint8_t { Fine, Overflow, BadDivisor, NoLoop };
  void evaluateOne(uint32_t id);
  const package::Expr &expression(uint32_t id) const;

  const package::Instance *instance = nullptr;
  const package::Variant *variant = nullptr;
  const DeviceInfo *device = nullptr;
  uint32_t numOwn = 0;
  uint64_t evaluated = 0;
  std::vector<int64_t> symbols, values;
  std::vector<Poison> poison;
  std::array<int64_t, maxLoopDepth> counters;
  std::array<bool, maxLoopDepth> running;
};

} // namespace tenon
