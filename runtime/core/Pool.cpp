//===- Pool.cpp - a stream's memory -----------------------------------------------------===//
#include "core/Pool.h"

namespace tenon {

Status Pool::workspace(Device &device, uint64_t bytes, Buffer *&buffer) {
  std::unique_lock guard(lock);
  if (!current || current->size < bytes) {
    // Grow by half at least, so that slowly growing shapes do not allocate at every launch.
    uint64_t want = bytes;
    if (current && current->size + current->size / 2 > want)
      want = current->size + current->size / 2;
    std::unique_ptr<Buffer> bigger;
    Status status = device.allocate(want, bigger);
    if (!status.ok() && want != bytes)
      status = device.allocate(bytes, bigger);
    if (!status.ok())
      return std::move(status).in(text("workspace of %llu bytes", static_cast<unsigned long long>(bytes)));
    if (current)
      retired.push_back(std::move(current));
    current = std::move(bigger);
  }
  buffer = current.get();
  return {};
}

std::unique_ptr<Buffer> Pool::take(uint64_t bytes) {
  std::unique_lock guard(lock);
  auto it = blocks.lower_bound(bytes);
  if (it == blocks.end() || it->first > 2 * bytes + 4096) // not a whole gigabyte for a few bytes
    return nullptr;
  auto buffer = std::move(it->second);
  blocks.erase(it);
  return buffer;
}

void Pool::give(std::unique_ptr<Buffer> buffer) {
  std::unique_lock guard(lock);
  uint64_t size = buffer->size;
  blocks.emplace(size, std::move(buffer));
}

Pool::Buffers Pool::takeUnused() {
  std::unique_lock guard(lock);
  Buffers result = std::move(retired);
  retired.clear();
  for (auto &block : blocks)
    result.push_back(std::move(block.second));
  blocks.clear();
  return result;
}

} // namespace tenon
