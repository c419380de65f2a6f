//===- Context.cpp - an open device --------------------------------------------------------===//
#include "core/Context.h"

#include "core/DeviceList.h"
#include "core/Event.h"
#include "core/Handles.h"
#include "core/Module.h"

#include <cstdlib>

namespace tenon {

namespace {

// Host memory for devices that have no better.
class PlainHostBuffer : public Buffer {
public:
  explicit PlainHostBuffer(uint64_t bytes) {
    size = bytes;
    address = bytes < SIZE_MAX - 4096 ? aligned_alloc(4096, (bytes + 4095) / 4096 * 4096) : nullptr;
  }
  ~PlainHostBuffer() override { free(address); }
};

// A thread's own streams, one a device; destroyed with the thread.
struct ThreadStreams {
  std::vector<std::pair<Context *, Stream *>> list;
  ~ThreadStreams() {
    for (auto [context, stream] : list)
      if (isHandle(stream, HandleKind::Stream))
        (void)context->destroyStream(*stream);
  }
};
thread_local ThreadStreams threadStreams;

} // namespace

Context::Context(std::unique_ptr<Device> device) : opened(std::move(device)) {}
Context::~Context() = default;

std::string Context::id() const { return deviceId(info()); }

Status Context::init() {
  host = info().driver == "host";
  legacy = std::make_shared<Stream>(*this, 0, true);
  return legacy->init(0);
}

// ---- streams
// --------------------------------------------------------------------------------------------------------------

std::vector<std::shared_ptr<Stream>> Context::allStreams() {
  std::unique_lock guard(lock);
  std::vector<std::shared_ptr<Stream>> all(streams.begin(), streams.end());
  all.push_back(legacy);
  all.insert(all.end(), dying.begin(), dying.end());
  return all;
}

Status Context::createStream(unsigned flags, int priority, Stream *&stream) {
  reap();
  auto made = std::make_shared<Stream>(*this, flags, false);
  TENON_TRY(made->init(priority));
  stream = made.get();
  std::unique_lock guard(lock);
  streams.insert(std::move(made));
  addHandle(stream, HandleKind::Stream);
  return {};
}

Status Context::perThreadStream(Stream *&stream) {
  for (auto [context, made] : threadStreams.list)
    if (context == this && isHandle(made, HandleKind::Stream)) {
      stream = made;
      return {};
    }
  TENON_TRY(createStream(tnStreamDefault, 0, stream));
  threadStreams.list.emplace_back(this, stream);
  return {};
}

Status Context::destroyStream(Stream &stream) {
  if (!removeHandle(&stream, HandleKind::Stream))
    return error(tnErrorInvalidResourceHandle, "the stream is destroyed already");
  std::shared_ptr<Stream> kept = stream.shared_from_this();
  (void)kept->flush();
  {
    std::unique_lock guard(lock);
    streams.erase(kept);
    dying.push_back(std::move(kept));
  }
  reap();
  return {};
}

// Lets go of destroyed streams whose work is done.
void Context::reap() {
  std::vector<std::shared_ptr<Stream>> candidates, dead;
  {
    std::unique_lock guard(lock);
    candidates = dying;
  }
  for (auto &stream : candidates) {
    bool idle = false;
    if (Status status = stream->query(idle); !status.ok() || idle)
      dead.push_back(stream);
  }
  std::unique_lock guard(lock);
  for (auto &stream : dead)
    std::erase(dying, stream);
  // `dead` goes after the lock: a stream's end may take time.
  guard.unlock();
}

Status Context::synchronize() {
  Status first;
  for (auto &stream : allStreams())
    if (Status status = stream->synchronize(); !status.ok() && first.ok())
      first = std::move(status);
  reap();
  std::unique_lock guard(buryLock);
  std::erase_if(buried, [](auto &marker) {
    bool done = false;
    return !marker->query(done).ok() || done;
  });
  return first;
}

void Context::bury(std::unique_ptr<Marker> marker) {
  bool done = false;
  if (!marker->query(done).ok() || done)
    return;
  std::unique_lock guard(buryLock);
  if (buried.size() > 64)
    std::erase_if(buried, [](auto &old) {
      bool over = false;
      return !old->query(over).ok() || over;
    });
  buried.push_back(std::move(marker));
}

Status Context::reset() {
  Status status = synchronize();
  std::vector<Allocation> allocations;
  takeAllocations(this, allocations);
  decltype(streams) oldStreams;
  decltype(modules) oldModules;
  decltype(events) oldEvents;
  {
    std::unique_lock guard(lock);
    oldStreams.swap(streams);
    oldModules.swap(modules);
    oldEvents.swap(events);
  }
  for (auto &stream : oldStreams)
    removeHandle(stream.get(), HandleKind::Stream);
  for (auto &event : oldEvents)
    removeHandle(event.first, HandleKind::Event);
  for (auto &module : oldModules)
    module->invalidate();
  (void)legacy->pool().takeUnused();
  return status;
}

// ---- memory
// ---------------------------------------------------------------------------------------------------------------

static Status tooMuch(const Context &context, uint64_t bytes) {
  return error(tnErrorMemoryAllocation,
               "out of memory: %llu bytes asked for, device %s has %llu and allows %llu in one allocation",
               static_cast<unsigned long long>(bytes), context.id().c_str(),
               static_cast<unsigned long long>(context.info().totalMemory),
               static_cast<unsigned long long>(context.info().maxAllocation));
}

Status Context::allocate(uint64_t bytes, MemoryKind kind, void *&pointer) {
  pointer = nullptr;
  if (bytes == 0)
    return {};
  std::unique_ptr<Buffer> buffer;
  if (kind == MemoryKind::Device) {
    if (bytes > info().maxAllocation)
      return tooMuch(*this, bytes);
    TENON_TRY(opened->allocate(bytes, buffer));
  } else {
    Status status = opened->allocateHost(bytes, buffer);
    if (status.code() == tnErrorNotSupported) {
      buffer = std::make_unique<PlainHostBuffer>(bytes);
      status = buffer->address ? Status()
                               : error(tnErrorMemoryAllocation, "out of host memory: %llu bytes asked for",
                                       static_cast<unsigned long long>(bytes));
    }
    TENON_TRY(std::move(status));
  }
  Allocation allocation;
  TENON_TRY(makeAllocation(std::move(buffer), bytes, kind, this, allocation));
  pointer = reinterpret_cast<void *>(allocation.base);
  addAllocation(std::move(allocation));
  return {};
}

Status Context::allocateAsync(uint64_t bytes, Stream &stream, void *&pointer) {
  pointer = nullptr;
  if (bytes == 0)
    return {};
  if (bytes > info().maxAllocation)
    return tooMuch(*this, bytes);
  std::unique_ptr<Buffer> buffer = stream.pool().take(bytes);
  if (!buffer)
    TENON_TRY(opened->allocate(bytes, buffer));
  Allocation allocation;
  TENON_TRY(makeAllocation(std::move(buffer), bytes, MemoryKind::Device, this, allocation));
  allocation.pooled = true;
  pointer = reinterpret_cast<void *>(allocation.base);
  addAllocation(std::move(allocation));
  return {};
}

// Takes an allocation of the kind that the caller frees, of any device.
static Status takeToFree(void *pointer, MemoryKind kind, Allocation &allocation) {
  const char *wanted = kind == MemoryKind::Device ? "device" : "host";
  tnError_t code = kind == MemoryKind::Device ? tnErrorInvalidDevicePointer : tnErrorInvalidValue;
  Found found = findAllocation(pointer);
  if (!found.context)
    return error(code, "free of %p, which is no %s memory of this runtime", pointer, wanted);
  if (found.kind != kind)
    return error(code, "free of %p as %s memory, but it was allocated as %s memory", pointer, wanted,
                 kind == MemoryKind::Device ? "host" : "device");
  if (found.offset != 0)
    return error(code, "free of %p, which is %llu bytes into the allocation at %p", pointer,
                 static_cast<unsigned long long>(found.offset), reinterpret_cast<void *>(found.base));
  if (!takeAllocation(pointer, allocation))
    return error(code, "free of %p, which another thread has just freed", pointer);
  return {};
}

Status Context::release(void *pointer, MemoryKind kind) {
  if (!pointer)
    return {};
  Allocation allocation;
  TENON_TRY(takeToFree(pointer, kind, allocation));
  // Queued work may use the memory, of whatever stream.
  return allocation.context->synchronize();
}

Status Context::releaseAsync(void *pointer, Stream &stream) {
  if (!pointer)
    return {};
  Found found = findAllocation(pointer);
  if (found.context && found.context != this)
    return error(tnErrorInvalidValue, "free of %p, memory of %s, in a stream of %s", pointer,
                 found.context->id().c_str(), id().c_str());
  Allocation allocation;
  TENON_TRY(takeToFree(pointer, MemoryKind::Device, allocation));
  stream.pool().give(std::move(allocation.buffer));
  return {};
}

// ---- modules and events
// -----------------------------------------------------------------------------------------------------

void Context::addModule(std::shared_ptr<LoadedModule> module) {
  std::unique_lock guard(lock);
  modules.push_back(std::move(module));
}

Status Context::removeModule(LoadedModule &module) {
  std::shared_ptr<LoadedModule> kept;
  {
    std::unique_lock guard(lock);
    for (auto &candidate : modules)
      if (candidate.get() == &module)
        kept = candidate;
    std::erase(modules, kept);
  }
  if (kept)
    kept->invalidate();
  return synchronize();
}

Event *Context::createEvent(unsigned flags) {
  auto event = std::make_unique<Event>(*this, flags);
  Event *result = event.get();
  std::unique_lock guard(lock);
  events.emplace(result, std::move(event));
  addHandle(result, HandleKind::Event);
  return result;
}

bool Context::destroyEvent(Event *event) {
  if (!removeHandle(event, HandleKind::Event))
    return false;
  std::unique_ptr<Event> dead;
  std::unique_lock guard(lock);
  if (auto it = events.find(event); it != events.end()) {
    dead = std::move(it->second);
    events.erase(it);
  }
  guard.unlock(); // `dead` goes without the lock
  return true;
}

// ---- DLPack
// -----------------------------------------------------------------------------------------------------------------

DLDevice Context::dlDevice() {
  if (host)
    return {kDLCPU, 0};
  return {kDLExtDev, DeviceList::get().numberOf(*this)};
}

Status Context::checkDevice(DLDevice device, const char *tensor) {
  if (host && device.device_type == kDLCPU && device.device_id == 0)
    return {};
  if (device.device_type == kDLExtDev && device.device_id == DeviceList::get().numberOf(*this))
    return {};
  DLDevice own = dlDevice();
  return error(tnErrorWrongDevice, "%s is on DLPack device {%d, %d}, the launch is on %s, which is {%d, %d}", tensor,
               static_cast<int>(device.device_type), device.device_id, id().c_str(), static_cast<int>(own.device_type),
               own.device_id);
}

} // namespace tenon
