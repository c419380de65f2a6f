//===- Loader.h - OpenCL's entry points, opened at run time -----------------===//
//
// Owns the list of OpenCL functions that the runtime calls, and the opening of the libraries that have them: the ICD
// loader, or one driver by itself. Does not own which drivers there are (Vendors.h), nor devices.
//
// A driver is called through the dispatch table that cl_khr_icd puts at the head of its objects, as the ICD loader
// itself does it. The loader would open every driver of the machine at its first call: slow where one is named, and
// fatal where another one crashes.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>

#include <string>
#include <vector>

namespace tenon::opencl {

/// Functions of OpenCL 1.2, without which no driver is taken.
#define TENON_OPENCL_FUNCTIONS(X)                                                                                      \
  X(GetPlatformInfo)                                                                                                   \
  X(GetDeviceIDs)                                                                                                      \
  X(GetDeviceInfo)                                                                                                     \
  X(CreateContext)                                                                                                     \
  X(ReleaseContext)                                                                                                    \
  X(CreateCommandQueue)                                                                                                \
  X(ReleaseCommandQueue)                                                                                               \
  X(CreateBuffer)                                                                                                      \
  X(ReleaseMemObject)                                                                                                  \
  X(CreateProgramWithSource)                                                                                           \
  X(BuildProgram)                                                                                                      \
  X(GetProgramBuildInfo)                                                                                               \
  X(ReleaseProgram)                                                                                                    \
  X(CreateKernel)                                                                                                      \
  X(GetKernelInfo)                                                                                                     \
  X(GetKernelWorkGroupInfo)                                                                                            \
  X(SetKernelArg)                                                                                                      \
  X(ReleaseKernel)                                                                                                     \
  X(EnqueueNDRangeKernel)                                                                                              \
  X(EnqueueReadBuffer)                                                                                                 \
  X(EnqueueWriteBuffer)                                                                                                \
  X(EnqueueCopyBuffer)                                                                                                 \
  X(EnqueueFillBuffer)                                                                                                 \
  X(EnqueueMapBuffer)                                                                                                  \
  X(EnqueueUnmapMemObject)                                                                                             \
  X(EnqueueMigrateMemObjects)                                                                                          \
  X(EnqueueMarkerWithWaitList)                                                                                         \
  X(EnqueueBarrierWithWaitList)                                                                                        \
  X(WaitForEvents)                                                                                                     \
  X(GetEventInfo)                                                                                                      \
  X(GetEventProfilingInfo)                                                                                             \
  X(RetainEvent)                                                                                                       \
  X(ReleaseEvent)                                                                                                      \
  X(Flush)                                                                                                             \
  X(Finish)                                                                                                            \
  X(GetExtensionFunctionAddressForPlatform)

/// The functions, without their prefix `cl`. Immutable once loaded; shared by all threads.
struct Api {
#define TENON_OPENCL_MEMBER(name) decltype(&::cl##name) name = nullptr;
  TENON_OPENCL_FUNCTIONS(TENON_OPENCL_MEMBER)
  TENON_OPENCL_MEMBER(CreateProgramWithIL) ///< Null before OpenCL 2.1 without cl_khr_il_program.
#undef TENON_OPENCL_MEMBER
};

/// A platform of a library that has been opened.
struct Platform {
  cl_platform_id id = nullptr;
  Api api;
  std::string name;
  std::string version;
  std::string problem; ///< Why it cannot be used, and `api` is not filled; else empty.
};

/// What a library is, which decides how its platforms are asked for.
enum class LibraryKind {
  Loader, ///< Exports OpenCL's functions: an ICD loader, or a driver that is its own.
  Driver  ///< An installable client driver, named by a .icd file.
};

/// The ICD loader's file: TENON_OPENCL_LOADER, else libOpenCL.so.1.
std::string loaderFile();
/// Whether the loader was named by TENON_OPENCL_LOADER; then it alone is asked.
bool loaderIsNamed();

/// Opens the ICD loader, without calling it. The error says why that cannot be done.
Status checkLoader();

/// Opens a library and lists its platforms; later calls give the same answer. Libraries stay open for ever: drivers do
/// not survive being closed. Thread-safe.
Status openLibrary(LibraryKind kind, const std::string &file, const std::vector<Platform> *&platforms);

/// Major and minor number of "OpenCL 1.2 ..." as 10 * major + minor; 0 if it is not of that form.
int parseVersion(const std::string &version);

} // namespace tenon::opencl
