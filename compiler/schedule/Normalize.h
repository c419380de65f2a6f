//===- Normalize.h - a formula made ready for grouping -----------------------===//
#pragma once

#include "dialects/Tenon.h"

namespace tenon {

/// Rewrites a formula in place, keeping its meaning: what does not change inside a reduction moves out of it; a reduction
/// that does not depend on all of its definition's indices becomes a definition of its own; temporaries that are cheap
/// or read once move into their reader (this is where statements fuse); what nobody reads goes away.
void normalize(formula::OperatorOp op);

/// Whether `read`, in the body of `reader`, has exactly the reader's indices as its subscripts, in their order.
bool isIdentityRead(formula::ReadOp read, formula::DefineOp reader);

/// The definition in whose body `op` is.
formula::DefineOp definitionOf(mlir::Operation *op);

} // namespace tenon
