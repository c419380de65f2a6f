//===- Pipeline.cpp ---------------------------------------------------------===//
#include "compiler/Pipeline.h"

#include "compiler/PlanText.h"
#include "compiler/package/PackageWriter.h"
#include "compiler/passes/Legalize.h"
#include "compiler/schedule/Schedule.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

using namespace mlir;
using namespace tenon;

void tenon::prepareContext(MLIRContext &context) {
  context.loadDialect<formula::TenonDialect, arith::ArithDialect, func::FuncDialect, gpu::GPUDialect,
                      math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  context.disableMultithreading();
}

//===- what one profile makes of one instance -------------------------------===//

namespace {

/// One operator's kernels for one profile, scheduled and legalized.
struct Prepared {
  ScheduledInstance scheduled;
  std::vector<package::Expr> expressions; ///< Beyond the instance's own.
  std::vector<std::string> emulations;
};

/// A variant and the module that it needs, before modules are numbered.
struct Compiled {
  unsigned instance;
  Prepared prepared;
};

/// All that a profile contributes: modules, and variants that refer to them.
struct ProfileResult {
  std::vector<std::unique_ptr<package::ModuleT>> modules;
  struct Entry {
    unsigned instance, module;
    std::vector<package::Requirement> requirements;
    Prepared prepared;
    uint32_t firstKernel;
  };
  std::vector<Entry> entries;
  std::vector<StageText> texts;
  Outcome outcome = Outcome::Done;
};

} // namespace

static bool uses64BitFloats(formula::OperatorOp op) {
  bool found = false;
  op.walk([&](Operation *inner) {
    for (Type type : inner->getResultTypes())
      found |= getElementTypeOrSelf(type).isF64();
  });
  for (BlockArgument argument : op.getBody().getArguments())
    found |= getElementTypeOrSelf(argument.getType()).isF64();
  return found;
}

static std::vector<formula::OperatorOp> operatorsOf(ModuleOp module) {
  std::vector<formula::OperatorOp> result;
  for (formula::OperatorOp op : module.getOps<formula::OperatorOp>())
    result.push_back(op);
  return result;
}

static FailureOr<Prepared> prepare(formula::OperatorOp original, const Profile &profile, bool wantsLegal) {
  PlanBuilder plan;
  describeInstance(original, plan);
  size_t shared = plan.getExpressions().size();
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(original.getLoc());
  auto op = cast<formula::OperatorOp>(original->clone());
  scratch->push_back(op);
  plan.forgetValues();
  FailureOr<ScheduledInstance> scheduled =
      scheduleInstance(op, profile.device, plan, original.getSymName().str());
  if (failed(scheduled))
    return failure();
  Prepared result{std::move(*scheduled), {}, {}};
  const auto &all = plan.getExpressions();
  result.expressions.assign(all.begin() + shared, all.end());
  if (failed(verify(*result.scheduled.kernels)))
    return failure();
  if (wantsLegal && failed(legalize(*result.scheduled.kernels, profile.device, result.emulations)))
    return failure();
  return result;
}

//===- profiles -------------------------------------------------------------===//

static const Target &targetOf(const Profile &profile) {
  for (const Target *target : getTargets())
    for (const Profile &own : target->getProfiles())
      if (own.target == profile.target)
        return *target;
  llvm_unreachable("every profile comes from a target");
}

static std::unique_ptr<package::ModuleT> describeModule(const Profile &profile, CompiledModule &&compiled) {
  auto module = std::make_unique<package::ModuleT>();
  module->target = profile.target;
  module->profile = profile.name;
  module->code.assign(compiled.code.begin(), compiled.code.end());
  module->index_bits = compiled.indexBits;
  module->build_options = compiled.buildOptions;
  module->emulations = std::move(compiled.emulations);
  module->unvalidated = compiled.unvalidated;
  for (CompiledKernel &kernel : compiled.kernels) {
    auto entry = std::make_unique<package::KernelT>();
    entry->name = kernel.name;
    entry->block.assign(kernel.block, kernel.block + 3);
    entry->args = std::move(kernel.args);
    entry->access = std::move(kernel.access);
    entry->element_bytes = std::move(kernel.elementBytes);
    entry->arg_offsets = std::move(kernel.argOffsets);
    entry->arg_bytes = kernel.argBytes;
    entry->local_bytes = kernel.localBytes;
    module->kernels.push_back(std::move(entry));
  }
  return module;
}

