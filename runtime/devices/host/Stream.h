//===- Stream.h - host's queue ------------------------------------------------------------------===//
//
// Owns how work runs on host: at once, in the caller, with the pool's help. So a queue is always idle between calls, a
// marker is done when it is recorded, and what must wait is held back by core's streams on a thread of their own.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <atomic>
#include <chrono>

namespace tenon::host {

class HostMarker : public Marker {
public:
  Status query(bool &done) override {
    done = true;
    return {};
  }
  Status wait() override { return {}; }
  std::atomic<std::chrono::steady_clock::rep> time{0};
};

class HostQueue : public Queue {
public:
  Status launch(const KernelLaunch &launch) override;
  Status copyIn(Place to, const void *from, uint64_t bytes, HostMemory memory) override;
  Status copyOut(void *to, Place from, uint64_t bytes, HostMemory memory) override;
  Status copy(Place to, Place from, uint64_t bytes) override;
  Status fill(Place to, uint8_t value, uint64_t bytes) override;
  Status record(Marker &marker) override;
  Status wait(Marker &marker) override { return marker.wait(); }
  Status flush() override { return {}; }
  Status synchronize() override { return {}; }
  Status query(bool &idle) override {
    idle = true;
    return {};
  }
};

} // namespace tenon::host
