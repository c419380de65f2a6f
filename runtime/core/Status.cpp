//===- Status.cpp - messages of errors ----------------------------------------===//
#include "core/Status.h"

#include <cstdarg>
#include <cstdio>

namespace tenon {

static std::string formatV(const char *format, va_list args) {
  char small[256];
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(small, sizeof small, format, args);
  std::string result;
  if (length < static_cast<int>(sizeof small)) {
    result.assign(small, length < 0 ? 0 : length);
  } else {
    result.resize(length);
    vsnprintf(result.data(), length + 1, format, again);
  }
  va_end(again);
  return result;
}

Status error(tnError_t code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  std::string message = formatV(format, args);
  va_end(args);
  return Status(code, std::move(message));
}

std::string text(const char *format, ...) {
  va_list args;
  va_start(args, format);
  std::string result = formatV(format, args);
  va_end(args);
  return result;
}

} // namespace tenon