static void addOnce(std::vector<std::string> &list, const std::vector<std::string> &more) {
  for (const std::string &entry : more)
    if (!llvm::is_contained(list, entry))
      list.push_back(entry);
}

static std::string printed(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  op->print(stream, flags);
  return text + "\n";
}

/// Compiles the operators in `numbers` into one module.
static void compileModule(ArrayRef<formula::OperatorOp> operators, ArrayRef<unsigned> numbers, const Profile &profile,
                          std::optional<Stage> stage, ProfileResult &result) {
  const Target &target = targetOf(profile);
  OwningOpRef<ModuleOp> kernels = ModuleOp::create(UnknownLoc::get(operators[0]->getContext()));
  std::vector<std::string> emulations;
  size_t firstEntry = result.entries.size();
  uint32_t kernelCount = 0;
  for (unsigned number : numbers) {
    formula::OperatorOp op = operators[number];
    FailureOr<Prepared> prepared = prepare(op, profile, stage != Stage::Kernels && stage != Stage::Plan);
    if (failed(prepared)) {
      result.outcome = Outcome::Bug;
      return;
    }
    std::string title = op.getSymName().str() + " for " + profile.name;
    if (stage == Stage::Kernels || stage == Stage::Legalized)
      result.texts.push_back({title, printed(*prepared->scheduled.kernels)});
    if (stage == Stage::Plan)
      result.texts.push_back({title, planText(op, prepared->scheduled, prepared->expressions)});
    addOnce(emulations, prepared->emulations);
    uint32_t first = kernelCount;
    for (Operation &kernel : llvm::make_early_inc_range(*prepared->scheduled.kernels->getBody())) {
      kernel.remove();
      kernels->push_back(&kernel);
      ++kernelCount;
    }
    prepared->scheduled.kernels = nullptr; // The context ends before the result does.
    ProfileResult::Entry entry{number, static_cast<unsigned>(result.modules.size()), profile.requirements,
                               std::move(*prepared), first};
    result.entries.push_back(std::move(entry));
  }
  if (stage && *stage != Stage::Code)
    return;
  if (kernelCount == 0) {
    // Nothing to launch (an operator without results cannot be written): no module either.
    result.outcome = Outcome::Bug;
    return;
  }
  FailureOr<CompiledModule> compiled = target.compile(*kernels, profile);
  if (failed(compiled)) {
    result.outcome = Outcome::Bug;
    return;
  }
  addOnce(emulations, compiled->emulations);
  compiled->emulations = emulations;
  if (stage) {
    FailureOr<std::string> text = target.disassemble(*compiled);
    if (failed(text))
      result.outcome = Outcome::Bug;
    else
      result.texts.push_back({profile.name, *text});
    return;
  }
  for (size_t i = firstEntry; i < result.entries.size(); ++i)
    llvm::append_range(result.entries[i].requirements, compiled->requirements);
  result.modules.push_back(describeModule(profile, std::move(*compiled)));
}

/// Native code is one shared object for all operators; a driver builds what it loads, so elsewhere each operator has its own module.
static void compileProfile(ArrayRef<formula::OperatorOp> operators, ArrayRef<unsigned> wanted, const Profile &profile,
                           std::optional<Stage> stage, ProfileResult &result) {
  std::vector<unsigned> numbers;
  for (unsigned number : wanted)
    if (profile.device.float64 || !uses64BitFloats(operators[number]))
      numbers.push_back(number);
  if (numbers.empty())
    return;
  if (profile.target == package::Target::Host)
    return compileModule(operators, numbers, profile, stage, result);
  for (unsigned number : numbers) {
    compileModule(operators, {number}, profile, stage, result);
    if (result.outcome != Outcome::Done)
      return;
  }
}

/// Whether code needs more of a device than narrow devices have.
static bool needsNarrow(const ProfileResult::Entry &entry, const Profile &profile) {
  using P = package::Property;
  return llvm::any_of(entry.requirements, [&](const package::Requirement &r) {
    return llvm::is_contained({P::Int8, P::Int16, P::Int64, P::Storage8, P::Storage16, P::Float16}, r.property());
  });
}

