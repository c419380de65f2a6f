//===- Compile.h - tenonc as a child ----------------------------------------===//
//
// Owns compiling a file for the targets of the devices to check. A process apart: drivers with an LLVM of their own are
// in this one.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "tenon-check/Launch.h"

namespace tenon::check {

struct CompileOptions {
  std::vector<std::string> importDirs, types;
  bool isQuiet = false; ///< What tenonc says goes into the error alone.
};

/// The targets that some device takes, as tenonc names them; of host alone the code for this machine.
std::vector<std::string> targetsOf(const std::vector<Device> &devices);

/// Writes `package`. False and a message where that fails; `isBug` then tells whose fault it is.
bool compile(const std::string &file, const std::string &package, const std::vector<std::string> &targets,
             const CompileOptions &options, std::string &error, bool &isBug);

} // namespace tenon::check
