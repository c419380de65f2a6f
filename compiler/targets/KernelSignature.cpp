//===- KernelSignature.cpp - what every target checks of a kernel -----------===//
//
// Owns describeKernel and the check of a kernel's outer form. Does not own any target.
//
//===------------------------------------------------------------------------===//
#include "KernelSignature.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tenon {

InFlightDiagnostic emitInternalError(Operation *op) { return op->emitError("internal error: "); }

static bool isElement(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() && llvm::is_contained({8u, 16u, 32u, 64u}, integer.getWidth());
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
}

static FailureOr<package::ArgType> getArgType(Type type) {
  if (auto memref = dyn_cast<MemRefType>(type)) {
    if (memref.getRank() != 1 || !memref.isDynamicDim(0) || !memref.getLayout().isIdentity() ||
        memref.getMemorySpace() || !isElement(memref.getElementType()))
      return failure();
    return package::ArgType::Buffer;
  }
  if (type.isIndex())
    return package::ArgType::Index;
  if (type.isSignlessInteger(32))
    return package::ArgType::I32;
  if (type.isSignlessInteger(64))
    return package::ArgType::I64;
  if (type.isF32())
    return package::ArgType::F32;
  if (type.isF64())
    return package::ArgType::F64;
  return failure();
}

static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name[0]) &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

static LogicalResult checkKernel(func::FuncOp kernel) {
  if (!isIdentifier(kernel.getName()))
    return emitInternalError(kernel) << "kernel name '" << kernel.getName() << "' is not an identifier";
  if (kernel.isExternal() || !kernel.getBody().hasOneBlock() || kernel.getNumResults() != 0)
    return emitInternalError(kernel) << "kernel " << kernel.getName() << " must have one block and no results";
  unsigned buffers = 0;
  for (BlockArgument arg : kernel.getArguments()) {
    FailureOr<package::ArgType> type = getArgType(arg.getType());
    if (failed(type))
      return emitInternalError(kernel) << "kernel " << kernel.getName() << ": argument " << arg.getArgNumber()
                                       << " has type " << arg.getType() << ", which no kernel takes";
    if (*type != package::ArgType::Buffer)
      continue;
    if (buffers++ != arg.getArgNumber())
      return emitInternalError(kernel) << "kernel " << kernel.getName() << ": buffer argument " << arg.getArgNumber()
                                       << " comes after a scalar";
  }
  auto block = kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.block");
  if (!block || block.size() != 3 ||
      llvm::any_of(block.asArrayRef(), [](int64_t n) { return n < 1 || n > UINT32_MAX; }))
    return emitInternalError(kernel) << "kernel " << kernel.getName() << ": tenon.block must hold 3 positive numbers";
  auto access = kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.access");
  if (!access || access.size() != buffers ||
      llvm::any_of(access.asArrayRef(), [](int64_t bits) { return bits < 0 || bits > 3; }))
    return emitInternalError(kernel) << "kernel " << kernel.getName()
                                     << ": tenon.access must hold a number from 0 to 3 "
                                     << "for each of " << buffers << " buffers";
  return success();
}

FailureOr<SmallVector<func::FuncOp>> getKernels(ModuleOp module) {
  SmallVector<func::FuncOp> kernels;
  for (Operation &op : *module.getBody()) {
    auto kernel = dyn_cast<func::FuncOp>(op);
    if (!kernel)
      return (emitInternalError(&op) << "a module of kernels holds " << op.getName(), failure());
    if (failed(checkKernel(kernel)))
      return failure();
    kernels.push_back(kernel);
  }
  return kernels;
}

static unsigned getElementBytes(MemRefType type) {
  return type.getElementType().isIndex() ? 8 : (type.getElementTypeBitWidth() + 7) / 8;
}

CompiledKernel describeKernel(Operation *op) {
  auto kernel = cast<func::FuncOp>(op);
  CompiledKernel result;
  result.name = kernel.getName().str();
  result.block[0] = result.block[1] = result.block[2] = 1;
  if (auto block = kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.block"))
    for (auto [axis, size] : llvm::enumerate(block.asArrayRef().take_front(3)))
      result.block[axis] = size;
  for (Type type : kernel.getArgumentTypes())
    if (FailureOr<package::ArgType> arg = getArgType(type); succeeded(arg))
      result.args.push_back(*arg);
  for (Type type : kernel.getArgumentTypes())
    if (auto memref = dyn_cast<MemRefType>(type))
      result.elementBytes.push_back(getElementBytes(memref));
  if (auto access = kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.access"))
    result.access.assign(access.asArrayRef().begin(), access.asArrayRef().end());
  kernel.walk([&](memref::AllocaOp alloca) {
    if (isWorkgroupMemory(alloca.getType()))
      result.localBytes += uint64_t(alloca.getType().getNumElements()) * getElementBytes(alloca.getType());
  });
  return result;
}

bool isWorkgroupMemory(MemRefType type) {
  auto space = dyn_cast_or_null<gpu::AddressSpaceAttr>(type.getMemorySpace());
  return space && space.getValue() == gpu::AddressSpace::Workgroup;
}

} // namespace tenon
