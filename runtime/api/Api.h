//===- Api.h - what every function of the API goes through ---------------------------===//
//
// Owns the boundary: no exception crosses it, errors become the thread's last error, calls are logged; the current
// device of a thread; handles to objects and back. Does not own what the functions do.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Context.h"
#include "core/DeviceList.h"
#include "core/Error.h"
#include "core/Event.h"
#include "core/Handles.h"
#include "core/Log.h"
#include "core/Module.h"
#include "tenon/tenon.h"

#include <exception>
#include <new>

namespace tenon {

void logCall(const char *name, const Status &status);

/// Runs the body of an API function.
template <class F> tnError_t api(const char *name, F &&body) noexcept {
  try {
    Status status;
    try {
      status = body();
    } catch (const std::bad_alloc &) {
      status = error(tnErrorMemoryAllocation, "out of host memory");
    } catch (const std::exception &problem) {
      status = error(tnErrorUnknown, "internal error: %s", problem.what());
    } catch (...) {
      status = error(tnErrorUnknown, "internal error");
    }
    if (logs(LogLevel::Error))
      logCall(name, status);
    return remember(std::move(status));
  } catch (...) {
    return tnErrorMemoryAllocation;
  }
}

/// The current device of this thread, opened.
Status currentContext(Context *&context);
void setCurrentContext(Context *context);
/// Null while the thread has not chosen: device 0.
Context *chosenContext();

/// "NAME is null"
Status checkOut(const void *pointer, const char *name);

Status toStream(tnStream_t handle, Stream *&stream);
Status toEvent(tnEvent_t handle, Event *&event);
Status toModule(tnModule_t handle, LoadedModule *&module);
Status toOperator(tnOp_t handle, LoadedOperator *&op);
Status toFunction(tnFunction_t handle, Function *&function);

inline tnStream_t toHandle(Stream *stream) { return reinterpret_cast<tnStream_t>(stream); }
inline tnEvent_t toHandle(Event *event) { return reinterpret_cast<tnEvent_t>(event); }
inline tnModule_t toHandle(LoadedModule *module) { return reinterpret_cast<tnModule_t>(module); }
inline tnOp_t toHandle(LoadedOperator *op) { return reinterpret_cast<tnOp_t>(op); }
inline tnFunction_t toHandle(Function *function) { return reinterpret_cast<tnFunction_t>(function); }

} // namespace tenon
