//===- Evaluator.h - the value of a formula at a point -----------------------===//
//
// Owns the only code that reads tensors: given a binding of indices (a point, or `width` points along one axis) it
// writes the kernel code for a formula's value there. Fusion is binding a tensor to a value that is already at hand.
// Does not own loops over points: those are the schedules'.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/schedule/KernelBuilder.h"
#include "dialects/Tenon.h"

namespace tenon {

/// What is known about tensors and operators while kernels are written.
struct Program {
  formula::OperatorOp op;
  llvm::DenseMap<mlir::Value, Storage> storage;      ///< Of every tensor that is in memory.
  llvm::DenseMap<mlir::Value, uint32_t> parameters;  ///< Of scalars and tensors: parameter numbers.
  std::vector<std::string> faults;                   ///< Messages of `read ... else error`.
};

/// A point: kernel values of the formula's indices. With width > 1, `axis` runs over width consecutive values and its
/// entry in `indices` is the first.
struct Point {
  unsigned width = 1;
  mlir::Value axis;
  llvm::DenseMap<mlir::Value, mlir::Value> indices;
  /// Tensors whose element at these subscripts (kernel values) is at hand.
  struct Bound {
    Values subscripts;
    mlir::Value value;
  };
  llvm::DenseMap<mlir::Value, Bound> bound;
  /// Values of the formula that are already computed at this point.
  llvm::DenseMap<mlir::Value, mlir::Value> known;

  void bind(mlir::Value index, mlir::Value value) { indices[index] = value; }
  /// Binds as many indices as there are values, from the first on.
  void bind(mlir::ValueRange all, mlir::ValueRange values) {
    for (auto [index, value] : llvm::zip(all, values))
      bind(index, value);
  }
};

/// Carries the state of one reduction: its accumulators, and how they are combined and finished.
class Accumulator {
public:
  Accumulator(KernelBuilder &kernel, formula::ReduceOp op);
  /// The state before anything is added; `width` lanes.
  Values identity(unsigned width, mlir::Value end);
  /// Adds `value` (at index `position` for argmax) where `filter` holds (null: everywhere).
  Values add(mlir::ValueRange state, mlir::Value value, mlir::Value filter, mlir::Value position);
  /// Combines two states, `a` before `b` in index order.
  Values merge(mlir::ValueRange a, mlir::ValueRange b);
  /// One state out of the lanes of a vector's.
  Values horizontal(mlir::ValueRange state);
  /// The reduction's result, in its type.
  mlir::Value finish(mlir::ValueRange state);
  size_t size() const { return isArg ? 3 : 1; }
  bool canVectorize() const { return !isArg; }
  llvm::SmallVector<mlir::Type> types(unsigned width) const;

private:
  mlir::Value combine(mlir::Value a, mlir::Value b);
  mlir::Value better(mlir::Value candidate, mlir::Value best);

  KernelBuilder &kernel;
  formula::ReduceOp op;
  mlir::Type element, state; ///< Of the value, and of what accumulates (f16 and bf16 in f32).
  bool isArg;
};

class Evaluator {
public:
  Evaluator(KernelBuilder &kernel, Program &program) : kernel(kernel), program(program) {}

  /// The value of `value` at the point: a vector where it differs along the axis, else a scalar.
  mlir::Value eval(mlir::Value value, Point &point);
  /// The value at one lane of the point; what is uniform is shared.
  mlir::Value evalLane(mlir::Value value, Point &point, unsigned lane);
  /// The offset of an element in a tensor's memory.
  mlir::Value offset(const Storage &storage, mlir::ValueRange subscripts);
  /// Stores `value` into `tensor` at its own indices (block arguments of its definition).
  void store(mlir::Value tensor, mlir::ValueRange indices, mlir::Value value, Point &point, bool nontemporal = false);

  /// How far a subscript moves when `axis` moves by one: nothing when that is not a constant.
  static std::optional<int64_t> strideAlong(mlir::Value subscript, mlir::Value axis);
  /// Whether consecutive values of `axis` read consecutive elements.
  static bool isContiguous(formula::ReadOp read, mlir::Value axis);
  /// Whether `value` depends on `index`.
  static bool dependsOn(mlir::Value value, mlir::Value index);

  /// The coordinates of `flat` in a box of `extents`, the last running fastest.
  Values delinearize(llvm::ArrayRef<ExprId> extents, mlir::Value flat);

  /// Vectorise reductions inside eval along their last index where reads are contiguous in it (width-1 points only).
  bool vectorizeReductions = false;
  unsigned vectorWidth = 1;

private:
  mlir::Value evalOperation(mlir::Operation *op, Point &point);
  mlir::Value divideByUniform(mlir::Value x, mlir::Value y);
  mlir::Value evalNarrow(mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands, unsigned width);
  mlir::Value evalRead(formula::ReadOp read, Point &point);
  mlir::Value evalReduce(formula::ReduceOp reduce, Point &point);
  mlir::Value readScalar(formula::ReadOp read, Point &point);
  mlir::Value readVector(formula::ReadOp read, Point &point);
  mlir::Value inside(formula::ReadOp read, mlir::ValueRange subscripts, mlir::Value lastReach);

  KernelBuilder &kernel;
  Program &program;
};

} // namespace tenon
