//===- Launch.h - from bound arguments to work in a stream -------------------------------------------===//
//
// Owns the second half of a launch: which variant runs, the walk over its plan, workspace and faults, and handing the
// kernels to the stream. Does not own what the arguments mean (Bind).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Module.h"
#include "tenon/tenon.h"

namespace tenon {

Status launchOperator(LoadedOperator &op, void **args, Stream &stream);
Status inferShapes(LoadedOperator &op, void **args);
Status workspaceSize(LoadedOperator &op, void **args, uint64_t &bytes);
Status launchFunction(Function &function, tnDim3 grid, tnDim3 block, void **args, uint64_t shared, Stream &stream);

} // namespace tenon
