/*===- error.h - error numbers of the Tenon runtime ---------------------------===
 *
 * Owns the error numbers and texts: CUDA 12's up to 999, Tenon's own from 2000. TN_ERRORS is expanded into the enum
 * here and into the tables of names and texts by the runtime. Does not own messages with values in them: those are
 * per thread, see tnGetLastErrorMessage.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TENON_ERROR_H
#define TENON_ERROR_H

/* X(name, number, text) for every error. */
#define TN_ERRORS(X)                                                                                                   \
  X(tnSuccess, 0, "no error")                                                                                          \
  X(tnErrorInvalidValue, 1, "invalid argument")                                                                        \
  X(tnErrorMemoryAllocation, 2, "out of memory")                                                                       \
  X(tnErrorInitializationError, 3, "initialization error")                                                             \
  X(tnErrorCudartUnloading, 4, "driver shutting down")                                                                 \
  X(tnErrorProfilerDisabled, 5, "profiler disabled while using external profiling tool")                               \
  X(tnErrorProfilerNotInitialized, 6, "profiler not initialized")                                                      \
  X(tnErrorProfilerAlreadyStarted, 7, "profiler already started")                                                      \
  X(tnErrorProfilerAlreadyStopped, 8, "profiler already stopped")                                                      \
  X(tnErrorInvalidConfiguration, 9, "invalid configuration argument")                                                  \
  X(tnErrorInvalidPitchValue, 12, "invalid pitch argument")                                                            \
  X(tnErrorInvalidSymbol, 13, "invalid device symbol")                                                                 \
  X(tnErrorInvalidHostPointer, 16, "invalid host pointer")                                                             \
  X(tnErrorInvalidDevicePointer, 17, "invalid device pointer")                                                         \
  X(tnErrorInvalidTexture, 18, "invalid texture reference")                                                            \
  X(tnErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy")                                            \
  X(tnErrorSynchronizationError, 25, "synchronization error")                                                          \
  X(tnErrorMixedDeviceExecution, 28, "mixed device execution")                                                         \
  X(tnErrorNotYetImplemented, 31, "feature not yet implemented")                                                       \
  X(tnErrorMemoryValueTooLarge, 32, "memory value too large")                                                          \
  X(tnErrorStubLibrary, 34, "stub library")                                                                            \
  X(tnErrorInsufficientDriver, 35, "driver version is insufficient for runtime version")                               \
  X(tnErrorCallRequiresNewerDriver, 36, "api call requires a newer driver")                                            \
  X(tnErrorDevicesUnavailable, 46, "all devices are busy or unavailable")                                              \
  X(tnErrorIncompatibleDriverContext, 49, "incompatible driver context")                                               \
  X(tnErrorMissingConfiguration, 52, "missing launch configuration")                                                   \
  X(tnErrorPriorLaunchFailure, 53, "unspecified launch failure in prior launch")                                       \
  X(tnErrorInvalidDeviceFunction, 98, "invalid device function")                                                       \
  X(tnErrorNoDevice, 100, "no device is detected")                                                                     \
  X(tnErrorInvalidDevice, 101, "invalid device")                                                                       \
  X(tnErrorDeviceNotLicensed, 102, "device does not have a valid license")                                             \
  X(tnErrorSoftwareValidityNotEstablished, 103, "integrity checks failed")                                             \
  X(tnErrorStartupFailure, 127, "startup failure in the runtime")                                                      \
  X(tnErrorInvalidKernelImage, 200, "device kernel image is invalid")                                                  \
  X(tnErrorDeviceUninitialized, 201, "invalid device context")                                                         \
  X(tnErrorMapBufferObjectFailed, 205, "mapping of buffer object failed")                                              \
  X(tnErrorUnmapBufferObjectFailed, 206, "unmapping of buffer object failed")                                          \
  X(tnErrorArrayIsMapped, 207, "array is mapped")                                                                      \
  X(tnErrorAlreadyMapped, 208, "resource already mapped")                                                              \
  X(tnErrorNoKernelImageForDevice, 209, "no kernel image is available for execution on the device")                    \
  X(tnErrorAlreadyAcquired, 210, "resource already acquired")                                                          \
  X(tnErrorNotMapped, 211, "resource not mapped")                                                                      \
  X(tnErrorECCUncorrectable, 214, "uncorrectable ECC error encountered")                                               \
  X(tnErrorUnsupportedLimit, 215, "limit is not supported on this architecture")                                       \
  X(tnErrorDeviceAlreadyInUse, 216, "exclusive-thread device already in use by a different thread")                    \
  X(tnErrorPeerAccessUnsupported, 217, "peer access is not supported between these two devices")                       \
  X(tnErrorInvalidPtx, 218, "a kernel's intermediate code was invalid")                                                \
  X(tnErrorInvalidGraphicsContext, 219, "invalid graphics context")                                                    \
  X(tnErrorJitCompilerNotFound, 221, "kernel compiler library not found")                                              \
  X(tnErrorJitCompilationDisabled, 223, "kernel compilation was disabled")                                             \
  X(tnErrorInvalidSource, 300, "device kernel source is invalid")                                                      \
  X(tnErrorFileNotFound, 301, "file not found")                                                                        \
  X(tnErrorSharedObjectSymbolNotFound, 302, "shared object symbol not found")                                          \
  X(tnErrorSharedObjectInitFailed, 303, "shared object initialization failed")                                         \
  X(tnErrorOperatingSystem, 304, "operating system call failed or operation not supported on this system")             \
  X(tnErrorInvalidResourceHandle, 400, "invalid resource handle")                                                      \
  X(tnErrorIllegalState, 401, "the operation cannot be performed in the present state")                                \
  X(tnErrorSymbolNotFound, 500, "named symbol not found")                                                              \
  X(tnErrorNotReady, 600, "device not ready")                                                                          \
  X(tnErrorIllegalAddress, 700, "an illegal memory access was encountered")                                            \
  X(tnErrorLaunchOutOfResources, 701, "too many resources requested for launch")                                       \
  X(tnErrorLaunchTimeout, 702, "the launch timed out and was terminated")                                              \
  X(tnErrorPeerAccessAlreadyEnabled, 704, "peer access is already enabled")                                            \
  X(tnErrorPeerAccessNotEnabled, 705, "peer access has not been enabled")                                              \
  X(tnErrorSetOnActiveProcess, 708, "cannot set while device is active in this process")                               \
  X(tnErrorContextIsDestroyed, 709, "context is destroyed")                                                            \
  X(tnErrorAssert, 710, "device-side assert triggered")                                                                \
  X(tnErrorTooManyPeers, 711, "peer mapping resources exhausted")                                                      \
  X(tnErrorHostMemoryAlreadyRegistered, 712, "part or all of the requested memory range is already mapped")            \
  X(tnErrorHostMemoryNotRegistered, 713, "pointer does not correspond to a registered memory region")                  \
  X(tnErrorHardwareStackError, 714, "hardware stack error")                                                            \
  X(tnErrorIllegalInstruction, 715, "an illegal instruction was encountered")                                          \
  X(tnErrorMisalignedAddress, 716, "misaligned address")                                                               \
  X(tnErrorInvalidAddressSpace, 717, "operation not supported on global/shared address space")                         \
  X(tnErrorInvalidPc, 718, "invalid program counter")                                                                  \
  X(tnErrorLaunchFailure, 719, "unspecified launch failure")                                                           \
  X(tnErrorCooperativeLaunchTooLarge, 720, "too many blocks in cooperative launch")                                    \
  X(tnErrorNotPermitted, 800, "operation not permitted")                                                               \
  X(tnErrorNotSupported, 801, "operation not supported")                                                               \
  X(tnErrorSystemNotReady, 802, "system not yet initialized")                                                          \
  X(tnErrorSystemDriverMismatch, 803, "system has unsupported display driver / driver combination")                    \
  X(tnErrorCompatNotSupportedOnDevice, 804, "forward compatibility was attempted on non supported hardware")           \
  X(tnErrorStreamCaptureUnsupported, 900, "operation not permitted when stream is capturing")                          \
  X(tnErrorStreamCaptureInvalidated, 901, "operation failed due to a previous error during capture")                   \
  X(tnErrorStreamCaptureMerge, 902, "operation would result in a merge of separate capture sequences")                 \
  X(tnErrorStreamCaptureUnmatched, 903, "capture was not ended in the same stream as it began")                        \
  X(tnErrorStreamCaptureUnjoined, 904, "capturing stream has unjoined work")                                           \
  X(tnErrorStreamCaptureIsolation, 905, "dependency created on uncaptured work in another stream")                     \
  X(tnErrorStreamCaptureImplicit, 906, "operation would make the legacy stream depend on a capturing blocking stream") \
  X(tnErrorCapturedEvent, 907, "operation not permitted on an event last recorded in a capturing stream")              \
  X(tnErrorStreamCaptureWrongThread, 908, "attempt to terminate a thread-local capture sequence from another thread")  \
  X(tnErrorTimeout, 909, "wait operation timed out")                                                                   \
  X(tnErrorGraphExecUpdateFailure, 910, "the graph update was not performed because it included changes which violated constraints")\
  X(tnErrorUnknown, 999, "unknown error")                                                                              \
  X(tnErrorInvalidPackage, 2000, "not a valid package")                                                                \
  X(tnErrorPackageTooNew, 2001, "the package's format is newer than this runtime")                                     \
  X(tnErrorInvalidTensor, 2002, "a tensor argument is malformed")                                                      \
  X(tnErrorTypeMismatch, 2003, "no instance of the operator takes these types")                                        \
  X(tnErrorShapeMismatch, 2004, "sizes do not agree")                                                                  \
  X(tnErrorCheckFailed, 2005, "a condition of the operator does not hold")                                             \
  X(tnErrorNoVariant, 2006, "the package has no code that this device can run")                                        \
  X(tnErrorOverlap, 2007, "a result overlaps another argument")                                                        \
  X(tnErrorWrongDevice, 2008, "memory belongs to another device")                                                      \
  X(tnErrorKernelFault, 2009, "a kernel found an error in its data")                                                   \
  X(tnErrorAmbiguousDevice, 2010, "several devices match the name")                                                    \
  X(tnErrorDeviceLost, 2011, "the device is lost")                                                                     \
  X(tnErrorIndexRange, 2012, "sizes exceed what the package's code can index")

typedef enum tnError {
#define TN_ERROR(NAME, NUMBER, TEXT) NAME = NUMBER,
  TN_ERRORS(TN_ERROR)
#undef TN_ERROR
  tnErrorMaximum_ = 0x7fffffff /* makes the enum 32 bits wide; never returned */
} tnError;
typedef tnError tnError_t;

#endif /* TENON_ERROR_H */
