//===- Memory.h - host memory for tensors ----------------------------------------------===//
//
// Owns allocation on host: aligned blocks, large ones on huge pages, kept for reuse so that the same pages are not
// faulted in again and again.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <map>
#include <mutex>

namespace tenon::host {

class Memory {
public:
  static Memory &get();
  Status allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer);
  void setLimit(uint64_t total);
  /// Bytes that are kept for reuse.
  uint64_t kept();

private:
  friend class HostBuffer;
  void *take(uint64_t size);
  void give(void *block, uint64_t size);

  std::mutex lock;
  std::multimap<uint64_t, void *> blocks;
  uint64_t keptBytes = 0, keepAtMost = 0, total = 0;
};

} // namespace tenon::host
