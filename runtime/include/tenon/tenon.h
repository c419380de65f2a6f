/*===- tenon.h - the Tenon runtime ----------------------------------------------===
 *
 * CUDA's runtime API by name, argument order and meaning, with tn for cuda, on any device; and operators, launched with
 * DLPack tensors. docs/api.md lists where it differs from CUDA.
 *
 * Common to all functions, unless one says otherwise:
 * - They return tnSuccess or an error number (tenon/error.h). The error is also kept for the calling thread:
 *   tnGetLastError, tnPeekAtLastError, and tnGetLastErrorMessage with names and values in it. A call that succeeds
 *   leaves the last error alone.
 * - They may be called from any thread at any time. Destroying an object while another thread uses it is the caller's
 *   mistake. The current device is a thread's own; a thread starts with device 0.
 * - A null pointer where a result is to be written is tnErrorInvalidValue; an object that does not exist (any more) is
 *   tnErrorInvalidResourceHandle.
 * - Errors of work that runs later come back from a later call that synchronises (tnStreamSynchronize,
 *   tnDeviceSynchronize, tnEventSynchronize, tnMemcpy, or a query that finds the work done).
 * - Structs have reserved room at the end: zero on output, ignored on input.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TENON_TENON_H
#define TENON_TENON_H

#include <stddef.h>
#include <stdint.h>

#include <dlpack/dlpack.h>

#include "tenon/error.h"

#if defined(_WIN32)
#define TN_API
#else
#define TN_API __attribute__((visibility("default")))
#endif

/* CUDA's version scheme: 1000 * major + 10 * minor. */
#define TENON_VERSION 10

