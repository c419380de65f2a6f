//===- Tensor.cpp - checks of one DLTensor ------------------------------------------===//
#include "core/Tensor.h"

#include "core/Package.h"

namespace tenon {

using package::DType;

// DLPack 0.8's code; 0.6 does not name it.
static constexpr uint8_t codeBool = 6;

bool fromDLPack(DLDataType type, DType &result) {
  if (type.lanes != 1)
    return false;
  auto pick = [&](std::initializer_list<std::pair<int, DType>> list) {
    for (auto [bits, dtype] : list)
      if (type.bits == bits) {
        result = dtype;
        return true;
      }
    return false;
  };
  switch (type.code) {
  case kDLInt:
    return pick({{8, DType::I8}, {16, DType::I16}, {32, DType::I32}, {64, DType::I64}});
  case kDLUInt:
    return pick({{8, DType::U8}, {16, DType::U16}, {32, DType::U32}, {64, DType::U64}});
  case kDLFloat:
    return pick({{16, DType::F16}, {32, DType::F32}, {64, DType::F64}});
  case kDLBfloat:
    return pick({{16, DType::BF16}});
  case codeBool:
    return pick({{8, DType::Bool}});
  default:
    return false;
  }
}

DLDataType toDLPack(DType type) {
  uint8_t bits = sizeOf(type) * 8;
  switch (type) {
  case DType::Bool:
    return {codeBool, 8, 1};
  case DType::I8:
  case DType::I16:
  case DType::I32:
  case DType::I64:
    return {kDLInt, bits, 1};
  case DType::U8:
  case DType::U16:
  case DType::U32:
  case DType::U64:
    return {kDLUInt, bits, 1};
  case DType::BF16:
    return {kDLBfloat, bits, 1};
  default:
    return {kDLFloat, bits, 1};
  }
}

bool isType(DLDataType type, DType want) {
  DType have;
  if (!fromDLPack(type, have))
    return false;
  return have == want || (want == DType::Bool && have == DType::U8);
}

std::string describe(DLDataType type) {
  DType known;
  if (fromDLPack(type, known))
    return nameOf(known);
  return text("(code %u, %u bits, %u lanes)", type.code, type.bits, type.lanes);
}

std::string describe(const DLTensor &tensor) {
  std::string result = describe(tensor.dtype) + "[";
  for (int32_t i = 0; tensor.shape && i < tensor.ndim && i < maxTensorDims; ++i)
    result += text("%s%lld", i ? ", " : "", static_cast<long long>(tensor.shape[i]));
  return result + "]";
}

Status checkShape(const DLTensor &tensor, const char *name) {
  if (tensor.ndim < 0 || tensor.ndim > maxTensorDims)
    return error(tnErrorInvalidTensor, "%s has %d dimensions, a tensor has 0 to %d", name, tensor.ndim, maxTensorDims);
  if (tensor.ndim > 0 && !tensor.shape)
    return error(tnErrorInvalidTensor, "%s has %d dimensions but a null shape", name, tensor.ndim);
  for (int32_t i = 0; i < tensor.ndim; ++i)
    if (tensor.shape[i] < 0)
      return error(tnErrorInvalidTensor, "dimension %d of %s is %lld", i, name,
                   static_cast<long long>(tensor.shape[i]));
  return {};
}

Status checkData(const DLTensor &tensor, DType type, const char *name, TensorView &view) {
  const unsigned size = sizeOf(type);
  bool empty = false;
  for (int32_t i = 0; i < tensor.ndim; ++i)
    empty |= tensor.shape[i] == 0;
  int64_t elements = empty ? 0 : 1;
  for (int32_t i = tensor.ndim - 1; i >= 0 && !empty; --i) {
    if (tensor.strides && tensor.shape[i] != 1 && tensor.strides[i] != elements)
      return error(tnErrorInvalidTensor,
                   "%s is not row-major: its stride of dimension %d is %lld elements, it must be %lld", name, i,
                   static_cast<long long>(tensor.strides[i]), static_cast<long long>(elements));
    if (__builtin_mul_overflow(elements, tensor.shape[i], &elements))
      return error(tnErrorInvalidTensor, "%s has more than 2^63 elements: %s", name, describe(tensor).c_str());
  }
  int64_t bytes;
  if (__builtin_mul_overflow(elements, static_cast<int64_t>(size), &bytes))
    return error(tnErrorInvalidTensor, "%s has more than 2^63 bytes: %s", name, describe(tensor).c_str());
  view.bytes = static_cast<uint64_t>(bytes);
  view.address = 0;
  if (empty)
    return {};
  if (!tensor.data)
    return error(tnErrorInvalidTensor, "%s has null data but %lld elements", name, static_cast<long long>(elements));
  uintptr_t end;
  if (__builtin_add_overflow(reinterpret_cast<uintptr_t>(tensor.data), static_cast<uintptr_t>(tensor.byte_offset),
                             &view.address) ||
      __builtin_add_overflow(view.address, static_cast<uintptr_t>(bytes), &end))
    return error(tnErrorInvalidTensor, "%s goes past the end of the address space: data %p, byte offset %llu", name,
                 tensor.data, static_cast<unsigned long long>(tensor.byte_offset));
  if (view.address % size)
    return error(tnErrorMisalignedAddress, "%s is at 0x%llx, which is not a multiple of its element's %u bytes", name,
                 static_cast<unsigned long long>(view.address), size);
  return {};
}

} // namespace tenon
