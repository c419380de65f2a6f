//===- NarrowFloats.h - f16 and bf16 by bit arithmetic ----------------------===//
//
// Owns exact conversions between f32 or f64 and the 16-bit floats, in 32-bit integers: devices differ in how they
// round, flush and treat NaN, and this does not.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Code.h"

namespace tenon::spirv {

/// The f32 of the f16 in the low 16 bits (zero-extended) of a 32-bit integer.
Piece halfToFloat(Code &code, Piece bits);
/// The bits, in a 32-bit integer, of the f16 nearest to an f32; ties to even.
Piece floatToHalf(Code &code, Piece value);
/// The same for bf16.
Piece bfloatToFloat(Code &code, Piece bits);
Piece floatToBfloat(Code &code, Piece value);
/// f64 to f32, rounded to odd: rounding that once more to 16 bits gives what rounding once would.
Piece doubleToOddFloat(Code &code, Piece value);

} // namespace tenon::spirv
