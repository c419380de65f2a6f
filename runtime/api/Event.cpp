//===- Event.cpp - tnEvent... ------------------------------------------------------------------===//
#include "api/Api.h"

using namespace tenon;

static Status create(tnEvent_t *event, unsigned flags) {
  TENON_TRY(checkOut(event, "event"));
  *event = nullptr;
  if (flags & tnEventInterprocess)
    return error(tnErrorNotSupported, "events cannot be shared between processes");
  if (flags & ~(tnEventBlockingSync | tnEventDisableTiming))
    return error(tnErrorInvalidValue, "flags is 0x%x, known flags are 0x3", flags);
  Context *context;
  TENON_TRY(currentContext(context));
  *event = toHandle(context->createEvent(flags));
  return {};
}

static Status record(tnEvent_t event, tnStream_t stream, unsigned flags) {
  Event *what;
  TENON_TRY(toEvent(event, what));
  Stream *on;
  TENON_TRY(toStream(stream, on));
  if (flags != tnEventRecordDefault)
    return error(tnErrorInvalidValue, "flags is 0x%x, it must be 0", flags);
  if (&what->context != &on->context)
    return error(tnErrorInvalidResourceHandle, "an event of %s cannot be recorded in a stream of %s",
                 what->context.id().c_str(), on->context.id().c_str());
  return what->record(*on);
}

extern "C" {

tnError_t tnEventCreate(tnEvent_t *event) {
  return api("tnEventCreate", [&] { return create(event, tnEventDefault); });
}

tnError_t tnEventCreateWithFlags(tnEvent_t *event, unsigned int flags) {
  return api("tnEventCreateWithFlags", [&] { return create(event, flags); });
}

tnError_t tnEventDestroy(tnEvent_t event) {
  return api("tnEventDestroy", [&] {
    Event *what;
    TENON_TRY(toEvent(event, what));
    if (!what->context.destroyEvent(what))
      return error(tnErrorInvalidResourceHandle, "the event is destroyed already");
    return Status();
  });
}

tnError_t tnEventRecord(tnEvent_t event, tnStream_t stream) {
  return api("tnEventRecord", [&] { return record(event, stream, tnEventRecordDefault); });
}

tnError_t tnEventRecordWithFlags(tnEvent_t event, tnStream_t stream, unsigned int flags) {
  return api("tnEventRecordWithFlags", [&] { return record(event, stream, flags); });
}

tnError_t tnEventQuery(tnEvent_t event) {
  return api("tnEventQuery", [&] {
    Event *what;
    TENON_TRY(toEvent(event, what));
    bool done = false;
    TENON_TRY(what->query(done));
    return done ? Status() : error(tnErrorNotReady, "the work before the event is not done");
  });
}

tnError_t tnEventSynchronize(tnEvent_t event) {
  return api("tnEventSynchronize", [&] {
    Event *what;
    TENON_TRY(toEvent(event, what));
    return what->synchronize();
  });
}

tnError_t tnEventElapsedTime(float *ms, tnEvent_t start, tnEvent_t end) {
  return api("tnEventElapsedTime", [&] {
    TENON_TRY(checkOut(ms, "ms"));
    Event *from, *to;
    TENON_TRY(toEvent(start, from));
    TENON_TRY(toEvent(end, to));
    return Event::elapsed(*from, *to, *ms);
  });
}
}
