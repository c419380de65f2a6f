//===- AddressMap.h - from pointers to allocations --------------------------------===//
//
// Owns the process-wide map from address ranges to allocations, of all devices, and the reserved address ranges that
// stand for memory of devices without real pointers. Does not own the decision when memory may be freed (Context,
// Pool).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

namespace tenon {

class Context;

enum class MemoryKind : uint8_t { Device, Host };

/// One allocation that the program has a pointer to.
struct Allocation {
  uintptr_t base = 0;
  uint64_t size = 0;
  MemoryKind kind = MemoryKind::Device;
  Context *context = nullptr;
  std::unique_ptr<Buffer> buffer;
  uint64_t reserved = 0; ///< Bytes of reserved addresses at base, 0 where the pointer is real.
  bool pooled = false;   ///< From tnMallocAsync.

  Allocation() = default;
  Allocation(Allocation &&other) noexcept { *this = std::move(other); }
  Allocation &operator=(Allocation &&other) noexcept;
  ~Allocation();
};

/// What a look-up finds; valid as long as the memory is.
struct Found {
  Context *context = nullptr; ///< Null: not memory of ours.
  Buffer *buffer = nullptr;
  uintptr_t base = 0;
  uint64_t size = 0;
  uint64_t offset = 0; ///< Of the pointer in the allocation.
  MemoryKind kind = MemoryKind::Device;
  bool reserved = false;
  uint64_t left() const { return size - offset; }
};

/// Makes an allocation of a buffer: its own address, or a reserved range.
Status makeAllocation(std::unique_ptr<Buffer> buffer, uint64_t bytes, MemoryKind kind, Context *context,
                      Allocation &allocation);

void addAllocation(Allocation allocation);
/// Takes the allocation that starts at `pointer` out of the map; false if none does.
bool takeAllocation(const void *pointer, Allocation &allocation);
/// Takes all of a context.
void takeAllocations(const Context *context, std::vector<Allocation> &allocations);

/// The allocation that `pointer` points into. One past the end is not in it.
Found findAllocation(const void *pointer);

} // namespace tenon
