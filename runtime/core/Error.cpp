//===- Error.cpp - the last error of a thread -----------------------------------===//
#include "core/Error.h"

namespace tenon {

namespace {
struct Last {
  tnError_t code = tnSuccess;
  Status status; // kept after the code has been taken, for its message
};
thread_local Last last;
} // namespace

tnError_t remember(Status status) {
  if (status.ok())
    return tnSuccess;
  last.code = status.code();
  last.status = std::move(status);
  return last.code;
}

tnError_t takeLastError() {
  tnError_t code = last.code;
  last.code = tnSuccess;
  return code;
}

tnError_t peekLastError() { return last.code; }
const char *lastErrorMessage() { return last.status.message(); }

const char *errorName(tnError_t code) {
  switch (code) {
#define TENON_NAME(NAME, NUMBER, TEXT)                                                                                 \
  case NAME:                                                                                                           \
    return #NAME;
    TN_ERRORS(TENON_NAME)
#undef TENON_NAME
  default:
    return "unrecognized error code";
  }
}

const char *errorText(tnError_t code) {
  switch (code) {
#define TENON_TEXT(NAME, NUMBER, TEXT)                                                                                 \
  case NAME:                                                                                                           \
    return TEXT;
    TN_ERRORS(TENON_TEXT)
#undef TENON_TEXT
  default:
    return "unrecognized error code";
  }
}

} // namespace tenon
