//===- Module.cpp - a SPIR-V module being written ---------------------------===//
//
// Owns what Module.h declares.
//
//===------------------------------------------------------------------------===//
#include "Module.h"

#include "llvm/ADT/SmallVector.h"

using namespace llvm;

namespace tenon::spirv {

void append(Words &words, spv::Op op, ArrayRef<uint32_t> operands) {
  words.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | static_cast<uint32_t>(op));
  words.insert(words.end(), operands.begin(), operands.end());
}

void appendString(Words &words, StringRef text) {
  for (size_t at = 0; at <= text.size(); at += 4) {
    uint32_t word = 0;
    for (size_t i = at; i < std::min(at + 4, text.size()); ++i)
      word |= static_cast<uint32_t>(static_cast<uint8_t>(text[i])) << 8 * (i - at);
    words.push_back(word);
  }
}

Id Module::import(StringRef name) {
  Id &id = imports[name.str()];
  if (!id) {
    id = newId();
    Words operands{id};
    appendString(operands, name);
    append(importWords, spv::Op::OpExtInstImport, operands);
  }
  return id;
}

Id Module::unique(spv::Op op, Id result, ArrayRef<uint32_t> operands, bool *isNew) {
  Words key{static_cast<uint32_t>(op), result};
  key.insert(key.end(), operands.begin(), operands.end());
  auto [it, inserted] = uniques.try_emplace(std::move(key), 0);
  if (isNew)
    *isNew = inserted;
  if (!inserted)
    return it->second;
  Id id = it->second = newId();
  Words words;
  if (result)
    words.push_back(result);
  words.push_back(id);
  words.insert(words.end(), operands.begin(), operands.end());
  append(globalWords, op, words);
  return id;
}

Id Module::voidType() { return unique(spv::Op::OpTypeVoid, 0, {}); }

Id Module::type(Elem elem, unsigned lanes) {
  if (lanes > 1) {
    if (lanes > 4)
      require(spv::Capability::Vector16);
    Id scalar = type(elem);
    return unique(spv::Op::OpTypeVector, 0, {scalar, lanes});
  }
  switch (elem.kind) {
  case Elem::Bool:
    return unique(spv::Op::OpTypeBool, 0, {});
  case Elem::Int:
    if (elem.width == 8)
      require(spv::Capability::Int8);
    else if (elem.width == 16)
      require(spv::Capability::Int16);
    else if (elem.width == 64)
      require(spv::Capability::Int64);
    return unique(spv::Op::OpTypeInt, 0, {elem.width, 0});
  case Elem::Float:
    if (elem.width == 64)
      require(spv::Capability::Float64);
    return unique(spv::Op::OpTypeFloat, 0, {elem.width});
  }
  return 0;
}

Id Module::pointer(spv::StorageClass storage, Id pointee) {
  return unique(spv::Op::OpTypePointer, 0, {static_cast<uint32_t>(storage), pointee});
}

Id Module::array(Id element, uint32_t count) {
  Id length = constant(Elem::integer(32), 1, count);
  return unique(spv::Op::OpTypeArray, 0, {element, length});
}

Id Module::bufferBlock(Id element, unsigned stride) {
  bool isNew;
  Id array = unique(spv::Op::OpTypeRuntimeArray, 0, {element}, &isNew);
  if (isNew)
    decorate(array, spv::Decoration::ArrayStride, {stride});
  Id block = unique(spv::Op::OpTypeStruct, 0, {array}, &isNew);
  if (isNew) {
    decorate(block, spv::Decoration::Block);
    append(decorationWords, spv::Op::OpMemberDecorate, {block, 0, static_cast<uint32_t>(spv::Decoration::Offset), 0});
  }
  return block;
}

Id Module::block(ArrayRef<Id> members, ArrayRef<uint32_t> offsets) {
  Id id = newId();
  Words operands{id};
  operands.insert(operands.end(), members.begin(), members.end());
  append(globalWords, spv::Op::OpTypeStruct, operands);
  decorate(id, spv::Decoration::Block);
  for (uint32_t i = 0; i < offsets.size(); ++i)
    append(decorationWords, spv::Op::OpMemberDecorate,
           {id, i, static_cast<uint32_t>(spv::Decoration::Offset), offsets[i]});
  return id;
}

