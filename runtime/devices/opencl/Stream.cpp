//===- Stream.cpp - work for an OpenCL device -------------------------------===//
//
// Owns the enqueuing of copies, fills, launches and markers.
//
//===------------------------------------------------------------------------===//
#include "Stream.h"

#include "Kernel.h"
#include "Memory.h"
#include "Status.h"

#include <cinttypes>
#include <cstring>

namespace tenon::opencl {

//===- markers ------------------------------------------------------------===//

ClMarker::~ClMarker() {
  if (event)
    device.cl.ReleaseEvent(event);
}

Status ClMarker::retain(cl_event &reference) {
  std::lock_guard lock(mutex);
  if (event)
    TENON_CL(device.cl.RetainEvent(event), "use an event on %s", device.info().name.c_str());
  reference = event;
  return {};
}

Status ClMarker::record(cl_command_queue queue) {
  cl_event now = nullptr;
  TENON_CL(device.cl.EnqueueMarkerWithWaitList(queue, 0, nullptr, &now), "record an event on %s",
           device.info().name.c_str());
  {
    std::lock_guard lock(mutex);
    std::swap(event, now);
  }
  if (now)
    device.cl.ReleaseEvent(now);
  // OpenCL lets a queue rest until it is flushed; whoever waits for the marker may not know which queue it is in.
  TENON_CL(device.cl.Flush(queue), "record an event on %s", device.info().name.c_str());
  return {};
}

Status ClMarker::hold(cl_command_queue queue) {
  cl_event now = nullptr;
  TENON_TRY(retain(now));
  if (!now)
    return {};
  cl_int code = device.cl.EnqueueBarrierWithWaitList(queue, 1, &now, nullptr);
  device.cl.ReleaseEvent(now);
  TENON_CL(code, "wait for an event on %s", device.info().name.c_str());
  return {};
}

Status ClMarker::lateFailure(cl_event failed, cl_int code) {
  cl_int status = CL_COMPLETE;
  if (device.cl.GetEventInfo(failed, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr) ==
          CL_SUCCESS &&
      status < 0)
    code = status;
  std::lock_guard lock(mutex);
  if (event == failed) {
    device.cl.ReleaseEvent(event);
    event = nullptr;
  }
  return failure(code, "work on %s failed", device.info().name.c_str());
}

Status ClMarker::query(bool &done) {
  done = true;
  cl_event now = nullptr;
  TENON_TRY(retain(now));
  if (!now)
    return {};
  cl_int state = CL_COMPLETE;
  cl_int code = device.cl.GetEventInfo(now, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, nullptr);
  Status status;
  if (code != CL_SUCCESS)
    status = failure(code, "query an event on %s", device.info().name.c_str());
  else if (state < 0)
    status = lateFailure(now, state);
  done = state <= CL_COMPLETE;
  device.cl.ReleaseEvent(now);
  return status;
}

Status ClMarker::wait() {
  cl_event now = nullptr;
  TENON_TRY(retain(now));
  if (!now)
    return {};
  Status status;
  if (cl_int code = device.cl.WaitForEvents(1, &now); code != CL_SUCCESS)
    status = lateFailure(now, code);
  device.cl.ReleaseEvent(now);
  return status;
}

Status ClMarker::time(uint64_t &nanoseconds) {
  cl_event now = nullptr;
  if (timing)
    TENON_TRY(retain(now));
  if (!now)
    return error(tnErrorInvalidResourceHandle, "time of an event on %s: it %s", device.info().name.c_str(),
                 timing ? "has not been recorded" : "was made without timing");
  cl_ulong value = 0;
  cl_int code = device.cl.GetEventProfilingInfo(now, CL_PROFILING_COMMAND_END, sizeof value, &value, nullptr);
  device.cl.ReleaseEvent(now);
  TENON_CL(code, "time of an event on %s", device.info().name.c_str());
  nanoseconds = value;
  return {};
}

//===- queues: life ---------------------------------------------------------===//

Status ClQueue::make(ClDevice &device, bool profiling, std::unique_ptr<Queue> &queue) {
  cl_int code = CL_SUCCESS;
  cl_command_queue object =
      device.cl.CreateCommandQueue(device.context, device.id, profiling ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
  TENON_CL(code, "make a queue on %s", device.info().name.c_str());
  queue.reset(new ClQueue(device, object));
  return {};
}

ClQueue::~ClQueue() {
  for (auto &entry : kernels)
    release(entry.second);
  if (tail)
    device.cl.ReleaseEvent(tail);
  device.cl.ReleaseCommandQueue(queue);
}

void ClQueue::release(KernelObjects &objects) {
  for (KernelObject &object : objects)
    if (object.kernel)
      device.cl.ReleaseKernel(object.kernel);
}

void ClQueue::dropRetired() {
  seenRetirements = device.retirements();
  lastObjects = nullptr;
  for (auto entry = kernels.begin(); entry != kernels.end();) {
    if (device.programIsAlive(entry->first)) {
      ++entry;
      continue;
    }
    release(entry->second);
    entry = kernels.erase(entry);
  }
}

//===- queues: launches -----------------------------------------------------===//

Status ClQueue::kernelObject(const ClProgram &program, size_t kernel, KernelObject *&object) {
  if (seenRetirements != device.retirements())
    dropRetired();
  if (!lastObjects || lastProgram != program.number()) {
    KernelObjects &objects = kernels[program.number()];
    objects.resize(program.kernels().size());
    lastProgram = program.number();
    lastObjects = &objects;
  }
  object = &(*lastObjects)[kernel];
  if (!object->kernel)
    TENON_TRY(program.makeKernel(kernel, object->kernel));
  return {};
}

Status ClQueue::setArguments(const ClProgram &program, KernelObject &object, const KernelLaunch &launch) {
  const KernelFacts &facts = program.kernels()[launch.kernel];
  const Api &cl = device.cl;
  bool known = object.known;
  object.known = false; // until all have been set
  object.values.resize(2 * facts.args.size());
  cl_uint index = 0;
  for (size_t i = 0; i < facts.args.size(); ++i) {
    const KernelArg &arg = launch.args[i];
    uint64_t *before = &object.values[2 * i];
    if (facts.args[i] == package::ArgType::Buffer) {
      // An empty tensor has no memory, and its kernels touch none.
      auto *buffer = static_cast<ClBuffer *>(arg.buffer);
      cl_mem memory = buffer ? buffer->memory() : device.nothing();
      uint64_t serial = buffer ? buffer->serial() : 0;
      cl_ulong offset = buffer ? arg.bits : 0;
      if (!buffer && arg.bytes != 0)
        return error(tnErrorInvalidValue, "launch %s: argument %zu has no buffer, but %" PRIu64 " bytes",
                     facts.name.c_str(), i, arg.bytes);
      if (!known || before[0] != serial)
        TENON_CL(cl.SetKernelArg(object.kernel, index, sizeof memory, &memory), "launch %s: set argument %zu",
                 facts.name.c_str(), i);
      if (!known || before[1] != offset)
        TENON_CL(cl.SetKernelArg(object.kernel, index + 1, sizeof offset, &offset),
                 "launch %s: set the offset of argument %zu", facts.name.c_str(), i);
      before[0] = serial;
      before[1] = offset;
      index += 2;
      continue;
    }
    size_t bytes = 8;
    if (facts.args[i] == package::ArgType::Index)
      bytes = program.indexBytes();
    else if (facts.args[i] == package::ArgType::I32 || facts.args[i] == package::ArgType::F32)
      bytes = 4;
    // Little-endian on both sides: the value's bytes come first.
    if (!known || before[0] != arg.bits)
      TENON_CL(cl.SetKernelArg(object.kernel, index, bytes, &arg.bits), "launch %s: set argument %zu",
               facts.name.c_str(), i);
    before[0] = arg.bits;
    ++index;
  }
  object.known = true;
  return {};
}

Status ClQueue::launch(const KernelLaunch &launch) {
  auto &program = *static_cast<ClProgram *>(launch.program);
  if (launch.kernel >= program.kernels().size())
    return error(tnErrorInvalidDeviceFunction, "launch: kernel %u of %zu", launch.kernel, program.kernels().size());
  const KernelFacts &facts = program.kernels()[launch.kernel];
  const char *name = facts.name.c_str();
  if (launch.numArgs != facts.args.size())
    return error(tnErrorInvalidValue, "launch %s: %zu arguments given, it takes %zu", name, launch.numArgs,
                 facts.args.size());
  if (launch.localBytes)
    return error(tnErrorNotSupported,
                 "launch %s: %" PRIu64 " bytes of dynamic workgroup memory, kernels on OpenCL take none", name,
                 launch.localBytes);

  const uint32_t *block = launch.block ? launch.block : facts.block;
  size_t global[3], local[3];
  uint64_t group = 1;
  cl_uint dimensions = 1;
  for (int i = 0; i < 3; ++i) {
    if (launch.grid[i] == 0)
      return {};
    if (block[i] == 0 || block[i] > device.info().maxBlock[i])
      return error(tnErrorInvalidConfiguration, "launch %s: %u work-items in dimension %d, device allows 1 to %" PRIu64,
                   name, block[i], i, device.info().maxBlock[i]);
    if (launch.grid[i] > SIZE_MAX / block[i])
      return error(tnErrorInvalidConfiguration, "launch %s: %" PRIu64 " groups of %u work-items in dimension %d", name,
                   launch.grid[i], block[i], i);
    local[i] = block[i];
    global[i] = static_cast<size_t>(launch.grid[i]) * block[i];
    group *= block[i];
    if (global[i] > 1)
      dimensions = i + 1;
  }
  if (group > facts.maxGroup)
    return error(tnErrorInvalidConfiguration, "launch %s: %" PRIu64 " work-items per group, device allows %" PRIu64,
                 name, group, facts.maxGroup);
  const size_t *required = facts.requiredBlock;
  if (required[0] && (local[0] != required[0] || local[1] != required[1] || local[2] != required[2]))
    return error(tnErrorInvalidConfiguration,
                 "launch %s: groups of {%zu, %zu, %zu} work-items, the kernel is compiled for {%zu, %zu, %zu}", name,
                 local[0], local[1], local[2], required[0], required[1], required[2]);

  KernelObject *object = nullptr;
  TENON_TRY(kernelObject(program, launch.kernel, object));
  TENON_TRY(setArguments(program, *object, launch));
  TENON_CL(
      device.cl.EnqueueNDRangeKernel(queue, object->kernel, dimensions, nullptr, global, local, 0, nullptr, nullptr),
      "launch %s: grid {%" PRIu64 ", %" PRIu64 ", %" PRIu64 "}, block {%zu, %zu, %zu}", name, launch.grid[0],
      launch.grid[1], launch.grid[2], local[0], local[1], local[2]);
  enqueued();
  return {};
}

//===- queues: copies and fills ---------------------------------------------===//

static cl_mem memoryOf(const Place &place) { return static_cast<ClBuffer *>(place.buffer)->memory(); }

Status ClQueue::copyIn(Place to, const void *from, uint64_t bytes, HostMemory memory) {
  TENON_CL(device.cl.EnqueueWriteBuffer(queue, memoryOf(to), memory == HostMemory::Transient, to.offset, bytes, from, 0,
                                        nullptr, nullptr),
           "copy %" PRIu64 " bytes to %s", bytes, device.info().name.c_str());
  enqueued();
  return {};
}

Status ClQueue::copyOut(void *to, Place from, uint64_t bytes, HostMemory memory) {
  TENON_CL(device.cl.EnqueueReadBuffer(queue, memoryOf(from), memory == HostMemory::Transient, from.offset, bytes, to,
                                       0, nullptr, nullptr),
           "copy %" PRIu64 " bytes from %s", bytes, device.info().name.c_str());
  enqueued();
  return {};
}

Status ClQueue::copy(Place to, Place from, uint64_t bytes) {
  if (to.buffer == from.buffer && to.offset < from.offset + bytes && from.offset < to.offset + bytes)
    return error(tnErrorInvalidValue,
                 "copy %" PRIu64 " bytes on %s: source (offset %" PRIu64 ") and destination (offset %" PRIu64
                 ") of one allocation overlap",
                 bytes, device.info().name.c_str(), from.offset, to.offset);
  TENON_CL(device.cl.EnqueueCopyBuffer(queue, memoryOf(from), memoryOf(to), from.offset, to.offset, bytes, 0, nullptr,
                                       nullptr),
           "copy %" PRIu64 " bytes on %s", bytes, device.info().name.c_str());
  enqueued();
  return {};
}

Status ClQueue::fill(Place to, uint8_t value, uint64_t bytes) {
  // A fill's offset and size are multiples of its pattern, and wide patterns are filled faster: narrow edges around a
  // wide middle.
  constexpr uint64_t wide = 16;
  uint8_t pattern[wide];
  std::memset(pattern, value, sizeof pattern);
  uint64_t begin = to.offset, end = to.offset + bytes;
  uint64_t middle = (begin + wide - 1) / wide * wide, middleEnd = end / wide * wide;
  if (middle >= middleEnd)
    middle = middleEnd = end; // too short for a middle
  struct {
    uint64_t from, to, width;
  } const parts[] = {{begin, middle, 1}, {middle, middleEnd, wide}, {middleEnd, end, 1}};
  for (const auto &part : parts) {
    if (part.from >= part.to)
      continue;
    TENON_CL(device.cl.EnqueueFillBuffer(queue, memoryOf(to), pattern, part.width, part.from, part.to - part.from, 0,
                                         nullptr, nullptr),
             "fill %" PRIu64 " bytes on %s", bytes, device.info().name.c_str());
    enqueued();
  }
  return {};
}

//===- queues: order --------------------------------------------------------===//

Status ClQueue::record(Marker &marker) {
  TENON_TRY(static_cast<ClMarker &>(marker).record(queue));
  enqueued();
  return {};
}

Status ClQueue::wait(Marker &marker) {
  TENON_TRY(static_cast<ClMarker &>(marker).hold(queue));
  enqueued();
  return {};
}

Status ClQueue::flush() {
  TENON_CL(device.cl.Flush(queue), "start the work on %s", device.info().name.c_str());
  return {};
}

Status ClQueue::synchronize() {
  TENON_CL(device.cl.Finish(queue), "synchronize with %s", device.info().name.c_str());
  return {};
}

Status ClQueue::query(bool &idle) {
  const Api &cl = device.cl;
  std::lock_guard lock(tailMutex);
  // Read before the marker is put: it may cover more than it says, never less.
  uint64_t now = commands.load(std::memory_order_acquire);
  idle = false;
  if (!tail || tailCommands != now) {
    cl_event marker = nullptr;
    TENON_CL(cl.EnqueueMarkerWithWaitList(queue, 0, nullptr, &marker), "query %s", device.info().name.c_str());
    if (tail)
      cl.ReleaseEvent(tail);
    tail = marker;
    tailCommands = now;
    TENON_CL(cl.Flush(queue), "query %s", device.info().name.c_str());
  }
  cl_int state = CL_COMPLETE;
  TENON_CL(cl.GetEventInfo(tail, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, nullptr), "query %s",
           device.info().name.c_str());
  if (state < 0) {
    cl.ReleaseEvent(tail);
    tail = nullptr; // told once
    return failure(state, "work on %s failed", device.info().name.c_str());
  }
  idle = state == CL_COMPLETE;
  return {};
}

} // namespace tenon::opencl
