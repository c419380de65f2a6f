//===- Copy.cpp - copies and fills between any two places ------------------------------------------------===//
#include "core/Copy.h"

#include <cstring>

namespace tenon {

namespace {

/// One end of a copy.
struct End {
  uintptr_t address = 0;
  uint64_t pitch = 0;
  Context *device = nullptr; ///< Where the memory is a device's without addresses; else null: the host's own.
  Buffer *buffer = nullptr;
  uint64_t offset = 0;
  bool ours = false; ///< Allocated by the runtime: stays while work is queued.

  Place place(uint64_t row) const {
    return buffer ? Place{buffer, offset + row * pitch} : Place{nullptr, address + row * pitch};
  }
  char *row(uint64_t n) const { return reinterpret_cast<char *>(address + n * pitch); }
};

Status resolve(const void *pointer, uint64_t pitch, const CopyShape &shape, bool asDevice, bool asHost,
               const Context &current, const char *which, End &end) {
  end.address = reinterpret_cast<uintptr_t>(pointer);
  end.pitch = shape.height > 1 ? pitch : shape.width;
  uint64_t extent = 0;
  uintptr_t last = 0;
  if (__builtin_mul_overflow(shape.height - 1, end.pitch, &extent) ||
      __builtin_add_overflow(extent, shape.width, &extent) || __builtin_add_overflow(end.address, extent, &last))
    return error(tnErrorInvalidValue, "the %s goes past the end of the address space", which);
  Found found = findAllocation(pointer);
  end.ours = found.context != nullptr;
  if (found.context && extent > found.left())
    return error(tnErrorInvalidValue, "the %s is %llu bytes from %p on, its allocation has %llu left", which,
                 static_cast<unsigned long long>(extent), pointer, static_cast<unsigned long long>(found.left()));
  if (found.context && found.kind == MemoryKind::Device && !found.context->isHost()) {
    if (asHost)
      return error(tnErrorInvalidMemcpyDirection, "the %s %p is device memory of %s, the kind of copy says host memory",
                   which, pointer, found.context->id().c_str());
    end.device = found.context;
    end.buffer = found.buffer;
    end.offset = found.offset;
    return {};
  }
  // On host all memory is device memory.
  if (asDevice && !current.isHost() && !(found.context && found.context->isHost()))
    return error(tnErrorInvalidMemcpyDirection, "the %s %p is host memory, the kind of copy says device memory", which,
                 pointer);
  return {};
}

void copyRows(const End &to, const End &from, uint64_t width, uint64_t height) {
  for (uint64_t n = 0; n < height; ++n)
    memmove(to.row(n), from.row(n), width);
}

// Rows that follow each other are one.
void join(End &to, End &from, uint64_t &width, uint64_t &height) {
  if (height > 1 && to.pitch == width && from.pitch == width) {
    width *= height;
    height = 1;
  }
}

// Between two devices that do not know each other: through host memory, in pieces.
Status copyStaged(const End &to, const End &from, uint64_t width, uint64_t height) {
  constexpr uint64_t piece = 4 << 20;
  std::vector<char> stage(std::min(width, piece));
  for (uint64_t n = 0; n < height; ++n)
    for (uint64_t at = 0; at < width; at += piece) {
      uint64_t bytes = std::min(piece, width - at);
      Place source = from.place(n), target = to.place(n);
      source.offset += at;
      target.offset += at;
      auto out = [&](Queue &queue) { return queue.copyOut(stage.data(), source, bytes, HostMemory::Stable); };
      TENON_TRY(from.device->legacyStream().submit(out));
      TENON_TRY(from.device->legacyStream().synchronize());
      auto in = [&](Queue &queue) { return queue.copyIn(target, stage.data(), bytes, HostMemory::Stable); };
      TENON_TRY(to.device->legacyStream().submit(in));
      TENON_TRY(to.device->legacyStream().synchronize());
    }
  return {};
}

} // namespace

Status copyMemory(const CopyShape &shape, Stream &stream, bool wait) {
  if (shape.kind < tnMemcpyHostToHost || shape.kind > tnMemcpyDefault)
    return error(tnErrorInvalidMemcpyDirection, "the kind of copy is %d, kinds are 0 to 4",
                 static_cast<int>(shape.kind));
  if (shape.width == 0 || shape.height == 0)
    return {};
  if (!shape.to || !shape.from)
    return error(tnErrorInvalidValue, "the %s of a copy of %llu bytes is null", shape.to ? "source" : "destination",
                 static_cast<unsigned long long>(shape.width));
  const tnMemcpyKind kind = shape.kind;
  End to, from;
  TENON_TRY(resolve(shape.to, shape.toPitch, shape, kind == tnMemcpyHostToDevice || kind == tnMemcpyDeviceToDevice,
                    kind == tnMemcpyHostToHost || kind == tnMemcpyDeviceToHost, stream.context, "destination", to));
  TENON_TRY(resolve(shape.from, shape.fromPitch, shape, kind == tnMemcpyDeviceToHost || kind == tnMemcpyDeviceToDevice,
                    kind == tnMemcpyHostToHost || kind == tnMemcpyHostToDevice, stream.context, "source", from));
  uint64_t width = shape.width, height = shape.height;
  join(to, from, width, height);

  // The stream's own order comes first; then a copy on another device runs in that device's default stream, waited for.
  Context *device = to.device ? to.device : from.device;
  if (to.device && from.device && to.device != from.device) {
    TENON_TRY(stream.synchronize());
    return copyStaged(to, from, width, height);
  }
  Stream *runs = &stream;
  if (device && device != &stream.context) {
    TENON_TRY(stream.synchronize());
    runs = &device->legacyStream();
    wait = true;
  }

  if (!device && !runs->context.isHost()) {
    // Host to host in the stream of another device.
    if (wait || !to.ours || !from.ours) {
      TENON_TRY(runs->synchronize());
      copyRows(to, from, width, height);
      return {};
    }
    return runs->host([=] { copyRows(to, from, width, height); });
  }

  // The program may do what it likes with its own (not pinned) memory once an asynchronous copy has returned.
  const bool readsForeign = !from.device && !from.ours && kind != tnMemcpyDeviceToDevice;
  const bool writesForeign = !to.device && !to.ours && kind != tnMemcpyDeviceToDevice;
  HostMemory memory = wait || (!readsForeign && !writesForeign) ? HostMemory::Stable : HostMemory::Transient;
  auto rows = [=](Queue &queue, const End &source) {
    for (uint64_t n = 0; n < height; ++n) {
      if (to.device && !source.device)
        TENON_TRY(queue.copyIn(to.place(n), source.row(n), width, memory));
      else if (!to.device && source.device)
        TENON_TRY(queue.copyOut(to.row(n), source.place(n), width, memory));
      else
        TENON_TRY(queue.copy(to.place(n), source.place(n), width));
    }
    return Status();
  };
  TENON_TRY(runs->submitBoth([&](Queue &queue) { return rows(queue, from); },
                             [&]() -> Stream::Work {
                               if (!readsForeign || wait)
                                 return [rows, from](Queue &queue) { return rows(queue, from); };
                               // Held back: keep what the source holds now.
                               auto kept = std::make_shared<std::vector<char>>(width * height);
                               for (uint64_t n = 0; n < height; ++n)
                                 memcpy(kept->data() + n * width, from.row(n), width);
                               End source;
                               source.address = reinterpret_cast<uintptr_t>(kept->data());
                               source.pitch = width;
                               return [rows, source, kept](Queue &queue) { return rows(queue, source); };
                             }));
  if (wait || (writesForeign && device))
    return runs->synchronize();
  return {};
}

Status fillMemory(void *pointer, int value, uint64_t bytes, Stream &stream, bool wait) {
  if (bytes == 0)
    return {};
  if (!pointer)
    return error(tnErrorInvalidValue, "fill of %llu bytes at a null pointer", static_cast<unsigned long long>(bytes));
  CopyShape shape;
  shape.width = bytes;
  End to;
  TENON_TRY(resolve(pointer, bytes, shape, false, false, stream.context, "destination", to));
  Stream *runs = &stream;
  if (to.device && to.device != &stream.context) {
    TENON_TRY(stream.synchronize());
    runs = &to.device->legacyStream();
    wait = true;
  }
  if (!to.device && !to.ours && !stream.context.isHost())
    return error(tnErrorInvalidDevicePointer, "fill of %p, which is no memory of this runtime", pointer);
  if (!to.device && !runs->context.isHost())
    TENON_TRY(runs->host([=] { memset(pointer, value, bytes); }));
  else
    TENON_TRY(runs->submit([=](Queue &queue) { return queue.fill(to.place(0), static_cast<uint8_t>(value), bytes); }));
  return wait ? runs->synchronize() : Status();
}

} // namespace tenon
