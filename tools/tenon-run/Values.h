//===- Values.h - elements of tensors as numbers and text -------------------===//
//
// Owns storing, drawing and printing values of every type. Does not own where they come from.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "npy/Npy.h"
#include "package/PackageFile.h"

#include <cstdint>
#include <random>
#include <string>

namespace tenon {

/// The .npy type that stands for a type: bf16 goes as u2, for NumPy has no such type.
npy::Type npyType(package::DType type);

/// Reads a number ("1e-5", "-3", "true") into the bytes of a value. False when it is none, or does not fit.
bool parseValue(const std::string &text, package::DType type, uint64_t &bits);

/// The bytes of an element, zero-extended.
uint64_t bitsAt(const std::vector<uint8_t> &data, package::DType type, int64_t index);

/// Fills `data` with `count` values: floats from a standard normal distribution, integers small and uniform.
void drawValues(std::mt19937_64 &generator, package::DType type, int64_t count, std::vector<uint8_t> &data);

/// "y: f32[2, 3]" and its values, long ones shortened in the middle.
std::string tensorText(const std::string &name, package::DType type, const std::vector<int64_t> &shape,
                       const std::vector<uint8_t> &data);

} // namespace tenon