Id Module::pair(Id member) { return unique(spv::Op::OpTypeStruct, 0, {member, member}); }

Id Module::function(Id result, ArrayRef<Id> parameters) {
  Words operands{result};
  operands.insert(operands.end(), parameters.begin(), parameters.end());
  return unique(spv::Op::OpTypeFunction, 0, operands);
}

Id Module::constant(Elem elem, unsigned lanes, uint64_t bits) {
  Id typeId = type(elem, lanes);
  if (lanes > 1) {
    SmallVector<Id, 16> parts(lanes, constant(elem, 1, bits));
    return unique(spv::Op::OpConstantComposite, typeId, parts);
  }
  if (elem.kind == Elem::Bool)
    return unique(bits & 1 ? spv::Op::OpConstantTrue : spv::Op::OpConstantFalse, typeId, {});
  if (elem.width == 64)
    return unique(spv::Op::OpConstant, typeId, {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)});
  // Narrow integers without a sign are zero-extended to the word.
  uint32_t mask = elem.width == 32 ? ~0u : (1u << elem.width) - 1;
  return unique(spv::Op::OpConstant, typeId, {static_cast<uint32_t>(bits) & mask});
}

Id Module::constantVector(Elem elem, ArrayRef<Id> lanes) {
  return unique(spv::Op::OpConstantComposite, type(elem, lanes.size()), lanes);
}

Id Module::variable(spv::StorageClass storage, Id pointee) {
  Id typeId = pointer(storage, pointee);
  Id id = newId();
  append(globalWords, spv::Op::OpVariable, {typeId, id, static_cast<uint32_t>(storage)});
  return id;
}

Id Module::builtin(spv::BuiltIn builtin, Id pointee) {
  Id &id = builtins[static_cast<uint32_t>(builtin)];
  if (!id) {
    id = variable(spv::StorageClass::Input, pointee);
    decorate(id, spv::Decoration::BuiltIn, {static_cast<uint32_t>(builtin)});
  }
  return id;
}

void Module::decorate(Id target, spv::Decoration decoration, ArrayRef<uint32_t> literals) {
  Words operands{target, static_cast<uint32_t>(decoration)};
  operands.insert(operands.end(), literals.begin(), literals.end());
  append(decorationWords, spv::Op::OpDecorate, operands);
}

void Module::name(Id target, StringRef name) {
  Words operands{target};
  appendString(operands, name);
  append(nameWords, spv::Op::OpName, operands);
}

void Module::entryPoint(spv::ExecutionModel model, Id function, StringRef name, ArrayRef<Id> interface) {
  Words operands{static_cast<uint32_t>(model), function};
  appendString(operands, name);
  operands.insert(operands.end(), interface.begin(), interface.end());
  append(entryWords, spv::Op::OpEntryPoint, operands);
}

void Module::executionMode(Id function, spv::ExecutionMode mode, ArrayRef<uint32_t> literals) {
  Words operands{function, static_cast<uint32_t>(mode)};
  operands.insert(operands.end(), literals.begin(), literals.end());
  append(modeWords, spv::Op::OpExecutionMode, operands);
}

Words Module::finish() const {
  // The generator's number is 0: none is registered.
  Words words{spv::MagicNumber, version / 10 << 16 | version % 10 << 8, 0, nextId, 0};
  for (uint32_t capability : capabilities)
    append(words, spv::Op::OpCapability, {capability});
  for (const std::string &extension : extensions) {
    Words operands;
    appendString(operands, extension);
    append(words, spv::Op::OpExtension, operands);
  }
  words.insert(words.end(), importWords.begin(), importWords.end());
  append(words, spv::Op::OpMemoryModel, {static_cast<uint32_t>(addressing), static_cast<uint32_t>(memory)});
  for (const Words *section : {&entryWords, &modeWords, &nameWords, &decorationWords, &globalWords, &functions})
    words.insert(words.end(), section->begin(), section->end());
  return words;
}

} // namespace tenon::spirv
