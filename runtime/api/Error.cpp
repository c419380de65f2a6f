//===- Error.cpp - tnGetLastError and its kin ----------------------------------------------===//
#include "core/Error.h"

#include "tenon/tenon.h"

using namespace tenon;

// These ask for errors and so make none.
extern "C" {
tnError_t tnGetLastError(void) { return takeLastError(); }
tnError_t tnPeekAtLastError(void) { return peekLastError(); }
const char *tnGetErrorName(tnError_t error) { return errorName(error); }
const char *tnGetErrorString(tnError_t error) { return errorText(error); }
const char *tnGetLastErrorMessage(void) { return lastErrorMessage(); }
}
