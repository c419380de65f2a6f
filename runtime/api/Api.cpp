//===- Api.cpp - what every function of the API goes through ---------------------------===//
#include "api/Api.h"

namespace tenon {

static thread_local Context *chosen = nullptr;

void logCall(const char *name, const Status &status) {
  if (status.ok())
    log(LogLevel::Debug, "%s", name);
  else
    log(status.code() == tnErrorNotReady ? LogLevel::Debug : LogLevel::Error, "%s: %s: %s", name,
        errorName(status.code()), status.message());
}

Context *chosenContext() { return chosen; }
void setCurrentContext(Context *context) { chosen = context; }

Status currentContext(Context *&context) {
  if (!chosen)
    TENON_TRY(DeviceList::get().open(0, chosen));
  context = chosen;
  return {};
}

Status checkOut(const void *pointer, const char *name) {
  return pointer ? Status() : error(tnErrorInvalidValue, "%s is null", name);
}

static Status stale(const char *what, const void *handle) {
  return error(tnErrorInvalidResourceHandle, "%p is no %s, or it is destroyed", handle, what);
}

Status toStream(tnStream_t handle, Stream *&stream) {
  if (handle == nullptr || handle == tnStreamLegacy) {
    Context *context;
    TENON_TRY(currentContext(context));
    stream = &context->legacyStream();
    return {};
  }
  if (handle == tnStreamPerThread) {
    Context *context;
    TENON_TRY(currentContext(context));
    return context->perThreadStream(stream);
  }
  if (!isHandle(handle, HandleKind::Stream))
    return stale("stream", handle);
  stream = reinterpret_cast<Stream *>(handle);
  return {};
}

Status toEvent(tnEvent_t handle, Event *&event) {
  if (!isHandle(handle, HandleKind::Event))
    return stale("event", handle);
  event = reinterpret_cast<Event *>(handle);
  return {};
}

Status toModule(tnModule_t handle, LoadedModule *&module) {
  if (!isHandle(handle, HandleKind::Module))
    return stale("module", handle);
  module = reinterpret_cast<LoadedModule *>(handle);
  return {};
}

Status toOperator(tnOp_t handle, LoadedOperator *&op) {
  if (!isHandle(handle, HandleKind::Op))
    return error(tnErrorInvalidResourceHandle, "%p is no operator, or its module is unloaded",
                 static_cast<void *>(handle));
  op = reinterpret_cast<LoadedOperator *>(handle);
  return {};
}

Status toFunction(tnFunction_t handle, Function *&function) {
  if (!isHandle(handle, HandleKind::Function))
    return error(tnErrorInvalidResourceHandle, "%p is no function, or its module is unloaded",
                 static_cast<void *>(handle));
  function = reinterpret_cast<Function *>(handle);
  return {};
}

} // namespace tenon
