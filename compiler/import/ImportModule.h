//===- ImportModule.h - MLIR modules as inputs --------------------------------===//
//
// Owns the way from an .mlir or .mlirbc file to formulas: reading, the names that its text has, upstream's lowering of
// tosa and of named operations, and messages with places. A module may hold tenon.operators (what `--emit=formula`
// prints), which are checked and taken as they are, and functions on tensors, which FunctionImporter turns into
// operators.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "dialects/Tenon.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"

#include <string>

namespace tenon {

/// The formulas of an MLIR file.
struct ModuleInput {
  std::string formulas; ///< As bytecode, so that every thread can have them in a context of its own.
  std::string text;     ///< The file, if it is text.
};

/// Whether a file's name says that it holds MLIR (.mlir, .mlirbc, .bc).
bool isModuleFile(llvm::StringRef path);

/// Reads a file. False after errors; `messages` is then, or with warnings, what the user should see.
bool readModule(const std::string &path, ModuleInput &input, std::string &messages);

/// Adds the formulas to `module`. The dialects of formulas must be there.
bool addFormulas(const ModuleInput &input, mlir::ModuleOp module);

/// The dialects that an input may use.
void registerInputDialects(mlir::DialectRegistry &registry);

/// Moves and imports everything in `input` into `formulas`. `file` is its name in messages at launch. Failure is an
/// error already emitted.
mlir::LogicalResult importModule(mlir::ModuleOp input, mlir::ModuleOp formulas, llvm::StringRef file);

/// What importModule does first: calls are inlined, tosa becomes linalg, named linalg operations become generic ones.
mlir::LogicalResult lowerInput(mlir::ModuleOp input);

/// Whether an operator that was not made by this compiler just now is one that it could have made. Failure is an error
/// already emitted.
mlir::LogicalResult checkFormula(formula::OperatorOp op);

} // namespace tenon
