//===- Data.h - the handwritten digits --------------------------------------===//
//
// Owns reading data/digits.csv.gz. Does not own how it is split.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct Digits {
  static constexpr int64_t pixels = 64;
  std::vector<float> x;       ///< A row of 64 an example, scaled to 0..1.
  std::vector<int32_t> digit; ///< 0 to 9.

  int64_t size() const { return static_cast<int64_t>(digit.size()); }
};

/// Reads the file. Throws std::runtime_error with the line at fault.
Digits readDigits(const std::string &path);
