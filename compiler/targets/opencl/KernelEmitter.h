//===- KernelEmitter.h - a kernel as OpenCL C -------------------------------===//
//
// Owns the walk over a kernel: one statement an operation. Arithmetic is in EmitArith.cpp, conversions in
// EmitConversions.cpp, the rest in KernelEmitter.cpp. Does not own the head of the text (Prelude.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Prelude.h"
#include "Text.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/raw_ostream.h"

namespace tenon::opencl {

class KernelEmitter {
public:
  /// Appends to `out`; notes in `prelude` what the text needs above it.
  KernelEmitter(llvm::raw_ostream &out, Prelude &prelude) : out(out), prelude(prelude) {}

  /// Failure is an error already emitted at the operation.
  mlir::LogicalResult emit(mlir::func::FuncOp kernel);

private:
  // The frame.
  void emitHead(mlir::func::FuncOp kernel);
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emitOp(mlir::Operation *op);
  mlir::LogicalResult emitFor(mlir::scf::ForOp loop);
  mlir::LogicalResult emitIf(mlir::scf::IfOp branch);
  mlir::LogicalResult emitWhile(mlir::scf::WhileOp loop);
  /// Declares a variable for each argument, with the inits' values.
  llvm::SmallVector<std::string> declareCarried(mlir::ValueRange arguments, mlir::ValueRange inits);
  /// All of `variables` = `sources` at once.
  void assign(llvm::ArrayRef<std::string> variables, mlir::ValueRange sources);

  // Memory.
  mlir::LogicalResult emitAlloca(mlir::memref::AllocaOp alloca);
  mlir::LogicalResult emitAtomic(mlir::memref::AtomicRMWOp rmw);
  void emitPrefetch(mlir::memref::PrefetchOp prefetch);
  void emitLoad(mlir::Value result, mlir::Value memref, mlir::Value index, uint64_t alignment);
  void emitStore(mlir::Value value, mlir::Value memref, mlir::Value index, uint64_t alignment, bool nontemporal);
  bool canConvertInMemory(mlir::func::FuncOp kernel);
  /// A truncf to f16 that is only stored, and that the stores do themselves.
  bool isConvertedInMemory(mlir::Operation *op);
  std::string getPointer(mlir::Value memref, mlir::Value index);
  std::string getSpace(mlir::Value memref);
  /// The space, after `const` where the kernel only reads.
  std::string getQualifiers(mlir::Value memref) { return (isReadOnly(memref) ? "const " : "") + getSpace(memref); }
  bool isReadOnly(mlir::Value memref);

  // Vectors.
  mlir::LogicalResult emitVectorOp(mlir::Operation *op);
  std::string getLane(mlir::Value vector, int64_t lane);

  // Arithmetic: null string where the operation is none of theirs.
  mlir::LogicalResult emitArith(mlir::Operation *op);
  std::string getIntegerBinary(mlir::Operation *op);
  std::string getBoolBinary(mlir::Operation *op);
  std::string getFloatOp(mlir::Operation *op);
  std::string getBitCount(mlir::Operation *op);
  std::string getCompare(mlir::arith::CmpIOp cmp);
  std::string getCompare(mlir::arith::CmpFOp cmp);
  std::string getSelect(mlir::arith::SelectOp select);
  bool emitWithTwoResults(mlir::Operation *op);
  bool emitRoundedDivision(mlir::Operation *op);
  std::string getConversion(mlir::Operation *op);
  std::string getIntegerConversion(mlir::Value value, mlir::Type to, bool isSigned);
  std::string getFloatConversion(mlir::Value value, mlir::Type to);

  // Text.
  llvm::raw_ostream &line() { return out.indent(2 * depth); }
  std::string get(mlir::Value value) { return names.lookup(value); }
  std::string operand(mlir::Operation *op, unsigned i) { return get(op->getOperand(i)); }
  /// The operand seen as unsigned; `promoted` widens i8 and i16 scalars such that arithmetic cannot overflow int.
  std::string asUnsigned(mlir::Value value, bool promoted = false);
  /// `expression`, of the unsigned type, as the signed `type`.
  std::string asSigned(const std::string &expression, mlir::Type type);
  void define(mlir::Value value, const std::string &expression);
  std::string defineTemporary(mlir::Type type, const std::string &expression);
  std::string convert(const std::string &expression, const std::string &type, bool isVector);

  llvm::raw_ostream &out;
  Prelude &prelude;
  unsigned depth = 0;
  Names identifiers;
  llvm::DenseMap<mlir::Value, std::string> names;
  mlir::func::FuncOp kernel;
  /// Loads and stores of f16 are vload_half and vstore_half: see canConvertInMemory.
  bool convertsInMemory = false;
};

} // namespace tenon::opencl
