//===- Stream.cpp - tnStream..., tnLaunchHostFunc --------------------------------------------===//
#include "api/Api.h"

using namespace tenon;

static Status create(tnStream_t *stream, unsigned flags) {
  TENON_TRY(checkOut(stream, "stream"));
  *stream = nullptr;
  if (flags & ~tnStreamNonBlocking)
    return error(tnErrorInvalidValue, "flags is 0x%x, known flags are 0x1", flags);
  Context *context;
  TENON_TRY(currentContext(context));
  Stream *made;
  TENON_TRY(context->createStream(flags, 0, made));
  *stream = toHandle(made);
  return {};
}

extern "C" {

tnError_t tnStreamCreate(tnStream_t *stream) {
  return api("tnStreamCreate", [&] { return create(stream, tnStreamDefault); });
}

tnError_t tnStreamCreateWithFlags(tnStream_t *stream, unsigned int flags) {
  return api("tnStreamCreateWithFlags", [&] { return create(stream, flags); });
}

tnError_t tnStreamDestroy(tnStream_t stream) {
  return api("tnStreamDestroy", [&] {
    if (stream == nullptr || stream == tnStreamLegacy || stream == tnStreamPerThread)
      return error(tnErrorInvalidResourceHandle, "the default streams cannot be destroyed");
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return on->context.destroyStream(*on);
  });
}

tnError_t tnStreamSynchronize(tnStream_t stream) {
  return api("tnStreamSynchronize", [&] {
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return on->synchronize();
  });
}

tnError_t tnStreamQuery(tnStream_t stream) {
  return api("tnStreamQuery", [&] {
    Stream *on;
    TENON_TRY(toStream(stream, on));
    bool idle = false;
    TENON_TRY(on->query(idle));
    return idle ? Status() : error(tnErrorNotReady, "the stream has work that is not done");
  });
}

tnError_t tnStreamWaitEvent(tnStream_t stream, tnEvent_t event, unsigned int flags) {
  return api("tnStreamWaitEvent", [&] {
    Stream *on;
    TENON_TRY(toStream(stream, on));
    Event *of;
    TENON_TRY(toEvent(event, of));
    if (flags != tnEventWaitDefault)
      return error(tnErrorInvalidValue, "flags is 0x%x, it must be 0", flags);
    auto record = of->latest();
    return record ? on->wait(std::move(record)) : Status(); // never recorded: nothing to wait for
  });
}

tnError_t tnLaunchHostFunc(tnStream_t stream, tnHostFn_t fn, void *userData) {
  return api("tnLaunchHostFunc", [&] {
    TENON_TRY(checkOut(reinterpret_cast<const void *>(fn), "fn"));
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return on->host([fn, userData] { fn(userData); });
  });
}

tnError_t tnStreamGetFlags(tnStream_t stream, unsigned int *flags) {
  return api("tnStreamGetFlags", [&] {
    TENON_TRY(checkOut(flags, "flags"));
    Stream *on;
    TENON_TRY(toStream(stream, on));
    *flags = on->flags;
    return Status();
  });
}

tnError_t tnStreamGetDevice(tnStream_t stream, int *device) {
  return api("tnStreamGetDevice", [&] {
    TENON_TRY(checkOut(device, "device"));
    Stream *on;
    TENON_TRY(toStream(stream, on));
    *device = DeviceList::get().numberOf(on->context);
    return Status();
  });
}
}
