//===- Cases.cpp - sizes and data to check an operator with -----------------===//
//
// Owns what Cases.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Cases.h"

#include "Scalar.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace tenon::check {

using oracle::Arguments;

/// A well mixed number of all its parts: each draw has a generator of its own, so that none disturbs another.
static uint64_t mix(std::initializer_list<uint64_t> parts) {
  uint64_t state = 0x9e3779b97f4a7c15;
  for (uint64_t part : parts) {
    state = (state ^ part) * 0xff51afd7ed558ccd;
    state ^= state >> 33;
    state = state * 0xc4ceb9fe1a85ec53 + 0x2545f4914f6cdd1d;
    state ^= state >> 29;
  }
  return state;
}

std::vector<int64_t> edgesOf(int64_t lo, int64_t hi) {
  std::vector<int64_t> edges{lo, hi - 1, 1};
  for (int64_t prime :
       {2, 3, 5, 7, 11, 13, 17, 23, 31, 37, 61, 67, 97, 127, 131, 251, 257, 509, 521, 1021, 2053, 4099, 8191, 16411})
    edges.push_back(prime);
  for (int64_t power = 2; power > 0 && power <= hi && power < (int64_t(1) << 40); power *= 2)
    for (int64_t value : {power - 1, power, power + 1})
      edges.push_back(value);
  std::erase_if(edges, [&](int64_t value) { return value < lo || value >= hi; });
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

bool applies(const Test &test, const Instance &instance) {
  if (test.op != instance.op)
    return false;
  for (const TestBinding &binding : test.bindings) {
    if (binding.kind != TestBinding::Kind::Type)
      continue;
    for (size_t v = 0; v < instance.types.size(); ++v)
      if (instance.op->typeVariables[v].name == binding.name &&
          std::none_of(binding.values.begin(), binding.values.end(),
                       [&](const TestValue &value) { return value.type == instance.types[v]; }))
        return false;
  }
  return true;
}

CaseMaker::CaseMaker(const Instance &instance, const Test *test, const oracle::Oracle &oracle, const CaseLimits &limits)
    : instance(instance), test(test), oracle(oracle), limits(limits) {}

const TestBinding *CaseMaker::bindingOf(int symbol) const {
  if (test)
    for (const TestBinding &binding : test->bindings)
      if (binding.symbol == symbol)
        return &binding;
  return nullptr;
}

bool CaseMaker::isFree(int symbol) const {
  const TestBinding *binding = bindingOf(symbol);
  bool hasDefault = instance.symbols[symbol].kind == SymbolKind::SizeParam &&
                    instance.params[instance.symbols[symbol].param].defaultValue;
  return binding || (!test && !hasDefault);
}

std::vector<std::vector<int64_t>> CaseMaker::packValues(int symbol) const {
  const TestBinding *binding = bindingOf(symbol);
  if (!binding)
    return {{}, {3}, {2, 3}};
  std::vector<std::vector<int64_t>> values;
  for (const TestValue &value : binding->values)
    values.push_back(value.sizes);
  return values;
}

int64_t CaseMaker::lowest(int symbol, const Arguments &sizes) const {
  const TestBinding *binding = bindingOf(symbol);
  if (!binding)
    return 0;
  if (binding->isSet) {
    int64_t least = INT64_MAX;
    for (const TestValue &value : binding->values)
      least = std::min(least, value.scalar.integer);
    return least;
  }
  return std::max<int64_t>(0, evaluate(binding->lo, sizes.symbols).value_or(0));
}

Case CaseMaker::blank() const {
  Case made;
  made.arguments = oracle::argumentsOf(instance);
  for (const Param &param : instance.params)
    made.isDefault.push_back(param.defaultValue.has_value());
  return made;
}

unsigned CaseMaker::leastCases() const {
  unsigned count = 2;
  if (test)
    for (const TestBinding &binding : test->bindings)
      if (binding.symbol >= 0)
        count = std::max<unsigned>(count, binding.isSet ? binding.values.size() : count + 2);
  return count;
}

//===- sizes ----------------------------------------------------------------===//

static void setPack(Arguments &arguments, int symbol, const std::vector<int64_t> &extents) {
  arguments.packs[symbol] = extents;
  arguments.symbols[symbol] = 1;
  for (int64_t extent : extents)
    arguments.symbols[symbol] *= extent;
}

/// Every size in turn stands at its lower and its upper end, the others anywhere; the first two cases have all of them
/// at one end. The more attempts cost too much, the smaller the sizes; a pinned end that never holds is let go.
bool CaseMaker::drawSizes(Case &drawn, unsigned number, unsigned attempt, unsigned tooLarge, uint64_t seed) const {
  std::mt19937_64 generator(mix({seed, number, attempt}));
  auto below = [&](uint64_t count) { return count ? generator() % count : 0; };
  // The order of bindings counts: a bound may use what was bound before.
  std::vector<int> order;
  if (test) {
    for (const TestBinding &binding : test->bindings)
      if (binding.symbol >= 0)
        order.push_back(binding.symbol);
  } else {
    for (size_t s = 0; s < instance.symbols.size(); ++s)
      if (isFree(s))
        order.push_back(s);
  }
  unsigned position = 0;
  for (int symbol : order) {
    const TestBinding *binding = bindingOf(symbol);
    bool isPinned = attempt < tooLarge + 30 && (number < 2 || (number - 2) / 2 == position);
    bool isHigh = number % 2;
    ++position;
    if (instance.symbols[symbol].kind == SymbolKind::Pack) {
      auto values = packValues(symbol);
      if (values.empty())
        return false;
      size_t chosen = attempt < 50 ? (number + attempt) % values.size() : below(values.size());
      setPack(drawn.arguments, symbol, values[chosen]);
      continue;
    }
    int64_t &value = drawn.arguments.symbols[symbol];
    if (binding && binding->isSet) {
      size_t count = binding->values.size();
      value = binding->values[attempt == 0 ? number % count : below(count)].scalar.integer;
    } else {
      int64_t lo = 0, hi = 18;
      if (binding) {
        auto low = evaluate(binding->lo, drawn.arguments.symbols),
             high = evaluate(binding->hi, drawn.arguments.symbols);
        if (!low || !high)
          return false;
        lo = std::max<int64_t>(0, *low);
        hi = *high;
      }
      if (limits.size < INT64_MAX)
        hi = std::min(hi, std::max(limits.size, lo) + 1);
      if (lo >= hi)
        return false;
      // What costs too much is drawn smaller, step by step.
      double shrink = std::exp2(-static_cast<double>(tooLarge) / 6);
      int64_t top = lo + 1 + static_cast<int64_t>(static_cast<double>(hi - lo - 1) * shrink);
      if (isPinned && (attempt == 0 || (number >= 2 && tooLarge < 80))) {
        value = isHigh ? hi - 1 : lo;
      } else if (isPinned) {
        value = isHigh ? top - 1 : lo + static_cast<int64_t>(below(std::min<uint64_t>(attempt, top - lo)));
      } else if (auto edges = edgesOf(lo, top); below(8) < 5) {
        value = edges[below(edges.size())];
      } else { // As often small as large.
        double extent = static_cast<double>(top - lo), at = static_cast<double>(generator() >> 11) * 0x1p-53;
        value = lo + std::min<int64_t>(top - lo - 1, static_cast<int64_t>(std::exp(at * std::log(extent + 1)) - 1));
      }
    }
    if (instance.symbols[symbol].kind == SymbolKind::SizeParam)
      drawn.isDefault[instance.symbols[symbol].param] = false;
  }
  return true;
}

bool CaseMaker::isTooMuch(const Case &drawn) const {
  if (!(oracle.cost(drawn.arguments.symbols) <= limits.cost))
    return true;
  for (const Tensor &tensor : instance.tensors) {
    std::string ignored;
    auto shape = oracle::shapeOf(instance, tensor.dims, drawn.arguments, ignored);
    int64_t count = 1;
    if (shape)
      for (int64_t extent : *shape)
        count *= extent;
    if (shape && count > limits.elements)
      return true;
  }
  return false;
}

std::optional<Case> CaseMaker::make(unsigned number, uint64_t seed, std::string &error) const {
  uint64_t caseSeed = mix({seed, number}) >> 40; // Short, for the command that repeats it.
  error = "the bounds of the test's bindings leave nothing";
  unsigned tooLarge = 0;
  for (unsigned attempt = 0; attempt < 400; ++attempt) {
    Case drawn = blank();
    if (!drawSizes(drawn, number, attempt, tooLarge, seed))
      continue;
    // First what may overflow in it.
    if (std::string failed = oracle::failedCheck(instance, drawn.arguments); !failed.empty()) {
      error = failed;
      continue;
    }
    if (isTooMuch(drawn)) {
      ++tooLarge;
      error = "every draw needs more than " + std::to_string(static_cast<int64_t>(limits.cost)) + " operations or " +
              std::to_string(limits.elements) + " elements";
      continue;
    }
    return fill(drawn.arguments, drawn.isDefault, caseSeed, error);
  }
  return std::nullopt;
}

//===- data -----------------------------------------------------------------===//

std::optional<Case> CaseMaker::fill(const Arguments &sizes, const std::vector<bool> &isDefault, uint64_t seed,
                                    std::string &error) const {
  Case made = blank();
  made.arguments.symbols = sizes.symbols;
  made.arguments.packs = sizes.packs;
  made.isDefault = isDefault;
  made.seed = seed;
  error = oracle::failedCheck(instance, made.arguments);
  if (!error.empty())
    return std::nullopt;
  if (isTooMuch(made)) {
    error = sizesText(instance, made) + " is more than " + std::to_string(limits.elements) + " elements or " +
            std::to_string(static_cast<int64_t>(limits.cost)) + " operations of the formula";
    return std::nullopt;
  }
  drawScalars(made);
  if (!drawTensors(made, error))
    return std::nullopt;
  return made;
}

static ScalarValue uniformly(DType type, double lo, double hi, std::mt19937_64 &generator) {
  if (isFloat(type)) {
    double at = static_cast<double>(generator() >> 11) * 0x1p-53;
    return {type, roundTo(type, lo + at * (hi - lo)), 0};
  }
  // Half open; of integers those in the range.
  double first = std::ceil(lo), last = std::ceil(hi) - 1;
  uint64_t count = last >= first ? static_cast<uint64_t>(std::min(last - first, 0x1p62)) + 1 : 1;
  return castValue({DType::F64, first + static_cast<double>(generator() % count), 0}, type);
}

/// What is drawn where nobody says what: floats from a standard normal distribution, integers small.
static ScalarValue byDefault(DType type, std::mt19937_64 &generator, std::normal_distribution<double> &normal) {
  if (isFloat(type))
    return {type, roundTo(type, normal(generator)), 0};
  if (type == DType::Bool)
    return {type, 0, static_cast<int64_t>(generator() & 1)};
  return isSigned(type) ? uniformly(type, -8, 9, generator) : uniformly(type, 0, 9, generator);
}

static const TestInput *inputOf(const Test *test, int param) {
  if (test)
    for (const TestInput &input : test->inputs)
      if (input.param == param)
        return &input;
  return nullptr;
}

void CaseMaker::drawScalars(Case &drawn) const {
  for (size_t i = 0; i < instance.params.size(); ++i) {
    const Param &param = instance.params[i];
    if (param.kind != ParamKind::Scalar || param.isResult)
      continue;
    std::mt19937_64 generator(mix({drawn.seed, 1, i}));
    std::normal_distribution<double> normal;
    ScalarValue &value = drawn.arguments.scalars[i];
    const TestBinding *binding = nullptr;
    if (test)
      for (const TestBinding &candidate : test->bindings)
        if (candidate.kind == TestBinding::Kind::Scalar && candidate.param == static_cast<int>(i))
          binding = &candidate;
    if (binding && binding->isSet)
      value = castValue(binding->values[generator() % binding->values.size()].scalar, param.type);
    else if (binding)
      value = uniformly(param.type, binding->realLo, binding->realHi, generator);
    else if (const TestInput *input = inputOf(test, i))
      value = uniformly(param.type, input->lo, input->hi, generator);
    else if (param.defaultValue)
      continue;
    else
      value = byDefault(param.type, generator, normal);
    drawn.isDefault[i] = false;
  }
}

bool CaseMaker::drawTensors(Case &drawn, std::string &error) const {
  for (size_t i = 0; i < instance.params.size(); ++i) {
    const Param &param = instance.params[i];
    if (param.kind != ParamKind::Tensor || param.isResult)
      continue;
    oracle::TensorValues &values = drawn.arguments.tensors[i];
    auto shape = oracle::shapeOf(instance, param.dims, drawn.arguments, error);
    if (!shape) {
      error = param.name + ": " + error;
      return false;
    }
    size_t count = 1;
    for (int64_t extent : *shape)
      count *= static_cast<size_t>(extent);
    values.type = param.type;
    values.shape = std::move(*shape);
    std::mt19937_64 generator(mix({drawn.seed, 2, i}));
    std::normal_distribution<double> normal;
    const TestInput *input = inputOf(test, i);
    for (size_t k = 0; k < count; ++k) {
      ScalarValue value =
          input ? uniformly(param.type, input->lo, input->hi, generator) : byDefault(param.type, generator, normal);
      if (isFloat(param.type))
        values.real.push_back(value.real);
      else
        values.integer.push_back(value.integer);
    }
  }
  return true;
}

std::string sizesText(const Instance &instance, const Case &drawn) {
  std::string text;
  for (size_t s = 0; s < instance.symbols.size(); ++s) {
    const Symbol &symbol = instance.symbols[s];
    if (symbol.kind == SymbolKind::SizeParam && drawn.isDefault[symbol.param])
      continue;
    text += (text.empty() ? "" : ",") + symbol.name + "=";
    if (symbol.kind != SymbolKind::Pack) {
      text += std::to_string(drawn.arguments.symbols[s]);
      continue;
    }
    text += "[";
    for (size_t d = 0; d < drawn.arguments.packs[s].size(); ++d)
      text += (d ? "," : "") + std::to_string(drawn.arguments.packs[s][d]);
    text += "]";
  }
  return text;
}

} // namespace tenon::check
