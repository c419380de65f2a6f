//===- Npy.h - reads and writes .npy files ----------------------------------===//
//
// Owns NumPy's file format, versions 1 to 3: little-endian bool, integers and floats in C order. Does not own
// structured, object or big-endian arrays (refused, with the reason) nor any conversion.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::npy {

enum class Kind : uint8_t { Bool, Int, UInt, Float };

struct Type {
  Kind kind = Kind::Float;
  uint8_t bytes = 4; ///< Of one element.
  bool operator==(const Type &other) const = default;
};

/// "f4", "u2", "b1": what NumPy calls the type, without the byte order.
std::string name(Type type);

struct Array {
  Type type;
  std::vector<int64_t> shape; ///< Empty for a scalar.
  std::vector<uint8_t> data;

  /// The number of elements that the shape has.
  int64_t size() const;
};

/// Reads a file. False and a message that names the file when it is not a whole array of a type above.
bool read(const std::string &path, Array &array, std::string &error);

/// The same for what is in memory; `path` is for messages.
bool parse(const std::string &path, const std::vector<uint8_t> &file, Array &array, std::string &error);

/// Writes a file, version 1.0. False and a message when it cannot.
bool write(const std::string &path, const Array &array, std::string &error);

} // namespace tenon::npy
