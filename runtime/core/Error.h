//===- Error.h - the last error of a thread -------------------------------------===//
//
// Owns what tnGetLastError and tnGetLastErrorMessage answer.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"

namespace tenon {

/// Keeps a failure as the thread's last error and returns its code. Success leaves the last error alone.
tnError_t remember(Status status);

tnError_t takeLastError();
tnError_t peekLastError();
const char *lastErrorMessage();

const char *errorName(tnError_t code);
const char *errorText(tnError_t code);

} // namespace tenon