#ifdef __cplusplus
extern "C" {
#endif

/* ---- handles -------------------------------------------------------------------------------------------------- */

typedef struct tnStream_st *tnStream_t;     /* 0 is the default stream of the current device */
typedef struct tnEvent_st *tnEvent_t;
typedef struct tnModule_st *tnModule_t;
typedef struct tnOp_st *tnOp_t;             /* belongs to its module */
typedef struct tnFunction_st *tnFunction_t; /* belongs to its module */
typedef struct tnMemPool_st *tnMemPool_t;

#define tnStreamLegacy ((tnStream_t)0x1)    /* what 0 means: waits for blocking streams, and they for it */
#define tnStreamPerThread ((tnStream_t)0x2) /* a blocking stream that each thread has of its own on each device */

typedef void (*tnHostFn_t)(void *userData);

typedef struct tnDim3 {
  uint32_t x, y, z;
} tnDim3;

typedef struct tnUUID_t {
  char bytes[16];
} tnUUID_t;

/* ---- enumerators, with CUDA's values ---------------------------------------------------------------------------- */

/* The ..Maximum_ values make the types 32 bits wide in every language; they are never used. */

typedef enum tnMemcpyKind {
  tnMemcpyHostToHost = 0,
  tnMemcpyHostToDevice = 1,
  tnMemcpyDeviceToHost = 2,
  tnMemcpyDeviceToDevice = 3,
  tnMemcpyDefault = 4, /* the runtime knows where each pointer points */
  tnMemcpyKindMaximum_ = 0x7fffffff
} tnMemcpyKind;

typedef enum tnMemoryType {
  tnMemoryTypeUnregistered = 0,
  tnMemoryTypeHost = 1,
  tnMemoryTypeDevice = 2,
  tnMemoryTypeManaged = 3
} tnMemoryType;

typedef enum tnDeviceAttr {
  tnDevAttrMaxThreadsPerBlock = 1,
  tnDevAttrMaxBlockDimX = 2,
  tnDevAttrMaxBlockDimY = 3,
  tnDevAttrMaxBlockDimZ = 4,
  tnDevAttrMaxGridDimX = 5,
  tnDevAttrMaxGridDimY = 6,
  tnDevAttrMaxGridDimZ = 7,
  tnDevAttrMaxSharedMemoryPerBlock = 8,
  tnDevAttrTotalConstantMemory = 9,
  tnDevAttrWarpSize = 10,
  tnDevAttrMaxPitch = 11,
  tnDevAttrClockRate = 13,
  tnDevAttrTextureAlignment = 14,
  tnDevAttrGpuOverlap = 15,
  tnDevAttrMultiProcessorCount = 16,
  tnDevAttrKernelExecTimeout = 17,
  tnDevAttrIntegrated = 18,
  tnDevAttrCanMapHostMemory = 19,
  tnDevAttrComputeMode = 20,
  tnDevAttrConcurrentKernels = 31,
  tnDevAttrEccEnabled = 32,
  tnDevAttrAsyncEngineCount = 40,
  tnDevAttrUnifiedAddressing = 41,
  tnDevAttrComputeCapabilityMajor = 75,
  tnDevAttrComputeCapabilityMinor = 76,
  tnDevAttrStreamPrioritiesSupported = 78,
  tnDevAttrManagedMemory = 83,
  tnDevAttrIsMultiGpuBoard = 84,
  tnDevAttrHostNativeAtomicSupported = 86,
  tnDevAttrPageableMemoryAccess = 88,
  tnDevAttrConcurrentManagedAccess = 89,
  tnDevAttrCanUseHostPointerForRegisteredMem = 91,
  tnDevAttrCooperativeLaunch = 95,
  tnDevAttrHostRegisterSupported = 99,
  tnDevAttrMemoryPoolsSupported = 115,
  tnDevAttrMaximum_ = 0x7fffffff
} tnDeviceAttr;

#define tnStreamDefault 0x00u
#define tnStreamNonBlocking 0x01u

#define tnEventDefault 0x00u
#define tnEventBlockingSync 0x01u
#define tnEventDisableTiming 0x02u
#define tnEventInterprocess 0x04u /* refused */
#define tnEventRecordDefault 0x00u
#define tnEventWaitDefault 0x00u

#define tnHostAllocDefault 0x00u
#define tnHostAllocPortable 0x01u
#define tnHostAllocMapped 0x02u
#define tnHostAllocWriteCombined 0x04u

/* ---- structs ---------------------------------------------------------------------------------------------------- */

/* Fields of CUDA's cudaDeviceProp that mean something on any device, then Tenon's own. */
typedef struct tnDeviceProp {
  char name[256];
  tnUUID_t uuid;
  size_t totalGlobalMem;
  size_t sharedMemPerBlock;
  int warpSize; /* the subgroup's size */
  size_t memPitch;
  int maxThreadsPerBlock;
  int maxThreadsDim[3];
  int maxGridSize[3];
  int clockRate; /* kHz; 0 if the driver does not tell */
  int major, minor; /* always 0: there is no compute capability */
  int multiProcessorCount;
  int integrated;
  int canMapHostMemory;
  int concurrentKernels;
  int asyncEngineCount;
  int unifiedAddressing;
  int managedMemory;
  int streamPrioritiesSupported;
  int cooperativeLaunch;
  int memoryPoolsSupported;
  /* Tenon's own. */
  char id[64];             /* "host", "opencl:0": what tnSetDeviceByName takes */
  char driver[256];        /* the driver's (platform's) name */
  char driverVersion[256];
  char vendor[128];
  char kind[16];           /* "discrete", "integrated", "accelerator", "host", "software", "null" */
  char targets[128];       /* accepted code, best first: "spirv-opencl opencl" */
  char quirks[512];        /* what is worked around, one a line */
  int isGpuClass;          /* work-items are lanes; else one work-item a group and explicit vectors */
  int isaLevel;            /* host: x86-64 level */
  int vectorBits;
  int spirvVersion;        /* 10 * major + minor; 0 none */
  int hasFloat16, hasFloat64, hasInt8, hasInt16, hasInt64, hasStorage8, hasStorage16, hasFma;
  int sharesHostMemory;
  size_t maxBufferBytes;   /* one argument */
  size_t maxAllocation;
  uint64_t reserved[32];
} tnDeviceProp;

typedef struct tnPointerAttributes {
  tnMemoryType type;
  int device;          /* of the allocation; -1 for unregistered memory */
  void *devicePointer; /* null where the device cannot use it */
  void *hostPointer;   /* null where the host cannot use it */
  void *allocation;    /* Tenon's own: where the allocation starts */
  size_t size;         /* Tenon's own: and its bytes */
  uint64_t reserved[4];
} tnPointerAttributes;

typedef enum tnOpParamKind { tnOpParamTensor = 0, tnOpParamScalar = 1, tnOpParamSize = 2 } tnOpParamKind;

/* One parameter of an operator. The texts live as long as the module. */
typedef struct tnOpParam {
  const char *name;
  const char *text;         /* as its author wrote it: "x: T[...b, d]" */
  tnOpParamKind kind;
  int isResult;
  int hasDefault;           /* a null argument is allowed */
  int minDims;              /* tensors: dimensions, of a pack none */
  int hasPack;              /* tensors: any number of dimensions more */
  int numTypes;             /* of the operator's instances, without repeats */
  DLDataType types[16];     /* bool is {6, 8, 1} */
  uint64_t defaultBits;     /* of the first instance: the value's bytes, zero-extended */
  uint64_t reserved[8];
} tnOpParam;

/* ---- errors ------------------------------------------------------------------------------------------------------ */

/* The last error of this thread; tnGetLastError forgets it. Neither sets an error itself. */
TN_API tnError_t tnGetLastError(void);
TN_API tnError_t tnPeekAtLastError(void);
/* Static texts, never null: "tnErrorInvalidValue", "invalid argument". */
TN_API const char *tnGetErrorName(tnError_t error);
TN_API const char *tnGetErrorString(tnError_t error);
/* The long message of this thread's latest failed call, "" if none failed. Valid until the next failed call of the
 * thread. Not forgotten by tnGetLastError. */
TN_API const char *tnGetLastErrorMessage(void);

/* ---- devices ----------------------------------------------------------------------------------------------------- */

/* Devices are numbered best first: accelerators, then host, then software devices; there always is one. The first
 * call that needs numbers probes all drivers (in a process apart, cached). TENON_VISIBLE_DEVICES lists the devices to
 * show, by number or name, in a new order. */
TN_API tnError_t tnGetDeviceCount(int *count);
TN_API tnError_t tnSetDevice(int device);
TN_API tnError_t tnGetDevice(int *device);
/* By name: "host", "opencl:0", a number, a part of the driver's name and then of the device's, "opencl:Intel". Opens
 * only the driver that is named. Several matches: tnErrorAmbiguousDevice, the message lists them; none:
 * tnErrorInvalidDevice, the message lists what there is. */
TN_API tnError_t tnSetDeviceByName(const char *name);
/* Tenon's own: the number that a name stands for. */
TN_API tnError_t tnGetDeviceByName(int *device, const char *name);
TN_API tnError_t tnGetDeviceProperties(tnDeviceProp *prop, int device);
TN_API tnError_t tnDeviceGetAttribute(int *value, tnDeviceAttr attr, int device);
/* Waits for all work of the current device, and reports its errors. */
TN_API tnError_t tnDeviceSynchronize(void);
/* Frees everything that belongs to the current device: memory, streams, events, modules. Handles become invalid. */
TN_API tnError_t tnDeviceReset(void);
TN_API tnError_t tnMemGetInfo(size_t *free, size_t *total);
TN_API tnError_t tnDriverGetVersion(int *version);
TN_API tnError_t tnRuntimeGetVersion(int *version);
/* Tenon's own: devices and drivers that are not listed, and why. The texts live as long as the process. */
TN_API tnError_t tnDeviceGetLeftOutCount(int *count);
TN_API tnError_t tnDeviceGetLeftOut(const char **name, const char **reason, int index);
/* Tenon's own: how the current device is called in DLPack: {kDLCPU, 0} for host, {kDLExtDev, number} for others. */
TN_API tnError_t tnGetDLDevice(DLDevice *device);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Device memory of the current device, aligned to 256 bytes. Zero bytes give a null pointer. Pointers are addresses
 * with arithmetic on every device; only on host may the program read through them. */
TN_API tnError_t tnMalloc(void **devPtr, size_t size);
/* Waits for the device's work. Null is fine. A pointer that tnMalloc did not give is tnErrorInvalidDevicePointer. */
TN_API tnError_t tnFree(void *devPtr);
/* Host memory that devices copy quickly. */
TN_API tnError_t tnMallocHost(void **ptr, size_t size);
TN_API tnError_t tnHostAlloc(void **ptr, size_t size, unsigned int flags);
TN_API tnError_t tnFreeHost(void *ptr);
/* Stream-ordered: the memory may be used by work of the stream from here on; it is taken from, and given back to, the
 * stream's pool. tnFree takes it too. */
TN_API tnError_t tnMallocAsync(void **devPtr, size_t size, tnStream_t stream);
TN_API tnError_t tnFreeAsync(void *devPtr, tnStream_t stream);

/* tnMemcpy and tnMemset are done when they return, and wait as the legacy stream does. Async forms with memory not from
 * tnMallocHost/tnHostAlloc may wait for the copy. Ranges that leave their allocation are tnErrorInvalidValue. */
TN_API tnError_t tnMemcpy(void *dst, const void *src, size_t count, tnMemcpyKind kind);
TN_API tnError_t tnMemcpyAsync(void *dst, const void *src, size_t count, tnMemcpyKind kind, tnStream_t stream);
TN_API tnError_t tnMemcpy2D(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
                            tnMemcpyKind kind);
TN_API tnError_t tnMemcpy2DAsync(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
                                 tnMemcpyKind kind, tnStream_t stream);
TN_API tnError_t tnMemset(void *devPtr, int value, size_t count);
TN_API tnError_t tnMemsetAsync(void *devPtr, int value, size_t count, tnStream_t stream);
TN_API tnError_t tnPointerGetAttributes(tnPointerAttributes *attributes, const void *ptr);

/* ---- streams ----------------------------------------------------------------------------------------------------- */

TN_API tnError_t tnStreamCreate(tnStream_t *stream);
TN_API tnError_t tnStreamCreateWithFlags(tnStream_t *stream, unsigned int flags);
/* Work that is queued is still done. */
TN_API tnError_t tnStreamDestroy(tnStream_t stream);
TN_API tnError_t tnStreamSynchronize(tnStream_t stream);
/* tnSuccess when all is done, else tnErrorNotReady. */
TN_API tnError_t tnStreamQuery(tnStream_t stream);
/* Later work of the stream waits for the event's latest record, of any device. Flags: 0. */
TN_API tnError_t tnStreamWaitEvent(tnStream_t stream, tnEvent_t event, unsigned int flags);
/* Calls `fn` on a thread of the runtime when all earlier work of the stream is done; later work waits for it. It must
 * not call this API. */
TN_API tnError_t tnLaunchHostFunc(tnStream_t stream, tnHostFn_t fn, void *userData);
TN_API tnError_t tnStreamGetFlags(tnStream_t stream, unsigned int *flags);
TN_API tnError_t tnStreamGetDevice(tnStream_t stream, int *device);

/* ---- events ------------------------------------------------------------------------------------------------------ */

TN_API tnError_t tnEventCreate(tnEvent_t *event);
TN_API tnError_t tnEventCreateWithFlags(tnEvent_t *event, unsigned int flags);
TN_API tnError_t tnEventDestroy(tnEvent_t event);
TN_API tnError_t tnEventRecord(tnEvent_t event, tnStream_t stream);
TN_API tnError_t tnEventRecordWithFlags(tnEvent_t event, tnStream_t stream, unsigned int flags);
/* tnSuccess when done or never recorded, else tnErrorNotReady. */
TN_API tnError_t tnEventQuery(tnEvent_t event);
TN_API tnError_t tnEventSynchronize(tnEvent_t event);
/* Milliseconds between two recorded events with timing, from the device's clock where it has a sane one. */
TN_API tnError_t tnEventElapsedTime(float *ms, tnEvent_t start, tnEvent_t end);

/* ---- modules and operators --------------------------------------------------------------------------------------- */

/* Loads a package (.tnb) for the current device. The file, or the memory, is not needed afterwards. A package is
 * trusted like a shared library: its content hash finds damage, not malice. */
TN_API tnError_t tnModuleLoad(tnModule_t *module, const char *path);
TN_API tnError_t tnModuleLoadData(tnModule_t *module, const void *image, size_t size);
/* Waits for the device's work; operators and functions of the module become invalid. */
TN_API tnError_t tnModuleUnload(tnModule_t module);
/* An operator with all its types; tnErrorSymbolNotFound lists those there are. */
TN_API tnError_t tnModuleGetOp(tnOp_t *op, tnModule_t module, const char *name);
/* Tenon's own: the operators of a module in their order. */
TN_API tnError_t tnModuleGetOpCount(int *count, tnModule_t module);
TN_API tnError_t tnModuleGetOpName(const char **name, tnModule_t module, int index);
/* A single kernel, as tenon-objdump lists them: of the best code that the device takes. */
TN_API tnError_t tnModuleGetFunction(tnFunction_t *function, tnModule_t module, const char *name);

/* Launches an operator. `args` has a pointer for every parameter in declared order, results last: DLTensor * for
 * tensors, int64_t * for sizes, a pointer to the value for other scalars (bool: one byte), null for a default.
 * Tensors are on the module's device, aligned to their elements, with strides null or row-major. Checks everything
 * that can be known before anything runs; what a kernel finds in its data is tnErrorKernelFault at the next call that
 * synchronises. `args` and the DLTensors (not their memory) may go when the call returns. */
TN_API tnError_t tnOpLaunch(tnOp_t op, void **args, tnStream_t stream);
/* Fills ndim, dtype and shape (the caller's, with room for 16) of the results from the other arguments, whose data is
 * not looked at. Where results' types do not follow from the arguments, the result's dtype says which is meant. */
TN_API tnError_t tnOpInferShapes(tnOp_t op, void **args);
/* How much of the stream's pool a launch with these arguments takes. Data is not looked at. */
TN_API tnError_t tnOpGetWorkspaceSize(size_t *bytes, tnOp_t op, void **args);
TN_API tnError_t tnOpGetParamCount(int *count, tnOp_t op);
TN_API tnError_t tnOpGetParam(tnOpParam *info, tnOp_t op, int index);

/* Launches one kernel: `args` as tenon-objdump lists them: void ** for a buffer, else a pointer to the value (int64_t
 * for an index). `block` must be what the kernel was compiled for. Nothing is checked but pointers and counts. */
TN_API tnError_t tnLaunchKernel(tnFunction_t function, tnDim3 grid, tnDim3 block, void **args, size_t shared,
                                tnStream_t stream);

/* A row-major tensor on the current device; `sizes` and `data` stay the caller's and must outlive it. */
static inline DLTensor tnTensor(void *data, DLDataType type, int32_t ndim, int64_t *sizes) {
  DLTensor tensor;
  tensor.data = data;
  tensor.device.device_type = kDLCPU;
  tensor.device.device_id = 0;
  (void)tnGetDLDevice(&tensor.device);
  tensor.ndim = ndim;
  tensor.dtype = type;
  tensor.shape = sizes;
  tensor.strides = 0;
  tensor.byte_offset = 0;
  return tensor;
}

#ifdef __cplusplus
}
#endif

#endif /* TENON_TENON_H */
