//===- ArithToLLVM.h - arith and math of kernel IR to LLVM IR ---------------===//
//
// Owns types and arithmetic. f16 and bf16 are storage types and live as i16, so that no pass and no instruction
// selection ever computes in them. Does not own control flow and memory.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/IR/IRBuilder.h"

namespace tenon::host {

class ArithTranslator {
public:
  ArithTranslator(llvm::IRBuilder<> &builder, llvm::DenseMap<mlir::Value, llvm::Value *> &values,
                  const Profile &profile)
      : builder(builder), values(values), device(profile.device), profileName(profile.name) {}

  /// The type of a value, and of the same value in memory (where i1 is a byte).
  llvm::Type *getType(mlir::Type type);
  llvm::Type *getMemoryType(mlir::Type type);

  /// Fails with an error where an operand or a result has a type that kernel IR does not have.
  mlir::LogicalResult checkTypes(mlir::Operation *op);

  /// Translates an operation of arith or math, or vector.fma; anything else is an error.
  mlir::LogicalResult translate(mlir::Operation *op);

private:
  llvm::Value *get(mlir::Value value) { return values.lookup(value); }
  llvm::Value *operand(mlir::Operation *op, unsigned i) { return get(op->getOperand(i)); }
  mlir::LogicalResult define(mlir::Operation *op, llvm::Value *value) {
    values[op->getResult(0)] = value;
    return mlir::success();
  }
  llvm::Constant *getConstant(mlir::TypedAttr attribute);
  llvm::Value *binary(mlir::Operation *op);
  llvm::Value *roundedDivision(mlir::Operation *op);
  llvm::Value *extended(mlir::Operation *op, llvm::Value *&second);
  llvm::Value *unaryMath(mlir::Operation *op);
  mlir::LogicalResult convert(mlir::Operation *op);
  llvm::Value *extendFloat(llvm::Value *value, mlir::Type from, mlir::Type to);
  llvm::Value *truncateFloat(llvm::Value *value, mlir::Type from, mlir::Type to);
  llvm::Value *roundToOdd(llvm::Value *value, llvm::Type *floatType);

  llvm::IRBuilder<> &builder;
  llvm::DenseMap<mlir::Value, llvm::Value *> &values;
  const DeviceDescription &device;
  llvm::StringRef profileName;
};

} // namespace tenon::host
