//===- Memory.cpp - host memory for tensors -----------------------------------------------===//
#include "devices/host/Memory.h"

#include <cstdlib>
#include <sys/mman.h>

namespace tenon::host {

// Below this malloc is good enough; from there on pages are kept.
static constexpr uint64_t smallest = 128 << 10, huge = 2 << 20, alignment = 256;

class HostBuffer : public Buffer {
public:
  ~HostBuffer() override {
    if (block < smallest)
      free(address);
    else
      Memory::get().give(address, block);
  }
  uint64_t block = 0;
};

Memory &Memory::get() {
  static Memory &memory = *new Memory;
  return memory;
}

void Memory::setLimit(uint64_t bytes) {
  std::unique_lock guard(lock);
  total = bytes;
  keepAtMost = bytes / 4;
}

uint64_t Memory::kept() {
  std::unique_lock guard(lock);
  return keptBytes;
}

// Sizes in steps of an eighth, so that a block serves similar requests.
static uint64_t blockSize(uint64_t bytes) {
  uint64_t step = 4096;
  while (step * 16 < bytes)
    step *= 2;
  if (bytes >= huge && step < huge)
    step = huge;
  return (bytes + step - 1) / step * step;
}

Status Memory::allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  auto made = std::make_unique<HostBuffer>();
  made->size = bytes;
  if (bytes > total)
    return error(tnErrorMemoryAllocation, "out of memory: %llu bytes asked for, host has %llu",
                 static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(total));
  if (bytes < smallest) {
    made->address = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  } else {
    uint64_t size = blockSize(bytes);
    made->address = take(size);
    made->block = size;
  }
  if (!made->address) {
    made->block = 0;
    return error(tnErrorMemoryAllocation, "out of memory: %llu bytes asked for, the system has no more",
                 static_cast<unsigned long long>(bytes));
  }
  buffer = std::move(made);
  return {};
}

void *Memory::take(uint64_t size) {
  {
    std::unique_lock guard(lock);
    auto it = blocks.find(size);
    if (it != blocks.end()) {
      void *block = it->second;
      blocks.erase(it);
      keptBytes -= size;
      return block;
    }
  }
  // Aligned to huge pages by mapping more and giving back the ends.
  uint64_t align = size >= huge ? huge : 4096, length = size + align;
  void *map = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    return nullptr;
  auto base = reinterpret_cast<uintptr_t>(map), start = (base + align - 1) / align * align;
  if (start > base)
    munmap(map, start - base);
  if (base + length > start + size)
    munmap(reinterpret_cast<void *>(start + size), base + length - start - size);
  if (size >= huge)
    madvise(reinterpret_cast<void *>(start), size, MADV_HUGEPAGE);
  return reinterpret_cast<void *>(start);
}

void Memory::give(void *block, uint64_t size) {
  std::unique_lock guard(lock);
  if (keptBytes + size > keepAtMost) {
    guard.unlock();
    munmap(block, size);
    return;
  }
  blocks.emplace(size, block);
  keptBytes += size;
}

} // namespace tenon::host
