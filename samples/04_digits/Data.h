//===- Data.h - the handwritten digits --------------------------------------===//
//
// Owns reading data/digits.csv.gz and splitting off what is held out.
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

/// Which digits are held out: never trained on, only tested with.
enum class HeldOut {
  EveryFifth, ///< Examples 0, 5, 10, ... of the file.
  Last        ///< As many, the last ones of the file. They are harder: see samples/README.md.
};

/// The same examples with those that are held out at the end; `count` receives how many those are.
Digits holdOut(const Digits &digits, HeldOut which, int64_t &count);

/// Reads the file. Throws std::runtime_error with the line at fault.
Digits readDigits(const std::string &path);
