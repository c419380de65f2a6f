//===- Explain.cpp - what is said of a failure ------------------------------===//
//
// Owns making a failing case small, finding the first definition that differs, and the command that repeats it.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Check.h"

#include "Compare.h"
#include "process/Process.h"
#include "tenon-check/Cut.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace tenon::check {

constexpr double shrinkSeconds = 5;
constexpr unsigned mostShrinkSteps = 80;
constexpr unsigned mostExplained = 6; ///< Failures of a run for which definitions are looked at one by one.

/// Each size in turn is set to its least value, halved, and lowered by one, as long as the failure stays.
Case Checker::shrink(const Subject &subject, const Case &drawn, unsigned number, LoadedPackage &package) const {
  auto start = std::chrono::steady_clock::now();
  unsigned steps = 0;
  std::optional<Case> best;
  auto sizesOf = [&]() -> const Case & { return best ? *best : drawn; };
  auto isWorthTrying = [&] {
    return steps < mostShrinkSteps &&
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < shrinkSeconds;
  };
  auto stillFails = [&](const oracle::Arguments &sizes) {
    if (!isWorthTrying())
      return false;
    ++steps;
    std::string error;
    std::optional<Case> smaller = subject.maker.fill(sizes, drawn.isDefault, drawn.seed, error);
    if (!smaller)
      return false;
    Judgement judgement = tryCase(subject, *smaller, number, package);
    if (judgement.what.empty() || judgement.isGap)
      return false;
    best = std::move(smaller);
    return true;
  };
  bool hasChanged = true;
  while (hasChanged && isWorthTrying()) {
    hasChanged = false;
    for (size_t s = 0; s < subject.instance.symbols.size(); ++s) {
      const Symbol &symbol = subject.instance.symbols[s];
      bool isDefault = symbol.kind == SymbolKind::SizeParam && drawn.isDefault[symbol.param];
      if (!subject.maker.isFree(s) || isDefault)
        continue;
      if (symbol.kind == SymbolKind::Pack) {
        for (const std::vector<int64_t> &extents : subject.maker.packValues(s)) {
          oracle::Arguments sizes = sizesOf().arguments;
          int64_t product = 1;
          for (int64_t extent : extents)
            product *= extent;
          bool isSmaller =
              product < sizes.symbols[s] || (product == sizes.symbols[s] && extents.size() < sizes.packs[s].size());
          sizes.symbols[s] = product;
          sizes.packs[s] = extents;
          if (isSmaller && stillFails(sizes))
            hasChanged = true;
        }
        continue;
      }
      int64_t least = subject.maker.lowest(s, sizesOf().arguments);
      for (int kind = 0; kind < 3; ++kind) {
        int64_t now = sizesOf().arguments.symbols[s];
        int64_t wanted = kind == 0 ? least : kind == 1 ? std::max(least, now / 2) : now - 1;
        if (wanted < least || wanted >= now)
          continue;
        oracle::Arguments sizes = sizesOf().arguments;
        sizes.symbols[s] = wanted;
        if (stillFails(sizes)) {
          hasChanged = true;
          kind = kind == 0 ? 2 : kind - 1; // The same step again.
        }
      }
    }
  }
  return sizesOf();
}

std::string Checker::command(const Subject &subject, const Case &drawn, const Device &device) const {
  std::string text = "tenon-check " + options.file + " --op=" + subject.instance.op->name;
  for (size_t v = 0; v < subject.instance.types.size(); ++v)
    text += " --type " + subject.instance.op->typeVariables[v].name + "=" + getName(subject.instance.types[v]);
  if (subject.testCount > 1)
    text += " --test=" + std::to_string(subject.testNumber);
  for (const std::string &folder : options.importDirs)
    text += " -I " + folder;
  text += std::string(" --device=") + device.properties.id + " --seed=" + std::to_string(drawn.seed);
  std::string sizes = sizesText(subject.instance, drawn);
  text += " --shape '" + sizes + "'"; // Quoted: shells expand brackets.
  return text;
}

/// The same arguments for an operator with the same inputs and other results.
static std::optional<Case> transfer(const Instance &from, const Case &drawn, const Instance &to) {
  if (from.symbols.size() != to.symbols.size())
    return std::nullopt;
  Case made;
  made.arguments = oracle::argumentsOf(to);
  made.arguments.symbols = drawn.arguments.symbols;
  made.arguments.packs = drawn.arguments.packs;
  made.seed = drawn.seed;
  made.isDefault.assign(to.params.size(), false);
  for (size_t s = 0; s < from.symbols.size(); ++s)
    if (from.symbols[s].name != to.symbols[s].name)
      return std::nullopt;
  for (size_t i = 0; i < from.params.size(); ++i) {
    if (from.params[i].isResult)
      continue;
    if (i >= to.params.size() || to.params[i].name != from.params[i].name || to.params[i].type != from.params[i].type)
      return std::nullopt;
    made.arguments.scalars[i] = drawn.arguments.scalars[i];
    made.arguments.tensors[i] = drawn.arguments.tensors[i];
  }
  return made;
}

