//===- CodeGen.h - LLVM IR to an object file --------------------------------===//
//
// Owns optimisation and code generation for one x86-64 level. Does not own linking.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace tenon::host {

/// Registers LLVM's X86 target once and for all.
void initializeX86();

/// A machine for "x86-64-v2", "-v3" or "-v4", with contraction of floating point off.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(llvm::StringRef cpu);

/// Sets the module's triple, layout and the functions' CPU attributes.
void prepareModule(llvm::Module &module, llvm::TargetMachine &machine, unsigned vectorBits);

/// Optimises in place.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// The object file of an optimised module.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace tenon::host
