//===- Status.h - OpenCL's errors as the runtime's --------------------------===//
//
// Owns the names of OpenCL's error codes and what each is to a caller of the runtime. Does not own the class Status.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"

namespace tenon::opencl {

/// "CL_OUT_OF_RESOURCES"; null for a number that OpenCL does not define.
const char *codeName(int code);

/// What a caller is told: the nearest of the runtime's numbers.
tnError_t errorOf(int code);

/// An error "WHAT: CL_OUT_OF_RESOURCES (-5)". `what` is made as by printf.
[[gnu::format(printf, 2, 3)]] Status failure(int code, const char *what, ...);

} // namespace tenon::opencl

/// Returns from the calling function with the error, if `CALL` gives one. The rest is as for `failure`.
#define TENON_CL(CALL, ...)                                                                                            \
  do {                                                                                                                 \
    if (int clCode = (CALL); clCode != 0)                                                                              \
      return ::tenon::opencl::failure(clCode, __VA_ARGS__);                                                            \
  } while (false)
