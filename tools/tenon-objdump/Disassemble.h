//===- Disassemble.h - code of a module as text -----------------------------===//
//
// Owns turning a module's code into text for people, whatever its target.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package_generated.h"

#include <string>

namespace tenon {

/// OpenCL C as it is, SPIR-V through SPIRV-Tools, host code through llvm-objdump. False and a message if it cannot be.
bool disassemble(const package::Module &module, std::string &text, std::string &error);

} // namespace tenon
