//===- Session.h - what the parts of the emitter share ----------------------===//
//
// Owns how kernel IR types are held in SPIR-V values, and what one module's compilation collects: the module, the
// emulations used, the capabilities asked of a device. Does not own any code generation.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Module.h"
#include "Target.h"
#include "llvm/ADT/SmallVector.h"

#include <set>
#include <string>

namespace tenon::spirv {

/// How a scalar type of the kernel IR is held in SPIR-V values.
/// - Integers that the device lacks and that are narrower than 32 bits live zero-extended in 32-bit ones.
/// - 64-bit integers that the device lacks are pairs of 32-bit ones (`wide`).
/// - f16 and bf16 are held as their bits, as i16 is.
struct Held {
  Elem elem;         ///< Of each piece.
  unsigned bits = 0; ///< Of the type itself.
  bool wide = false;
  bool isNarrow() const { return elem.kind == Elem::Int && !wide && elem.width > bits; }
  bool isBool() const { return elem.kind == Elem::Bool; }
  bool isFloat() const { return elem.kind == Elem::Float; }
};

/// One piece of a value; `hi` is set for wide integers only.
struct Unit {
  Piece lo, hi;
};

/// A value of the kernel IR: a list of pieces, in the order of its lanes.
using Value = llvm::SmallVector<Unit, 1>;

struct Session {
  Session(bool vulkan, const DeviceDescription &device)
      : vulkan(vulkan), device(device),
        module(vulkan ? 13 : 10, vulkan ? spv::AddressingModel::Logical : spv::AddressingModel::Physical64,
               vulkan ? spv::MemoryModel::GLSL450 : spv::MemoryModel::OpenCL) {}

  const bool vulkan;
  const DeviceDescription &device;
  Module module;
  std::set<std::string> emulations;  ///< In plain words.
  std::set<package::Property> needs; ///< Properties that must be 1.
  Id divideFunction = 0;             ///< The helper for 64-bit division, once there is one.

  /// The instruction set for what SPIR-V itself has no instruction for.
  Id extendedSet() { return module.import(vulkan ? "GLSL.std.450" : "OpenCL.std"); }

  Held heldInteger(unsigned bits);
  /// f16 and bf16 count as integers of 16 bits.
  Held held(mlir::Type scalar);

  /// How many lanes each piece of a vector of `lanes` has.
  llvm::SmallVector<unsigned, 4> pieces(unsigned lanes) const;
};

} // namespace tenon::spirv
