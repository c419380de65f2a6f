//===- Module.cpp - a package loaded for a device ------------------------------------------------------===//
#include "core/Module.h"

#include "core/Handles.h"
#include "core/Log.h"

#include <algorithm>
#include <cstring>

namespace tenon {

using namespace package;

int targetRank(const DeviceInfo &device, Target target) {
  for (size_t i = 0; i < device.targets.size(); ++i)
    if (device.targets[i] == target)
      return static_cast<int>(i);
  return -1;
}

std::string rejectVariant(const DeviceInfo &device, const package::Module &module, const Variant *variant) {
  std::string profile = module.profile()->str();
  if (targetRank(device, module.target()) < 0) {
    std::string accepted;
    for (Target target : device.targets)
      accepted += std::string(accepted.empty() ? "" : " and ") + nameOf(target);
    return profile + " is " + nameOf(module.target()) + " code, the device takes " +
           (accepted.empty() ? "none" : accepted);
  }
  if (variant && variant->requires_())
    for (const Requirement *r : *variant->requires_()) {
      int64_t have = device.property(r->property()), want = r->value();
      bool holds = r->relation() == Relation::Equal     ? have == want
                   : r->relation() == Relation::AtLeast ? have >= want
                                                        : have <= want;
      if (holds)
        continue;
      const char *relation = r->relation() == Relation::Equal     ? ""
                             : r->relation() == Relation::AtLeast ? " at least"
                                                                  : " at most";
      if (r->property() == Property::Class)
        return profile + " is for a device of class " + (want ? "gpu" : "cpu") + ", this is a " +
               (have ? "gpu" : "cpu");
      if (r->property() >= Property::Float16 && want == 1)
        return profile + " needs " + nameOf(r->property()) + ", which the device has not";
      return text("%s needs %s%s %lld, the device has %lld", profile.c_str(), nameOf(r->property()), relation,
                  static_cast<long long>(want), static_cast<long long>(have));
    }
  for (const Kernel *kernel : *module.kernels()) {
    uint64_t items = 1;
    for (unsigned axis = 0; axis < 3; ++axis)
      items *= kernel->block()->Get(axis);
    int64_t limit = device.property(Property::MaxGroupSize);
    if (items > static_cast<uint64_t>(limit))
      return text("%s: %llu work-items per group in %s, device allows %lld", profile.c_str(),
                  static_cast<unsigned long long>(items), kernel->name()->c_str(), static_cast<long long>(limit));
    for (unsigned axis = 0; axis < 3; ++axis)
      if (kernel->block()->Get(axis) > device.maxBlock[axis])
        return text("%s: %u work-items in %c of a group in %s, device allows %llu", profile.c_str(),
                    kernel->block()->Get(axis), "xyz"[axis], kernel->name()->c_str(),
                    static_cast<unsigned long long>(device.maxBlock[axis]));
    if (kernel->local_bytes() > static_cast<uint64_t>(device.property(Property::LocalMemory)))
      return text("%s: %llu bytes of workgroup memory in %s, device has %lld", profile.c_str(),
                  static_cast<unsigned long long>(kernel->local_bytes()), kernel->name()->c_str(),
                  static_cast<long long>(device.property(Property::LocalMemory)));
  }
  return {};
}

LoadedOperator::LoadedOperator(LoadedModule &module, const package::Operator &table) : module(module), table(table) {
  for (const Instance *instance : *table.instances()) {
    instances.push_back(std::make_unique<InstanceState>());
    instances.back()->instance = instance;
  }
}

InstanceState &LoadedOperator::state(size_t index) {
  InstanceState &state = *instances[index];
  std::call_once(state.once, [&] {
    const DeviceInfo &device = module.context.info();
    const auto &modules = *module.package().modules();
    for (const Variant *variant : *state.instance->variants()) {
      const package::Module &code = *modules.Get(variant->module_());
      std::string why = rejectVariant(device, code, variant);
      if (why.empty())
        // The package's order is best first for one target; between targets the device knows better.
        state.candidates.insert(std::upper_bound(state.candidates.begin(), state.candidates.end(),
                                                 targetRank(device, code.target()),
                                                 [&](int rank, const Candidate &other) {
                                                   return rank < targetRank(device, other.module->target());
                                                 }),
                                {variant, &code, findLoopUse(*state.instance, *variant)});
      else
        state.rejected += (state.rejected.empty() ? "" : "; ") + why;
    }
  });
  return state;
}

LoadedModule::LoadedModule(Context &context, std::shared_ptr<const PackageFile> packageFile)
    : context(context), file(std::move(packageFile)), programs(package().modules()->size()),
      built(package().modules()->size()) {
  for (const package::Operator *op : *package().operators())
    operators.push_back(std::make_unique<LoadedOperator>(*this, *op));
}

Status LoadedModule::program(uint32_t index, Program *&result) {
  result = built[index].load(std::memory_order_acquire);
  if (result)
    return {};
  std::unique_lock guard(lock);
  if (!programs[index]) {
    const package::Module &code = *package().modules()->Get(index);
    std::string key = text("%016llx-%u", static_cast<unsigned long long>(file->hash()), index);
    log(LogLevel::Info, "building %s for %s", code.profile()->c_str(), context.id().c_str());
    if (Status status = context.device().load(code, key, programs[index]); !status.ok())
      return std::move(status).in("build of " + code.profile()->str() + " for " + context.id());
    built[index].store(programs[index].get(), std::memory_order_release);
  }
  result = programs[index].get();
  return {};
}

Status LoadedModule::findOperator(const char *name, LoadedOperator *&op) {
  std::string names;
  for (auto &candidate : operators) {
    if (!strcmp(candidate->name(), name)) {
      op = candidate.get();
      addHandle(op, HandleKind::Op);
      return {};
    }
    names += std::string(names.empty() ? "" : ", ") + candidate->name();
  }
  return error(tnErrorSymbolNotFound, "no operator '%s' in the module; it has %s", name,
               names.empty() ? "none" : names.c_str());
}

Status LoadedModule::findFunction(const char *name, Function *&function) {
  std::unique_lock guard(lock);
  if (auto it = functions.find(name); it != functions.end()) {
    function = it->second.get();
    return {};
  }
  // Of the modules that some usable variant is in, the one whose target the device likes best.
  const DeviceInfo &device = context.info();
  int best = -1;
  uint32_t bestModule = 0, bestKernel = 0;
  bool exists = false;
  std::string rejected;
  for (const package::Operator *op : *package().operators())
    for (const Instance *instance : *op->instances())
      for (const Variant *variant : *instance->variants()) {
        const package::Module &code = *package().modules()->Get(variant->module_());
        for (uint32_t k = 0; k < code.kernels()->size(); ++k) {
          if (strcmp(code.kernels()->Get(k)->name()->c_str(), name) != 0)
            continue;
          exists = true;
          std::string why = rejectVariant(device, code, variant);
          if (!why.empty()) {
            if (rejected.find(why) == std::string::npos)
              rejected += (rejected.empty() ? "" : "; ") + why;
            continue;
          }
          int rank = targetRank(device, code.target());
          if (best < 0 || rank < best) {
            best = rank;
            bestModule = variant->module_();
            bestKernel = k;
          }
        }
      }
  if (!exists)
    return error(tnErrorSymbolNotFound, "no kernel '%s' in the module", name);
  if (best < 0)
    return error(tnErrorNoVariant, "kernel %s: no code of it runs on %s: %s", name, context.id().c_str(),
                 rejected.c_str());
  auto made = std::make_unique<Function>(
      Function{*this, bestModule, bestKernel, *package().modules()->Get(bestModule)->kernels()->Get(bestKernel)});
  function = made.get();
  addHandle(function, HandleKind::Function);
  functions.emplace(name, std::move(made));
  return {};
}

void LoadedModule::invalidate() {
  std::unique_lock guard(lock);
  removeHandle(this, HandleKind::Module);
  for (auto &op : operators)
    removeHandle(op.get(), HandleKind::Op);
  for (auto &function : functions)
    removeHandle(function.second.get(), HandleKind::Function);
}

} // namespace tenon
