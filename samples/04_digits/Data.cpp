//===- Data.cpp - the handwritten digits ------------------------------------===//
//
// Owns the parsing of lines of 65 small integers, and the order of the examples.
//
//===------------------------------------------------------------------------===//
#include "Data.h"

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <zlib.h>

Digits readDigits(const std::string &path) {
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file)
    throw std::runtime_error(path + ": cannot be read");
  Digits digits;
  char line[1024];
  while (gzgets(file.get(), line, sizeof line)) {
    std::string place = path + ":" + std::to_string(digits.size() + 1) + ": ";
    const char *at = line;
    for (int64_t column = 0; column <= Digits::pixels; ++column) {
      char *end = nullptr;
      long value = std::strtol(at, &end, 10);
      long limit = column < Digits::pixels ? 16 : 9;
      if (end == at || value < 0 || value > limit)
        throw std::runtime_error(place + "column " + std::to_string(column + 1) + ": wanted a number of 0 to " +
                                 std::to_string(limit));
      at = end + (*end == ',');
      if (column < Digits::pixels)
        digits.x.push_back(static_cast<float>(value) / 16.0f);
      else
        digits.digit.push_back(static_cast<int32_t>(value));
    }
  }
  int failure = Z_OK;
  const char *message = gzerror(file.get(), &failure);
  if (failure != Z_OK && failure != Z_STREAM_END)
    throw std::runtime_error(path + ": " + message);
  return digits;
}

Digits holdOut(const Digits &digits, HeldOut which, int64_t &count) {
  if (which == HeldOut::Last) {
    count = (digits.size() + 4) / 5;
    return digits;
  }
  Digits result;
  for (bool held : {false, true})
    for (int64_t i = 0; i < digits.size(); ++i)
      if ((i % 5 == 0) == held) {
        auto row = digits.x.begin() + i * Digits::pixels;
        result.x.insert(result.x.end(), row, row + Digits::pixels);
        result.digit.push_back(digits.digit[static_cast<size_t>(i)]);
      }
  count = (digits.size() + 4) / 5;
  return result;
}
