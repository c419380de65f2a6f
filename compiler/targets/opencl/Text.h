//===- Text.h - the words of OpenCL C ---------------------------------------===//
//
// Owns how types, constants and names of kernel IR are spelled in OpenCL C 1.2. Does not own statements.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSet.h"

#include <optional>
#include <string>

namespace tenon::opencl {

/// The element of a vector, or the type itself.
mlir::Type getElement(mlir::Type type);
/// The number of elements; 1 for a scalar.
unsigned getWidth(mlir::Type type);
/// Bits of an element; an index has 64.
unsigned getBits(mlir::Type type);
inline bool isVector(mlir::Type type) { return mlir::isa<mlir::VectorType>(type); }
/// True for i1 and vectors of it: an int of 0 or 1, or a mask of 0 and -1.
bool isBool(mlir::Type type);

/// True where a value of this type can be spelled: kernel IR's scalars, and vectors of 2, 4, 8 or 16 of them.
bool isSpeakable(mlir::Type type);

/// "float8", "long". Integers are signed; f16 and bf16 are ushort, i1 is int.
std::string getTypeName(mlir::Type type);
/// The unsigned type of the same width, for integers.
std::string getUnsignedName(mlir::Type type);
/// The signed or unsigned integer type of `bits` with `width` elements.
std::string getIntegerName(unsigned bits, unsigned width, bool isUnsigned);

/// A literal of exactly this type, in parentheses where it needs them.
std::string getLiteral(mlir::TypedAttr value);

/// Hands out identifiers that are neither taken nor mean anything in OpenCL C.
class Names {
public:
  /// "v0", "v1", ... for prefix "v": the counter is common to all prefixes.
  std::string getFresh(llvm::StringRef prefix) { return (prefix + llvm::Twine(counter++)).str(); }
  /// `wanted`, with what makes it an identifier of its own.
  std::string getNamed(llvm::StringRef wanted);

private:
  unsigned counter = 0;
  llvm::StringSet<> taken;
};

} // namespace tenon::opencl
