//===- Module.h - a SPIR-V module being written -----------------------------===//
//
// Owns the sections of a SPIR-V module: capabilities, types and constants (each once), decorations, entry points, and
// the finished words. Does not own the code of functions (Code.h) or any meaning of kernels.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <spirv/unified1/spirv.hpp11>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tenon::spirv {

using Id = uint32_t;
using Words = std::vector<uint32_t>;

/// The scalar type of a SPIR-V value. Integers have no sign.
struct Elem {
  enum Kind : uint8_t { Bool, Int, Float } kind = Int;
  uint8_t width = 32;
  bool operator==(const Elem &) const = default;

  static Elem boolean() { return {Bool, 1}; }
  static Elem integer(unsigned width) { return {Int, static_cast<uint8_t>(width)}; }
  static Elem real(unsigned width) { return {Float, static_cast<uint8_t>(width)}; }
};

/// A SPIR-V value with its type: a scalar, or a vector of what the environment has natively.
struct Piece {
  Id id = 0;
  Elem elem;
  uint8_t lanes = 1;
  explicit operator bool() const { return id != 0; }
};

/// Appends one instruction.
void append(Words &words, spv::Op op, llvm::ArrayRef<uint32_t> operands);
/// Appends a string as SPIR-V has it: bytes, a zero, padding.
void appendString(Words &words, llvm::StringRef text);

class Module {
public:
  /// `version` is 10 * major + minor.
  Module(unsigned version, spv::AddressingModel addressing, spv::MemoryModel memory)
      : version(version), addressing(addressing), memory(memory) {}

  Id newId() { return nextId++; }
  void require(spv::Capability capability) { capabilities.insert(static_cast<uint32_t>(capability)); }
  bool has(spv::Capability capability) const { return capabilities.count(static_cast<uint32_t>(capability)); }
  void extension(llvm::StringRef name) { extensions.insert(name.str()); }
  /// The instruction set of this name, imported once.
  Id import(llvm::StringRef name);

  Id voidType();
  Id type(Elem elem, unsigned lanes = 1);
  Id pointer(spv::StorageClass storage, Id pointee);
  Id array(Id element, uint32_t count);
  /// A block { element[] } as storage buffers have it.
  Id bufferBlock(Id element, unsigned stride);
  /// A block of members at the given offsets.
  Id block(llvm::ArrayRef<Id> members, llvm::ArrayRef<uint32_t> offsets);
  /// A plain struct of two equal members, the result of OpUMulExtended.
  Id pair(Id member);
  Id function(Id result, llvm::ArrayRef<Id> parameters);

  /// `bits` in every lane; the low `elem.width` of them count.
  Id constant(Elem elem, unsigned lanes, uint64_t bits);
  Id constantVector(Elem elem, llvm::ArrayRef<Id> lanes);

  /// A variable outside of functions.
  Id variable(spv::StorageClass storage, Id pointee);
  /// The input variable of a built-in value, shared by all entry points.
  Id builtin(spv::BuiltIn builtin, Id pointee);

  void decorate(Id target, spv::Decoration decoration, llvm::ArrayRef<uint32_t> literals = {});
  void name(Id target, llvm::StringRef name);
  void entryPoint(spv::ExecutionModel model, Id function, llvm::StringRef name, llvm::ArrayRef<Id> interface);
  void executionMode(Id function, spv::ExecutionMode mode, llvm::ArrayRef<uint32_t> literals);
  void addFunction(const Words &words) { functions.insert(functions.end(), words.begin(), words.end()); }

  Words finish() const;

private:
  /// The id of a type or constant, made once for equal operands. `result` is the type's id for constants, else 0.
  Id unique(spv::Op op, Id result, llvm::ArrayRef<uint32_t> operands, bool *isNew = nullptr);

  unsigned version;
  spv::AddressingModel addressing;
  spv::MemoryModel memory;
  Id nextId = 1;
  std::set<uint32_t> capabilities;
  std::set<std::string> extensions;
  std::map<std::string, Id> imports;
  std::map<Words, Id> uniques;
  std::map<uint32_t, Id> builtins;
  Words importWords, entryWords, modeWords, nameWords, decorationWords, globalWords, functions;
};

} // namespace tenon::spirv