//===- all profiles ---------------------------------------------------------===//

/// Runs `work` for every number below `count` on some threads, each with a context and formulas of its own.
static Outcome inParallel(const FormulaSource &source, unsigned threads, unsigned count,
                          const std::function<void(ArrayRef<formula::OperatorOp>, unsigned)> &work) {
  std::atomic<unsigned> next{0};
  std::atomic<bool> broken{false};
  auto run = [&] {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    prepareContext(context);
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    if (!source(*module)) {
      broken = true;
      return;
    }
    std::vector<formula::OperatorOp> operators = operatorsOf(*module);
    for (unsigned i; (i = next++) < count && !broken;)
      work(operators, i);
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < std::min(threads, count); ++i)
    others.emplace_back(run);
  run();
  for (std::thread &thread : others)
    thread.join();
  return broken ? Outcome::InputAtFault : Outcome::Done;
}

/// Groups profiles so that a profile for narrow devices follows, in the same group, the one it stands in for.
static std::vector<std::vector<unsigned>> workUnits(ArrayRef<Profile> profiles) {
  std::vector<std::vector<unsigned>> units;
  for (auto [number, profile] : llvm::enumerate(profiles)) {
    if (profile.onlyForNarrowTypes && !units.empty() && profiles[units.back()[0]].target == profile.target)
      units.back().push_back(number);
    else
      units.push_back({static_cast<unsigned>(number)});
  }
  return units;
}

static Outcome runProfiles(const FormulaSource &source, const PipelineOptions &options, std::optional<Stage> stage,
                           std::vector<ProfileResult> &results) {
  results.resize(options.profiles.size());
  std::vector<std::vector<unsigned>> units = workUnits(options.profiles);
  Outcome outcome = inParallel(
      source, options.threads, units.size(), [&](ArrayRef<formula::OperatorOp> operators, unsigned unit) {
        std::vector<unsigned> wanted(operators.size());
        for (unsigned i = 0; i < wanted.size(); ++i)
          wanted[i] = i;
        bool isFirst = true;
        for (unsigned number : units[unit]) {
          const Profile &profile = options.profiles[number];
          if (profile.onlyForNarrowTypes && !isFirst && !stage) {
            wanted.clear();
            for (const auto &entry : results[units[unit][0]].entries)
              if (needsNarrow(entry, options.profiles[units[unit][0]]))
                wanted.push_back(entry.instance);
          }
          compileProfile(operators, wanted, profile, stage, results[number]);
          isFirst = false;
        }
      });
  for (const ProfileResult &result : results)
    if (outcome == Outcome::Done)
      outcome = result.outcome;
  return outcome;
}

Outcome tenon::emitStage(const FormulaSource &source, const PipelineOptions &options, Stage stage,
                         std::vector<StageText> &texts) {
  if (stage == Stage::Formula) {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    prepareContext(context);
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    if (!source(*module))
      return Outcome::InputAtFault;
    texts.push_back({"", printed(*module)});
    return Outcome::Done;
  }
  std::vector<ProfileResult> results;
  Outcome outcome = runProfiles(source, options, stage, results);
  for (ProfileResult &result : results)
    llvm::append_range(texts, result.texts);
  return outcome;
}

//===- the package ----------------------------------------------------------===//

static void renumberKernels(std::vector<std::unique_ptr<package::StepT>> &steps, uint32_t first) {
  for (auto &step : steps) {
    if (auto *launch = step->step.AsLaunch())
      launch->kernel += first;
    if (auto *branch = step->step.AsBranch()) {
      renumberKernels(branch->then, first);
      renumberKernels(branch->otherwise, first);
    }
    if (auto *loop = step->step.AsLoop())
      renumberKernels(loop->body, first);
  }
}

/// An operator's name without its types, so that instances gather under it.
static std::string baseName(formula::OperatorOp op) {
  if (auto name = op->getAttrOfType<StringAttr>("base_name"))
    return name.getValue().str();
  return op.getSymName().str();
}

