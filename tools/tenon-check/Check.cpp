//===- Check.cpp - an operator on devices against its formula ---------------===//
//
// Owns the cases of an instance and their judgement. What is said of a failure is in Explain.cpp.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Check.h"

#include "Compare.h"

#include <algorithm>
#include <cstdio>

namespace tenon::check {

double toleranceOf(const Test *test, DType type) {
  if (test)
    return test->toleranceOf(type);
  switch (type) {
  case DType::F64:
    return 1e-10;
  case DType::F32:
    return 1e-4;
  case DType::F16:
    return 1e-2;
  case DType::BF16:
    return 5e-2;
  default:
    return 0;
  }
}

std::string typesText(const Instance &instance) {
  std::string text;
  for (size_t v = 0; v < instance.types.size(); ++v)
    text += (v ? " " : "") + instance.op->typeVariables[v].name + "=" + getName(instance.types[v]);
  return text;
}

static std::string numberText(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}
static std::string integerText(DType type, int64_t value) {
  if (type == DType::Bool)
    return value ? "true" : "false";
  return type == DType::U64 ? std::to_string(static_cast<uint64_t>(value)) : std::to_string(value);
}

std::string elementText(const Instance &instance, int tensor, const std::vector<int64_t> &shape, int64_t position,
                        const oracle::Arguments &arguments) {
  std::vector<int64_t> at(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    at[d] = position % shape[d];
    position /= shape[d];
  }
  std::string text = instance.tensors[tensor].name;
  const Definition *definition = nullptr;
  for (const Definition &candidate : instance.definitions)
    if (candidate.tensor == tensor)
      definition = &candidate;
  if (shape.empty() || !definition)
    return text;
  size_t d = 0;
  text += "[";
  for (size_t i = 0; i < definition->indices.size(); ++i) {
    const Index &index = definition->indices[i];
    text += (i ? ", " : "") + std::string(index.isPack ? "..." : "") + index.name + " = ";
    if (!index.isPack) {
      text += std::to_string(d < at.size() ? at[d] : 0);
      ++d;
      continue;
    }
    size_t count = arguments.packs[index.symbol].size();
    text += "[";
    for (size_t k = 0; k < count && d < at.size(); ++k, ++d)
      text += (k ? ", " : "") + std::to_string(at[d]);
    text += "]";
  }
  return text + "]";
}

/// Whether 64-bit floats are anywhere in it.
static bool usesFloat64(const Instance &instance) {
  std::vector<const Expr *> stack;
  auto push = [&](const ExprPtr &expr) {
    if (expr)
      stack.push_back(expr.get());
  };
  for (const Param &param : instance.params)
    if (param.type == DType::F64)
      return true;
  for (const Definition &definition : instance.definitions)
    push(definition.body);
  while (!stack.empty()) {
    const Expr *expr = stack.back();
    stack.pop_back();
    if (expr->type == DType::F64)
      return true;
    for (const ExprPtr &operand : expr->operands)
      push(operand);
    push(expr->filter);
    push(expr->elseValue);
    for (const Subscript &subscript : expr->subscripts)
      push(subscript.expr);
  }
  return false;
}

Checker::Judgement Checker::judge(const Subject &subject, const Case &drawn, const oracle::Outcome &want,
                                  const LaunchResult &got, const tnDeviceProp &device) const {
  const Instance &instance = subject.instance;
  Judgement result;
  if (want.kind == oracle::Outcome::Kind::Fault) {
    if (got.code != tnErrorKernelFault)
      result.what = "the formula stops (" + want.message + "), the device " +
                    (got.code == tnSuccess ? "reports nothing" : "says: " + got.message);
    return result;
  }
  if (got.code != tnSuccess) {
    bool isRefused = got.code == tnErrorNoVariant || got.code == tnErrorNoKernelImageForDevice;
    result.isGap = isRefused && !device.hasFloat64 && usesFloat64(instance);
    result.what = result.isGap ? "the device has no 64-bit floats, and they are not emulated" : got.message;
    return result;
  }
  for (size_t i = 0; i < instance.params.size(); ++i) {
    const Param &param = instance.params[i];
    if (!param.isResult)
      continue;
    double tolerance = toleranceOf(subject.test, param.type);
    const oracle::TensorValues &wanted = want.tensors[param.tensor];
    oracle::Comparison comparison = oracle::compare(wanted, got.results[i], tolerance);
    result.either += comparison.either;
    double ratio = comparison.error == 0 ? 0 : tolerance > 0 ? comparison.error / tolerance : INFINITY;
    bool isWorst = comparison.worst >= 0 && (ratio > result.ratio || result.tolerance == 0);
    if (isWorst) {
      result.ratio = ratio;
      result.worst = comparison.error;
      result.tolerance = tolerance;
    }
    if (!comparison.wrong || (!result.what.empty() && !isWorst))
      continue;
    size_t at = static_cast<size_t>(comparison.worst);
    bool isReal = isFloat(param.type);
    std::string isValue =
        isReal ? numberText(got.results[i].real[at]) : integerText(param.type, got.results[i].integer[at]);
    std::string wantValue = isReal ? numberText(wanted.real[at]) : integerText(param.type, wanted.integer[at]);
    result.what = param.name + ": " + std::to_string(comparison.wrong) + " of " + std::to_string(wanted.size()) +
                  " elements differ";
    result.element =
        elementText(instance, param.tensor, wanted.shape, comparison.worst, drawn.arguments) + " is " + isValue +
        ", the formula gives " + wantValue +
        (tolerance > 0 ? " (error " + numberText(comparison.error) + ", tolerance " + numberText(tolerance) + ")"
                       : " (exact)");
  }
  if (result.what.empty())
    result.what = got.message;
  return result;
}

/// Every other case is misaligned, some are launched twice, some in place.
static LaunchOptions launchOptionsOf(const Subject &subject, unsigned number) {
  LaunchOptions options{number % 2, number % 4 == 0, {}};
  if (number % 4 == 3)
    options.inPlace = subject.inPlace;
  return options;
}

Checker::Judgement Checker::tryCase(const Subject &subject, const Case &drawn, unsigned number,
                                    LoadedPackage &package) const {
  oracle::Outcome want = subject.oracle.evaluate(drawn.arguments);
  LaunchResult got = launch(package, subject.instance, drawn, launchOptionsOf(subject, number));
  return judge(subject, drawn, want, got, package.device.properties);
}

bool Checker::runCase(const Subject &subject, const Case &drawn, unsigned number, std::vector<Row> &rows) {
  oracle::Outcome want = subject.oracle.evaluate(drawn.arguments);
  if (want.kind == oracle::Outcome::Kind::Refused) {
    for (Row &row : rows) {
      row.status = Row::Status::Failed;
      row.failure = Failure{want.message, "", sizesText(subject.instance, drawn), "", "", "", drawn.seed};
    }
    return false;
  }
  bool isAnyLeft = false;
  for (size_t p = 0; p < packages.size(); ++p) {
    Row &row = rows[p];
    if (row.status != Row::Status::Passed)
      continue;
    LaunchResult got = launch(*packages[p], subject.instance, drawn, launchOptionsOf(subject, number));
    Judgement judgement = judge(subject, drawn, want, got, packages[p]->device.properties);
    if (judgement.isGap) {
      row.status = Row::Status::Gap;
      row.gap = judgement.what;
      continue;
    }
    ++row.cases;
    row.either += judgement.either;
    double ratio = row.tolerance > 0 ? row.worst / row.tolerance : row.worst > 0 ? INFINITY : 0;
    if (judgement.ratio > ratio || row.tolerance == 0) {
      row.worst = judgement.worst;
      row.tolerance = judgement.tolerance;
    }
    if (judgement.what.empty()) {
      isAnyLeft = true;
      continue;
    }
    row.status = Row::Status::Failed;
    row.failure = explain(subject, drawn, number, *packages[p]);
  }
  return isAnyLeft;
}

/// The case that was asked for by its sizes.
static std::optional<Case> givenCase(const Subject &subject, const CheckOptions &options, std::string &error) {
  Case made = subject.maker.blank();
  std::map<std::string, std::vector<int64_t>> rest = options.sizes;
  for (size_t s = 0; s < subject.instance.symbols.size(); ++s) {
    const Symbol &symbol = subject.instance.symbols[s];
    auto given = rest.find(symbol.name);
    bool hasDefault = symbol.kind == SymbolKind::SizeParam && subject.instance.params[symbol.param].defaultValue;
    if (given == rest.end()) {
      if (hasDefault)
        continue;
      error = "--shape does not say " + symbol.name;
      return std::nullopt;
    }
    int64_t product = 1;
    for (int64_t extent : given->second)
      if (__builtin_mul_overflow(product, extent, &product)) {
        error = "--shape: " + symbol.name + " is past 64 bits";
        return std::nullopt;
      }
    made.arguments.symbols[s] = product;
    if (symbol.kind == SymbolKind::Pack)
      made.arguments.packs[s] = given->second;
    if (symbol.kind == SymbolKind::SizeParam)
      made.isDefault[symbol.param] = false;
    rest.erase(given);
  }
  if (!rest.empty()) {
    error = "--shape: operator " + subject.instance.op->name + " has no size " + rest.begin()->first;
    return std::nullopt;
  }
  return subject.maker.fill(made.arguments, made.isDefault, options.seed, error);
}

std::vector<Row> Checker::check(const Instance &instance, const std::vector<const Test *> &tests) {
  std::vector<Row> rows;
  for (const auto &package : packages) {
    Row row;
    row.op = instance.op->name;
    row.types = typesText(instance);
    row.device = package->device.properties.id;
    row.variant = describeVariant(file, instance, package->device.properties);
    rows.push_back(std::move(row));
  }
  oracle::Oracle oracle(instance);
  std::vector<const Test *> all = tests;
  if (all.empty())
    all.push_back(nullptr);
  for (size_t t = 0; t < all.size(); ++t) {
    CaseMaker maker(instance, all[t], oracle, options.limits);
    Subject subject{instance, all[t], t + 1, all.size(), oracle, maker, inPlaceOf(file, instance)};
    unsigned count = options.hasSizes ? 4 : options.cases ? options.cases : std::max(12u, maker.leastCases());
    for (unsigned number = 0; number < count; ++number) {
      if (options.progress)
        options.progress(instance.op->name + " " + typesText(instance) + ": case " + std::to_string(number + 1) +
                         " of " + std::to_string(count));
      std::string error;
      std::optional<Case> drawn =
          options.hasSizes ? givenCase(subject, options, error) : maker.make(number, options.seed, error);
      if (!drawn) {
        for (Row &row : rows)
          if (row.status == Row::Status::Passed) {
            row.status = Row::Status::Failed;
            row.failure = Failure{
                (options.hasSizes ? "" : "no sizes can be drawn for the test: ") + error, "", "", "", "", "", 0};
          }
        return rows;
      }
      if (!runCase(subject, *drawn, number, rows))
        return rows;
    }
  }
  return rows;
}

} // namespace tenon::check
