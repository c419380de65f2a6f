//===- Cut.h - operators that end after each definition ---------------------===//
//
// Owns writing a .tn file with one operator for each statement of a given one: the same up to that statement, whose
// tensors are results. So the first definition that a device gets wrong is found. Does not own running them.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Frontend.h"

namespace tenon::check {

struct CutPoint {
  std::string op;                   ///< The operator's name in the new file.
  std::vector<std::string> tensors; ///< What its last statement defines.
  SourceRange statement;            ///< In the original file.
};

struct CutFile {
  std::string text;
  std::vector<CutPoint> points;
};

/// For the instance's types alone. `path` is the original file's; the text imports it.
CutFile cutAfterEach(const Module &module, const Instance &instance, const std::string &path);

} // namespace tenon::check
