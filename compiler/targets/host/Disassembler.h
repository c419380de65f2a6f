//===- Disassembler.h - host code as text -----------------------------------===//
//
// Owns the assembly listing of a shared object. Does not own how it was made.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace tenon::host {

/// Every exported function of an x86-64 shared object, in the order of their addresses, in Intel's syntax.
llvm::Expected<std::string> disassembleSharedObject(llvm::ArrayRef<char> code);

} // namespace tenon::host
