//===- Session.cpp - what the parts of the emitter share --------------------===//
//
// Owns what Session.h declares.
//
//===------------------------------------------------------------------------===//
#include "Session.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace llvm;

namespace tenon::spirv {

Held Session::heldInteger(unsigned bits) {
  switch (bits) {
  case 1:
    return {Elem::boolean(), 1};
  case 8:
  case 16: {
    bool native = bits == 8 ? device.int8 : device.int16;
    if (native) {
      if (vulkan)
        needs.insert(bits == 8 ? package::Property::Int8 : package::Property::Int16);
      return {Elem::integer(bits), bits};
    }
    emulations.insert(bits == 8 ? "i8 arithmetic in 32-bit integers" : "i16 arithmetic in 32-bit integers");
    return {Elem::integer(32), bits};
  }
  case 64:
    if (!device.int64) {
      emulations.insert("i64 arithmetic as pairs of 32-bit integers");
      return {Elem::integer(32), 64, true};
    }
    if (vulkan)
      needs.insert(package::Property::Int64);
    return {Elem::integer(64), 64};
  default:
    return {Elem::integer(32), 32};
  }
}

Held Session::held(mlir::Type scalar) {
  if (scalar.isIndex())
    return heldInteger(device.indexBits);
  if (scalar.isF16() || scalar.isBF16()) {
    // Bits are moved and converted in 32-bit integers where there are no 16-bit ones; no arithmetic is lost by that.
    if (!device.int16)
      return {Elem::integer(32), 16};
    return heldInteger(16);
  }
  if (scalar.isF32())
    return {Elem::real(32), 32};
  if (scalar.isF64()) {
    needs.insert(package::Property::Float64);
    return {Elem::real(64), 64};
  }
  return heldInteger(scalar.getIntOrFloatBitWidth());
}

SmallVector<unsigned, 4> Session::pieces(unsigned lanes) const {
  SmallVector<unsigned, 4> result;
  while (lanes) {
    unsigned most = 1;
    for (unsigned size : {2u, 3u, 4u, 8u, 16u})
      if (size <= lanes && (!vulkan || size <= 4))
        most = size;
    result.push_back(most);
    lanes -= most;
  }
  return result;
}

} // namespace tenon::spirv
