//===- Semantics.h - the language's meaning of casts and integer operations -===//
//
// Owns what no device may decide for itself: division by zero, wide shifts, saturating casts, rounding of conversions.
// Does not own the walk over a kernel: Legalize.cpp.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Emit.h"

namespace tenon {

// Integers, index and vectors of them. x / 0 = 0, x % 0 = x, MIN / -1 = MIN.
Term divideSigned(Term a, Term b);
Term divideUnsigned(Term a, Term b);
Term remainderSigned(Term a, Term b);
Term remainderUnsigned(Term a, Term b);
Term floorDivideSigned(Term a, Term b);
Term ceilDivideSigned(Term a, Term b);
Term ceilDivideUnsigned(Term a, Term b);

// A count of the width or more, or a negative one, shifts everything out.
Term shiftLeft(Term a, Term count);
Term shiftRightLogical(Term a, Term count);
Term shiftRightArithmetic(Term a, Term count);

/// f32 or f64 to an integer type: truncates, saturates, NaN gives 0.
Term floatToInt(Term x, mlir::Type to, bool isSigned);
/// Any integer to f16, bf16, f32 or f64, to nearest even in one rounding.
Term intToFloat(Term x, mlir::Type to, bool isSigned);
/// f16 or bf16 to f32 or f64.
Term extendNarrow(Term x, mlir::Type to);
/// f32 or f64 to f16 or bf16, to nearest even in one rounding.
Term truncateNarrow(Term x, mlir::Type to);

} // namespace tenon
