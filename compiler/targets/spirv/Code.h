//===- Code.h - the code of one SPIR-V function -----------------------------===//
//
// Owns the instructions of a function while they are written: blocks, variables, and typed arithmetic on pieces. Does
// not know what kernels mean, nor what a device lacks.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Module.h"
#include "llvm/ADT/SmallVector.h"

namespace tenon::spirv {

class Code {
public:
  explicit Code(Module &module) : module(module) {}

  Module &module;
  /// Whether float operations need NoContraction, each (Vulkan); OpenCL has an execution mode for it.
  bool decorateContraction = false;

  // Instructions and blocks.
  void emit(spv::Op op, llvm::ArrayRef<uint32_t> operands) { append(body, op, operands); }
  Id result(spv::Op op, Id type, llvm::ArrayRef<uint32_t> operands);
  /// Begins a block.
  void label(Id block);
  Id currentBlock() const { return block; }
  void branch(Id target) { emit(spv::Op::OpBranch, {target}); }
  /// A phi of two edges whose second value comes later, through `patchPhi`.
  Piece phi(Piece first, Id firstBlock, size_t &handle);
  void patchPhi(size_t handle, Id value, Id fromBlock);
  Piece phi(Piece a, Id aBlock, Piece b, Id bBlock);
  /// A variable of this function.
  Id variable(Id pointee);
  Id load(Id type, Id pointer) { return result(spv::Op::OpLoad, type, {pointer}); }
  /// The whole function.
  Words finish(Id function, Id resultType, Id functionType, llvm::ArrayRef<std::pair<Id, Id>> parameters) const;

  // Typed values.
  Id type(Piece piece) { return module.type(piece.elem, piece.lanes); }
  Piece constant(Elem elem, unsigned lanes, uint64_t bits) {
    return {module.constant(elem, lanes, bits), elem, static_cast<uint8_t>(lanes)};
  }
  /// `bits` in the shape and type of `like`.
  Piece constant(Piece like, uint64_t bits) { return constant(like.elem, like.lanes, bits); }
  Piece op(spv::Op op, Elem elem, unsigned lanes, llvm::ArrayRef<uint32_t> operands) {
    return {result(op, module.type(elem, lanes), operands), elem, static_cast<uint8_t>(lanes)};
  }
  Piece unary(spv::Op opcode, Piece a) { return op(opcode, a.elem, a.lanes, {a.id}); }
  Piece binary(spv::Op opcode, Piece a, Piece b) { return op(opcode, a.elem, a.lanes, {a.id, b.id}); }
  /// The same on floats, exempt from contraction.
  Piece precise(Piece value);
  Piece compare(spv::Op opcode, Piece a, Piece b) { return op(opcode, Elem::boolean(), a.lanes, {a.id, b.id}); }
  /// An instruction of an extended set.
  Piece extended(Id set, uint32_t number, Elem elem, unsigned lanes, llvm::ArrayRef<uint32_t> operands);

  Piece add(Piece a, Piece b) { return binary(spv::Op::OpIAdd, a, b); }
  Piece sub(Piece a, Piece b) { return binary(spv::Op::OpISub, a, b); }
  Piece mul(Piece a, Piece b) { return binary(spv::Op::OpIMul, a, b); }
  Piece bitAnd(Piece a, Piece b) { return logic(spv::Op::OpBitwiseAnd, spv::Op::OpLogicalAnd, a, b); }
  Piece bitOr(Piece a, Piece b) { return logic(spv::Op::OpBitwiseOr, spv::Op::OpLogicalOr, a, b); }
  Piece bitXor(Piece a, Piece b) { return logic(spv::Op::OpBitwiseXor, spv::Op::OpLogicalNotEqual, a, b); }
  Piece bitNot(Piece a) { return unary(a.elem.kind == Elem::Bool ? spv::Op::OpLogicalNot : spv::Op::OpNot, a); }
  Piece shl(Piece a, Piece b) { return binary(spv::Op::OpShiftLeftLogical, a, b); }
  Piece shrU(Piece a, Piece b) { return binary(spv::Op::OpShiftRightLogical, a, b); }
  Piece shrS(Piece a, Piece b) { return binary(spv::Op::OpShiftRightArithmetic, a, b); }
  Piece shl(Piece a, unsigned n) { return shl(a, constant(a, n)); }
  Piece shrU(Piece a, unsigned n) { return shrU(a, constant(a, n)); }
  Piece shrS(Piece a, unsigned n) { return shrS(a, constant(a, n)); }
  Piece bitAnd(Piece a, uint64_t bits) { return bitAnd(a, constant(a, bits)); }
  Piece bitOr(Piece a, uint64_t bits) { return bitOr(a, constant(a, bits)); }
  Piece add(Piece a, uint64_t bits) { return add(a, constant(a, bits)); }
  Piece equal(Piece a, Piece b) { return compare(spv::Op::OpIEqual, a, b); }
  Piece notEqual(Piece a, Piece b) { return compare(spv::Op::OpINotEqual, a, b); }
  Piece lessU(Piece a, Piece b) { return compare(spv::Op::OpULessThan, a, b); }
  Piece lessS(Piece a, Piece b) { return compare(spv::Op::OpSLessThan, a, b); }
  Piece minU(Piece a, uint64_t bits);
  /// `condition ? a : b`; a scalar condition chooses all lanes.
  Piece select(Piece condition, Piece a, Piece b);
  /// 1 where `condition` holds, else 0, as `elem`.
  Piece zeroOne(Piece condition, Elem elem);
  Piece bitcast(Piece a, Elem elem);
  /// Integer to integer; a no-op at equal width.
  Piece resize(Piece a, unsigned width, bool isSigned);
  Piece convert(spv::Op opcode, Piece a, Elem elem) { return op(opcode, elem, a.lanes, {a.id}); }

  Piece splat(Piece scalar, unsigned lanes);
  Piece extract(Piece vector, unsigned lane);
  Piece insert(Piece vector, Piece scalar, unsigned lane);
  /// One vector of the scalars; the scalar itself when there is one.
  Piece construct(llvm::ArrayRef<Piece> scalars);

private:
  Piece logic(spv::Op onInts, spv::Op onBools, Piece a, Piece b) {
    return binary(a.elem.kind == Elem::Bool ? onBools : onInts, a, b);
  }

  Words variables, body;
  Id block = 0;
};

} // namespace tenon::spirv
