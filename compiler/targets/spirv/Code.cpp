//===- Code.cpp - the code of one SPIR-V function ---------------------------===//
//
// Owns what Code.h declares.
//
//===------------------------------------------------------------------------===//
#include "Code.h"

using namespace llvm;

namespace tenon::spirv {

Id Code::result(spv::Op op, Id type, ArrayRef<uint32_t> operands) {
  Id id = module.newId();
  SmallVector<uint32_t, 16> words{type, id};
  words.append(operands.begin(), operands.end());
  emit(op, words);
  return id;
}

void Code::label(Id id) {
  block = id;
  emit(spv::Op::OpLabel, {id});
}

Piece Code::phi(Piece first, Id firstBlock, size_t &handle) {
  Piece value = op(spv::Op::OpPhi, first.elem, first.lanes, {first.id, firstBlock, 0, 0});
  handle = body.size() - 2;
  return value;
}

void Code::patchPhi(size_t handle, Id value, Id fromBlock) {
  body[handle] = value;
  body[handle + 1] = fromBlock;
}

Piece Code::phi(Piece a, Id aBlock, Piece b, Id bBlock) {
  return op(spv::Op::OpPhi, a.elem, a.lanes, {a.id, aBlock, b.id, bBlock});
}

Id Code::variable(Id pointee) {
  Id typeId = module.pointer(spv::StorageClass::Function, pointee);
  Id id = module.newId();
  append(variables, spv::Op::OpVariable, {typeId, id, static_cast<uint32_t>(spv::StorageClass::Function)});
  return id;
}

Words Code::finish(Id function, Id resultType, Id functionType, ArrayRef<std::pair<Id, Id>> parameters) const {
  Words words;
  append(words, spv::Op::OpFunction, {resultType, function, 0, functionType});
  for (auto [type, id] : parameters)
    append(words, spv::Op::OpFunctionParameter, {type, id});
  // The body begins with the entry block's label; variables must follow it at once.
  words.insert(words.end(), body.begin(), body.begin() + 2);
  words.insert(words.end(), variables.begin(), variables.end());
  words.insert(words.end(), body.begin() + 2, body.end());
  append(words, spv::Op::OpFunctionEnd, {});
  return words;
}

Piece Code::precise(Piece value) {
  if (decorateContraction)
    module.decorate(value.id, spv::Decoration::NoContraction);
  return value;
}

Piece Code::extended(Id set, uint32_t number, Elem elem, unsigned lanes, ArrayRef<uint32_t> operands) {
  SmallVector<uint32_t, 8> words{set, number};
  words.append(operands.begin(), operands.end());
  return op(spv::Op::OpExtInst, elem, lanes, words);
}

Piece Code::minU(Piece a, uint64_t bits) {
  Piece limit = constant(a, bits);
  return select(lessU(a, limit), a, limit);
}

Piece Code::select(Piece condition, Piece a, Piece b) {
  if (condition.lanes != a.lanes)
    condition = splat(condition, a.lanes);
  return op(spv::Op::OpSelect, a.elem, a.lanes, {condition.id, a.id, b.id});
}

Piece Code::zeroOne(Piece condition, Elem elem) {
  return select(condition, constant(elem, condition.lanes, 1), constant(elem, condition.lanes, 0));
}

Piece Code::bitcast(Piece a, Elem elem) { return a.elem == elem ? a : convert(spv::Op::OpBitcast, a, elem); }

Piece Code::resize(Piece a, unsigned width, bool isSigned) {
  if (a.elem.width == width)
    return a;
  return convert(isSigned ? spv::Op::OpSConvert : spv::Op::OpUConvert, a, Elem::integer(width));
}

Piece Code::splat(Piece scalar, unsigned lanes) {
  if (lanes == 1)
    return scalar;
  SmallVector<uint32_t, 16> ids(lanes, scalar.id);
  return op(spv::Op::OpCompositeConstruct, scalar.elem, lanes, ids);
}

Piece Code::extract(Piece vector, unsigned lane) {
  if (vector.lanes == 1)
    return vector;
  return op(spv::Op::OpCompositeExtract, vector.elem, 1, {vector.id, lane});
}

Piece Code::insert(Piece vector, Piece scalar, unsigned lane) {
  if (vector.lanes == 1)
    return scalar;
  return op(spv::Op::OpCompositeInsert, vector.elem, vector.lanes, {scalar.id, vector.id, lane});
}

Piece Code::construct(ArrayRef<Piece> scalars) {
  if (scalars.size() == 1)
    return scalars.front();
  SmallVector<uint32_t, 16> ids;
  for (Piece scalar : scalars)
    ids.push_back(scalar.id);
  return op(spv::Op::OpCompositeConstruct, scalars.front().elem, scalars.size(), ids);
}

} // namespace tenon::spirv