Outcome tenon::compilePackage(const FormulaSource &source, const PipelineOptions &options, std::vector<char> &bytes) {
  std::vector<ProfileResult> results;
  Outcome outcome = runProfiles(source, options, std::nullopt, results);
  if (outcome != Outcome::Done)
    return outcome;

  MLIRContext context(MLIRContext::Threading::DISABLED);
  prepareContext(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  if (!source(*module))
    return Outcome::InputAtFault;
  package::PackageT package;
  package.producer = "tenonc";
  std::vector<package::InstanceT *> instances;
  for (formula::OperatorOp op : operatorsOf(*module)) {
    std::string name = baseName(op);
    package::OperatorT *owner = nullptr;
    for (auto &known : package.operators)
      if (known->name == name)
        owner = known.get();
    if (!owner) {
      package.operators.push_back(std::make_unique<package::OperatorT>());
      owner = package.operators.back().get();
      owner->name = name;
      owner->doc = op.getDoc().value_or("").str();
      owner->file = op.getFile().value_or("").str();
      owner->source = options.source;
      for (Attribute variable : op.getTypeVariables())
        owner->type_variables.push_back(cast<StringAttr>(variable).getValue().str());
    }
    PlanBuilder plan;
    owner->instances.push_back(describeInstance(op, plan));
    owner->instances.back()->expressions = plan.getExpressions();
    instances.push_back(owner->instances.back().get());
  }
  std::vector<std::optional<std::vector<std::pair<uint32_t, uint32_t>>>> inplace(instances.size());
  for (ProfileResult &result : results) {
    uint32_t firstModule = package.modules.size();
    for (auto &compiled : result.modules)
      package.modules.push_back(std::move(compiled));
    for (ProfileResult::Entry &entry : result.entries) {
      package::InstanceT &instance = *instances[entry.instance];
      auto variant = std::make_unique<package::VariantT>();
      variant->module_ = firstModule + entry.module;
      variant->requires_ = entry.requirements;
      ScheduledInstance &scheduled = entry.prepared.scheduled;
      variant->checks = std::move(scheduled.checks);
      variant->expressions = entry.prepared.expressions;
      for (ExprId size : scheduled.workspace)
        variant->workspace.emplace_back(size);
      renumberKernels(scheduled.plan, entry.firstKernel);
      variant->plan = std::move(scheduled.plan);
      // All variants number the same faults alike: they come from the same formula.
      if (scheduled.faults.size() > instance.faults.size())
        instance.faults = scheduled.faults;
      auto &common = inplace[entry.instance];
      if (!common)
        common = scheduled.inplace;
      else
        llvm::erase_if(*common, [&](auto pair) { return !llvm::is_contained(scheduled.inplace, pair); });
      instance.variants.push_back(std::move(variant));
    }
  }
  for (auto [number, pairs] : llvm::enumerate(inplace))
    if (pairs)
      for (auto [result, input] : *pairs) {
        instances[number]->inplace.push_back(result);
        instances[number]->inplace.push_back(input);
      }
  bytes = writePackage(package);
  return Outcome::Done;
}

//===- choosing profiles ----------------------------------------------------===//

/// This machine's x86-64 level, as the psABI defines them.
static unsigned hostLevel() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<const char *> names) {
    return llvm::all_of(names, [&](const char *name) { return features.lookup(name); });
  };
  if (!has({"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}))
    return 2;
  return has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}) ? 4 : 3;
}

bool tenon::selectProfiles(const std::vector<std::string> &names, std::vector<Profile> &profiles, std::string &error) {
  std::string native = "host-x86-64-v" + std::to_string(hostLevel());
  std::string known = "native";
  std::vector<bool> used(names.size());
  for (const Target *target : getTargets()) {
    known += ", " + target->getName().str();
    for (const Profile &profile : target->getProfiles()) {
      known += ", " + profile.name;
      bool wanted = names.empty();
      for (auto [i, name] : llvm::enumerate(names))
        if (name == target->getName() || name == profile.name || (name == "native" && profile.name == native))
          wanted = used[i] = true;
      if (wanted)
        profiles.push_back(profile);
    }
  }
  for (auto [i, name] : llvm::enumerate(names))
    if (!used[i]) {
      error = "unknown target or profile " + name + "; there are " + known;
      return false;
    }
  return true;
}
