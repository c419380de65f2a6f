//===- Pipeline.h - from formulas to a package --------------------------------===//
//
// Owns the order of the compiler's stages, which profiles are made and on how many threads. Does not own what happens in a
// stage, nor the reading of inputs: those come as a function that makes formulas, called once a thread, since each has its
// own context.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/targets/Target.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>

namespace tenon {

/// Registers and loads what the compiler's stages use.
void prepareContext(mlir::MLIRContext &context);

/// Fills an empty module with tenon.operators. Gives false after errors that have been reported.
using FormulaSource = std::function<bool(mlir::ModuleOp)>;

struct PipelineOptions {
  std::vector<Profile> profiles;
  unsigned threads = 1;
  std::string source;                    ///< Kept in the package for diagnostics.
};

/// How a run ended. Bug: something that a target must be able to compile could not be compiled.
enum class Outcome { Done, InputAtFault, Bug };

/// A stage as text, one entry a profile (and operator, where a stage is made one operator at a time).
struct StageText {
  std::string title, text;
};

/// Compiles to a package.
Outcome compilePackage(const FormulaSource &source, const PipelineOptions &options, std::vector<char> &bytes);

/// `--emit=`: formula, kernels, plan or code; `legalized` shows kernels after legalize.
enum class Stage { Formula, Kernels, Legalized, Plan, Code };
Outcome emitStage(const FormulaSource &source, const PipelineOptions &options, Stage stage,
                  std::vector<StageText> &texts);

/// Every profile of the named targets or profiles ("host", "vulkan-gpu", "native"); all of them where `names` is empty. An unknown
/// name gives false and a message that lists what there is.
bool selectProfiles(const std::vector<std::string> &names, std::vector<Profile> &profiles, std::string &error);

} // namespace tenon