std::string Checker::firstDifference(const Subject &subject, const Case &drawn, unsigned number,
                                     const Device &device) const {
  CutFile cut = cutAfterEach(module, subject.instance, options.file);
  process::TemporaryFile source(".tn"), compiled(".tnb");
  std::string error;
  bool isBug = false;
  if (cut.points.size() > 64)
    return "not looked for: the operator has more than 64 definitions";
  if (!source.write(cut.text.data(), cut.text.size()) || compiled.path().empty())
    return "not known: no temporary file can be made";
  CompileOptions compileOptions{options.importDirs, {}, true};
  std::filesystem::path folder = std::filesystem::path(options.file).parent_path();
  compileOptions.importDirs.push_back(folder.empty() ? "." : folder.string());
  Diagnostics diagnostics;
  std::unique_ptr<Module> parsed = parseModule(source.path(), compileOptions.importDirs, diagnostics);
  if (!parsed || diagnostics.hasErrors() ||
      !compile(source.path(), compiled.path(), targetsOf({device}), compileOptions, error, isBug))
    return "not known: the operator cut after each definition does not compile by itself";
  LoadedPackage package(device, compiled.path());
  for (const CutPoint &point : cut.points) {
    const Operator *op = parsed->find(point.op);
    auto all = op ? combinations(*op) : std::vector<std::vector<DType>>();
    std::unique_ptr<Instance> instance = all.empty() ? nullptr : instantiate(*op, all[0], diagnostics);
    std::optional<Case> same = instance ? transfer(subject.instance, drawn, *instance) : std::nullopt;
    if (!same)
      continue;
    oracle::Outcome want = oracle::Oracle(*instance).evaluate(same->arguments);
    LaunchResult got = launch(package, *instance, *same, {number % 2, false});
    bool isRight = want.kind == oracle::Outcome::Kind::Done && got.code == tnSuccess && got.message.empty();
    if (want.kind == oracle::Outcome::Kind::Fault && got.code == tnErrorKernelFault)
      continue;
    std::string name;
    for (const std::string &tensor : point.tensors) {
      name += (name.empty() ? "" : ", ") + tensor;
      for (size_t i = 0; isRight && i < instance->params.size(); ++i) {
        const Param &param = instance->params[i];
        if (param.name != tensor || !param.isResult)
          continue;
        // A temporary's type may be none that the test speaks of.
        double tolerance = std::max(toleranceOf(subject.test, param.type),
                                    isFloat(param.type) ? toleranceOf(nullptr, param.type) : 0.0);
        for (const Param &result : subject.instance.params)
          if (result.isResult && result.name == tensor)
            tolerance = toleranceOf(subject.test, param.type);
        oracle::Comparison comparison = oracle::compare(want.tensors[param.tensor], got.results[i], tolerance);
        isRight = comparison.wrong == 0;
      }
    }
    if (!isRight)
      return name + " (line " + std::to_string(point.statement.line()) + ": " + point.statement.oneLine() + ")";
  }
  return "none by itself: with its definitions kept as results the operator is right";
}

Failure Checker::explain(const Subject &subject, const Case &drawn, unsigned number, LoadedPackage &package) {
  Failure failure;
  Case smallest = shrink(subject, drawn, number, package);
  Judgement judgement = tryCase(subject, smallest, number, package);
  if (judgement.what.empty()) // It comes and goes.
    judgement.what = "differs in one launch and not in the next";
  failure.what = judgement.what;
  failure.element = judgement.element;
  failure.sizes = sizesText(subject.instance, smallest);
  std::string drawnSizes = sizesText(subject.instance, drawn);
  if (drawnSizes != failure.sizes)
    failure.drawnSizes = drawnSizes;
  failure.seed = smallest.seed;
  failure.command = command(subject, smallest, package.device);
  if (!judgement.element.empty()) {
    if (explained++ < mostExplained)
      failure.definition = firstDifference(subject, smallest, number, package.device);
    else
      failure.definition = "not looked for: " + std::to_string(mostExplained) + " failures have been already";
  }
  return failure;
}

} // namespace tenon::check
