//===- Cases.h - sizes and data to check an operator with -------------------===//
//
// Owns drawing: sizes from a test's bindings such that `where` holds, scalars, and the elements of inputs. The same
// seed gives the same case. Does not own running anything.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Frontend.h"
#include "Oracle.h"

#include <optional>

namespace tenon::check {

struct Case {
  oracle::Arguments arguments;
  std::vector<bool> isDefault; ///< By parameter: passed as null.
  uint64_t seed = 0;           ///< Of the data.
};

struct CaseLimits {
  int64_t size = INT64_MAX;   ///< No size above it is drawn.
  double cost = 6e6;          ///< Of the formula, in operations.
  int64_t elements = 1 << 22; ///< Of a tensor.
};

/// Draws cases of one instance. Test and instance outlive it; without a test sizes are small.
class CaseMaker {
public:
  CaseMaker(const Instance &instance, const Test *test, const oracle::Oracle &oracle, const CaseLimits &limits);

  /// How many cases it takes to see both ends of every binding.
  unsigned leastCases() const;
  /// Case `number` of a run with `seed`. Nothing and a message where no sizes hold.
  std::optional<Case> make(unsigned number, uint64_t seed, std::string &error) const;
  /// The case with these sizes: `symbols` and `packs` of `sizes`, and the data of `seed`. Nothing and a message where a
  /// launch check fails.
  std::optional<Case> fill(const oracle::Arguments &sizes, const std::vector<bool> &isDefault, uint64_t seed,
                           std::string &error) const;
  /// Sizes without data: the start for `fill`.
  Case blank() const;
  /// The lowest value that a symbol may have under the test, with the others as they are.
  int64_t lowest(int symbol, const oracle::Arguments &sizes) const;
  /// The values that a pack may have.
  std::vector<std::vector<int64_t>> packValues(int symbol) const;
  /// Whether a symbol's value may be changed at all.
  bool isFree(int symbol) const;

private:
  const TestBinding *bindingOf(int symbol) const;
  bool drawSizes(Case &drawn, unsigned number, unsigned attempt, unsigned tooLarge, uint64_t seed) const;
  void drawScalars(Case &drawn) const;
  bool drawTensors(Case &drawn, std::string &error) const;
  bool isTooMuch(const Case &drawn) const;

  const Instance &instance;
  const Test *test;
  const oracle::Oracle &oracle;
  CaseLimits limits;
};

/// Whether the test is about this combination of types.
bool applies(const Test &test, const Instance &instance);

/// Both ends, 1, primes, and one below, at and above powers of two, of lo..hi (half open), in order.
std::vector<int64_t> edgesOf(int64_t lo, int64_t hi);

/// "b=[2, 5],d=64": sizes and size parameters that are not at their default, as --shape takes them.
std::string sizesText(const Instance &instance, const Case &drawn);

} // namespace tenon::check
