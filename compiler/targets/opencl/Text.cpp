//===- Text.cpp - the words of OpenCL C -------------------------------------===//
//
// Owns spelling; see Text.h.
//
//===------------------------------------------------------------------------===//
#include "Text.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tenon::opencl {

Type getElement(Type type) { return getElementTypeOrSelf(type); }

unsigned getWidth(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

unsigned getBits(Type type) {
  type = getElement(type);
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

bool isBool(Type type) { return getElement(type).isInteger(1); }

bool isSpeakable(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    if (vector.getRank() != 1 || vector.isScalable() || !llvm::is_contained({2, 4, 8, 16}, vector.getNumElements()))
      return false;
  Type element = getElement(type);
  if (auto integer = dyn_cast<IntegerType>(element))
    return integer.isSignless() && llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
  return element.isIndex() || element.isF16() || element.isBF16() || element.isF32() || element.isF64();
}

static std::string withWidth(llvm::StringRef name, unsigned width) {
  return width == 1 ? name.str() : (name + llvm::Twine(width)).str();
}

std::string getIntegerName(unsigned bits, unsigned width, bool isUnsigned) {
  llvm::StringRef name = bits == 8 ? "char" : bits == 16 ? "short" : bits == 64 ? "long" : "int";
  return withWidth(((isUnsigned ? "u" : "") + name).str(), width);
}

std::string getTypeName(Type type) {
  Type element = getElement(type);
  unsigned width = getWidth(type);
  if (element.isF32())
    return withWidth("float", width);
  if (element.isF64())
    return withWidth("double", width);
  if (element.isF16() || element.isBF16())
    return withWidth("ushort", width);
  return getIntegerName(getBits(type), width, /*isUnsigned=*/false); // i1 has neither 8, 16 nor 64 bits: int.
}

std::string getUnsignedName(Type type) { return getIntegerName(getBits(type), getWidth(type), /*isUnsigned=*/true); }

static std::string getFloatLiteral(const llvm::APFloat &value, bool isDouble) {
  llvm::APInt bits = value.bitcastToAPInt();
  if (value.isNaN() || (value.isInfinity() && isDouble))
    return (isDouble ? "as_double(0x" : "as_float(0x") + llvm::utohexstr(bits.getZExtValue(), /*LowerCase=*/true) +
           (isDouble ? "UL)" : "u)");
  if (value.isInfinity())
    return value.isNegative() ? "(-INFINITY)" : "INFINITY";
  std::string text;
  // Small whole numbers are read more easily in decimal; everything else is exact in hexadecimal.
  if (value.isInteger() && llvm::abs(value) < llvm::APFloat(value.getSemantics(), "1048576")) {
    llvm::SmallString<32> digits;
    llvm::abs(value).toString(digits, /*FormatPrecision=*/0, /*FormatMaxPadding=*/20);
    text = (digits + (llvm::StringRef(digits).contains('.') ? "" : ".0")).str();
  } else {
    char buffer[64];
    llvm::abs(value).convertToHexString(buffer, /*HexDigits=*/0, /*UpperCase=*/false,
                                        llvm::APFloat::rmNearestTiesToEven);
    text = buffer;
  }
  if (!isDouble)
    text += "f";
  return value.isNegative() ? "(-" + text + ")" : text;
}

static std::string getIntegerLiteral(const llvm::APInt &value, Type type, bool isLane) {
  if (isBool(type))
    return value.isZero() ? "0" : isLane ? "-1" : "1";
  unsigned bits = getBits(type);
  int64_t number = value.sextOrTrunc(64).getSExtValue();
  llvm::StringRef suffix = bits == 64 ? "L" : "";
  std::string text;
  if (bits >= 32 && value.sextOrTrunc(bits).isMinSignedValue()) // Its absolute value is no literal of the type.
    text = "(-" + std::to_string(-(number + 1)) + suffix.str() + " - 1" + suffix.str() + ")";
  else
    text = std::to_string(number) + suffix.str();
  if (bits < 32)
    return "(" + getTypeName(type) + ")" + (number < 0 ? "(" + text + ")" : text);
  return text[0] == '-' ? "(" + text + ")" : text;
}

static std::string getScalarLiteral(Attribute value, Type type, bool isLane) {
  auto real = dyn_cast<FloatAttr>(value);
  if (!real)
    return getIntegerLiteral(cast<IntegerAttr>(value).getValue(), type, isLane);
  if (type.isF16() || type.isBF16())
    return "(ushort)0x" +
           llvm::utohexstr(real.getValue().bitcastToAPInt().getZExtValue(), /*LowerCase=*/true, /*Width=*/4);
  return getFloatLiteral(real.getValue(), type.isF64());
}

std::string getLiteral(TypedAttr value) {
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return getScalarLiteral(value, value.getType(), /*isLane=*/false);
  Type element = dense.getElementType();
  std::string text = "(" + getTypeName(value.getType()) + ")(";
  if (dense.isSplat())
    return text + getScalarLiteral(dense.getSplatValue<Attribute>(), element, /*isLane=*/true) + ")";
  llvm::ListSeparator separator;
  for (Attribute lane : dense.getValues<Attribute>())
    text += llvm::StringRef(separator).str() + getScalarLiteral(lane, element, /*isLane=*/true);
  return text + ")";
}

/// Words that an argument must not be called: OpenCL C's own, those of the functions that the emitter calls, and C++'s
/// operators, which some drivers' headers define.
static bool isReserved(llvm::StringRef name) {
  static const llvm::StringSet<> words = {
      "asm",        "auto",      "bool",      "break",     "case",         "char",         "complex", "const",
      "constant",   "continue",  "default",   "do",        "double",       "else",         "enum",    "event_t",
      "extern",     "false",     "float",     "for",       "generic",      "global",       "goto",    "half",
      "if",         "image1d_t", "image2d_t", "image3d_t", "imaginary",    "inline",       "int",     "intptr_t",
      "kernel",     "local",     "long",      "pipe",      "private",      "ptrdiff_t",    "quad",    "read_only",
      "read_write", "register",  "restrict",  "return",    "sampler_t",    "short",        "signed",  "sizeof",
      "size_t",     "static",    "struct",    "switch",    "true",         "typedef",      "typeof",  "uchar",
      "uint",       "uintptr_t", "ulong",     "uniform",   "union",        "unsigned",     "unused",  "ushort",
      "vec_step",   "void",      "volatile",  "while",     "write_only",   "and",          "or",      "not",
      "xor",        "linux",     "unix",      "main",      "barrier",      "ceil",         "clz",     "copysign",
      "fabs",       "floor",     "fma",       "fmod",      "get_group_id", "get_local_id", "max",     "min",
      "mul_hi",     "popcount",  "prefetch",  "rint",      "select",       "sqrt",         "trunc"};
  if (words.contains(name))
    return true;
  // Vector types and conversions (float4, as_int8, vload8), generated names (v12), macros (INFINITY, CL_...), and
  // whatever begins as the implementation's or our own names do.
  llvm::StringRef stem = name.rtrim("0123456789");
  if (stem != name &&
      (words.contains(stem) ||
       llvm::is_contained({"v", "i", "acc", "r", "w", "t", "g", "l", "array", "shared", "vload", "vstore"}, stem)))
    return true;
  for (llvm::StringRef prefix : {"_", "as_", "atom", "cl_", "convert_", "tenon_", "vload_", "vstore_"})
    if (name.starts_with(prefix))
      return true;
  return name.size() > 1 && llvm::none_of(name, llvm::isLower);
}

std::string Names::getNamed(llvm::StringRef wanted) {
  std::string name;
  for (char c : wanted)
    name += llvm::isAlnum(c) || c == '_' ? c : '_';
  if (name.empty() || llvm::isDigit(name[0]) || isReserved(name))
    name = "arg_" + name; // Which nothing reserved begins with.
  while (!taken.insert(name).second)
    name += "_";
  return name;
}

} // namespace tenon::opencl
