//===- Tensor.h - checks of one DLTensor -------------------------------------------===//
//
// Owns what can be said about a DLTensor alone: its type, shape, strides, device, alignment and extent in bytes. Does
// not own what holds between tensors (Bind, Launch).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <dlpack/dlpack.h>

namespace tenon {

constexpr int32_t maxTensorDims = 16;

/// A tensor after its checks.
struct TensorView {
  uintptr_t address = 0; ///< With byte_offset. May be 0 where bytes is 0.
  uint64_t bytes = 0;
};

/// Our type of a DLPack type; false if there is none. Bool is code 6 or (UInt, 8): callers that want a Bool ask
/// `isType`.
bool fromDLPack(DLDataType type, package::DType &result);
DLDataType toDLPack(package::DType type);
/// Whether a tensor of DLPack's type may stand where `want` is declared.
bool isType(DLDataType type, package::DType want);
/// "f32", or "(code 5, 64 bits, 2 lanes)".
std::string describe(DLDataType type);
/// "f32[2, 3]"
std::string describe(const DLTensor &tensor);

/// ndim, shape, lanes. `name` is for messages: "x".
Status checkShape(const DLTensor &tensor, const char *name);

/// Strides, size, data and alignment of a tensor that has passed checkShape, with elements of `type`.
Status checkData(const DLTensor &tensor, package::DType type, const char *name, TensorView &view);

} // namespace tenon
