//===- Instantiate.cpp - operators for combinations of types ----------------===//
//
// Owns what a caller asks of a parsed module: combinations, instances, and errors said once for all of them.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Limits.h"

#include <algorithm>

using namespace tenon;

std::vector<std::vector<DType>> tenon::combinations(const Operator &op) {
  std::vector<std::vector<DType>> result{{}};
  for (const TypeVariable &variable : op.typeVariables) {
    std::vector<std::vector<DType>> longer;
    for (const auto &prefix : result)
      for (DType type : variable.types) {
        if (longer.size() >= maxCombinations)
          break;
        longer.push_back(prefix);
        longer.back().push_back(type);
      }
    result = std::move(longer);
  }
  return result;
}

std::unique_ptr<Instance> tenon::instantiate(const Operator &op, const std::vector<DType> &types,
                                             Diagnostics &diagnostics) {
  if (types.size() != op.typeVariables.size()) {
    diagnostics.error(op.nameRange, op.name + " has " + std::to_string(op.typeVariables.size()) + " type variables, " +
                                        std::to_string(types.size()) + " types given");
    return nullptr;
  }
  for (size_t i = 0; i < types.size(); ++i) {
    const auto &allowed = op.typeVariables[i].types;
    if (std::find(allowed.begin(), allowed.end(), types[i]) == allowed.end()) {
      diagnostics.error(op.typeVariables[i].range,
                        op.name + " is not declared for " + op.typeVariables[i].name + " = " + getName(types[i]));
      return nullptr;
    }
  }
  // On its own, so that errors of other operators do not count.
  Diagnostics local;
  auto instance = std::make_unique<Instance>();
  {
    Checker checker(local, *instance);
    checker.checkOperator(op, types);
    if (!local.hasErrors())
      analyzeBounds(*instance, checker.indexTable(), local);
    checker.warnUnused(*op.syntax);
  }
  bool failed = local.hasErrors() || op.syntax->broken;
  for (const Diagnostic &diagnostic : local.all())
    diagnostics.add(diagnostic);
  return failed ? nullptr : std::move(instance);
}

std::vector<std::unique_ptr<Instance>> tenon::instantiateAll(const Operator &op, Diagnostics &diagnostics,
                                                             const std::vector<std::vector<DType>> &chosen) {
  auto all = chosen.empty() ? combinations(op) : chosen;
  struct Said {
    Diagnostic diagnostic;
    size_t first, count = 0;
  };
  std::vector<Said> said;
  std::vector<std::unique_ptr<Instance>> result;
  bool failed = false;
  for (size_t c = 0; c < all.size(); ++c) {
    Diagnostics local;
    auto instance = instantiate(op, all[c], local);
    failed |= !instance;
    result.push_back(std::move(instance));
    for (const Diagnostic &diagnostic : local.all()) {
      auto found = std::find_if(said.begin(), said.end(), [&](const Said &other) {
        return other.diagnostic.severity == diagnostic.severity &&
               other.diagnostic.range.file == diagnostic.range.file &&
               other.diagnostic.range.begin == diagnostic.range.begin;
      });
      if (found == said.end())
        said.push_back({diagnostic, c, 1});
      else if (found->diagnostic.message == diagnostic.message)
        ++found->count;
    }
  }
  for (Said &entry : said) {
    if (entry.count < all.size()) {
      std::string with;
      for (size_t i = 0; i < op.typeVariables.size(); ++i)
        with += (with.empty() ? "" : ", ") + op.typeVariables[i].name + " = " + getName(all[entry.first][i]);
      entry.diagnostic.notes.push_back({op.nameRange, "in " + op.name + " with " + with});
    }
    diagnostics.add(std::move(entry.diagnostic));
  }
  if (failed)
    result.clear();
  return result;
}

bool tenon::checkModule(const Module &module, Diagnostics &diagnostics) {
  unsigned before = diagnostics.errorCount();
  for (const auto &op : module.operators())
    instantiateAll(*op, diagnostics);
  return diagnostics.errorCount() == before;
}

// ---- what does not depend on a combination -------------------------------------------------------------------------

namespace tenon {
void checkTests(Module &module, Diagnostics &diagnostics); // CheckTest.cpp
void checkDeclarations(Module &module, Diagnostics &diagnostics);
} // namespace tenon

static void checkTypeVariables(const Operator &op, Diagnostics &diagnostics) {
  for (const TypeVariable &variable : op.typeVariables) {
    bool used = false;
    for (const auto *list : {&op.syntax->params, &op.syntax->results})
      for (const syntax::ParamDecl &param : *list)
        used |= param.type.text == variable.name && (param.isTensor || list == &op.syntax->results);
    if (!used)
      diagnostics.error(variable.range, "type variable " + variable.name + " types no tensor parameter and no result");
  }
  uint64_t count = 1;
  for (const TypeVariable &variable : op.typeVariables)
    count = std::min<uint64_t>(count * variable.types.size(), UINT32_MAX);
  if (count > maxCombinations)
    diagnostics.error(op.nameRange, op.name + " has " + std::to_string(count) +
                                        " combinations of types, the limit is " + std::to_string(maxCombinations));
}

static void checkFnDeclaration(const syntax::FnDecl &fn, const Unit &unit, Diagnostics &diagnostics) {
  auto variables = typeVariablesOf(fn.where, diagnostics);
  for (const syntax::Clause &clause : fn.where)
    if (clause.condition)
      diagnostics.error(clause.range, "an fn has no sizes to put conditions on: only types, T in {...}");
  std::vector<std::map<std::string, DType>> all{{}};
  for (const TypeVariable &variable : variables) {
    std::vector<std::map<std::string, DType>> longer;
    for (const auto &prefix : all)
      for (DType type : variable.types)
        if (longer.size() < maxCombinations) {
          longer.push_back(prefix);
          longer.back()[variable.name] = type;
        }
    all = std::move(longer);
  }
  for (const auto &types : all) {
    Instance scratch;
    Diagnostics local;
    Checker(local, scratch).checkFn(fn, unit, types);
    for (Diagnostic diagnostic : local.all()) {
      bool isError = diagnostic.severity == Severity::Error;
      if (isError && !types.empty()) {
        std::string with;
        for (const auto &[name, type] : types)
          with += (with.empty() ? "" : ", ") + name + " = " + getName(type);
        diagnostic.notes.push_back({fn.name.range, "in " + fn.name.text + " with " + with});
      }
      diagnostics.add(std::move(diagnostic));
    }
    if (local.hasErrors())
      return; // The other combinations would mostly say the same.
  }
}

void tenon::checkDeclarations(Module &module, Diagnostics &diagnostics) {
  for (const auto &unit : module.units) {
    for (const auto &constant : unit->consts) {
      Instance scratch;
      Checker(diagnostics, scratch).constantValue(*constant);
    }
    for (const auto &op : unit->operators)
      checkTypeVariables(*op, diagnostics);
    for (const auto &fn : unit->file->fns)
      checkFnDeclaration(*fn, *unit, diagnostics);
  }
  checkTests(module, diagnostics);
}
