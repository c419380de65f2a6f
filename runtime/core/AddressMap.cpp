//===- AddressMap.cpp - from pointers to allocations ------------------------------===//
#include "core/AddressMap.h"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon {

namespace {
struct Map {
  std::shared_mutex lock;
  std::map<uintptr_t, Allocation> byBase;
};
Map &map() {
  static Map &map = *new Map; // never destroyed, see Handles.cpp
  return map;
}
} // namespace

Allocation &Allocation::operator=(Allocation &&other) noexcept {
  std::swap(base, other.base);
  std::swap(size, other.size);
  std::swap(kind, other.kind);
  std::swap(context, other.context);
  std::swap(buffer, other.buffer);
  std::swap(reserved, other.reserved);
  std::swap(pooled, other.pooled);
  return *this;
}

Allocation::~Allocation() {
  if (reserved)
    munmap(reinterpret_cast<void *>(base), reserved);
}

Status makeAllocation(std::unique_ptr<Buffer> buffer, uint64_t bytes, MemoryKind kind, Context *context,
                      Allocation &allocation) {
  allocation.size = bytes;
  allocation.kind = kind;
  allocation.context = context;
  if (buffer->address) {
    allocation.base = reinterpret_cast<uintptr_t>(buffer->address);
  } else {
    // A page more than needed: pointers one past the end belong to nobody else.
    const uint64_t page = sysconf(_SC_PAGESIZE);
    uint64_t length = (bytes / page + 2) * page;
    void *range = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
      return error(tnErrorMemoryAllocation, "no range of %llu addresses left for a device allocation",
                   static_cast<unsigned long long>(length));
    allocation.base = reinterpret_cast<uintptr_t>(range);
    allocation.reserved = length;
  }
  allocation.buffer = std::move(buffer);
  return {};
}

void addAllocation(Allocation allocation) {
  std::unique_lock guard(map().lock);
  uintptr_t base = allocation.base;
  map().byBase[base] = std::move(allocation);
}

bool takeAllocation(const void *pointer, Allocation &allocation) {
  std::unique_lock guard(map().lock);
  auto it = map().byBase.find(reinterpret_cast<uintptr_t>(pointer));
  if (it == map().byBase.end())
    return false;
  allocation = std::move(it->second);
  map().byBase.erase(it);
  return true;
}

void takeAllocations(const Context *context, std::vector<Allocation> &allocations) {
  std::unique_lock guard(map().lock);
  for (auto it = map().byBase.begin(); it != map().byBase.end();) {
    if (it->second.context == context) {
      allocations.push_back(std::move(it->second));
      it = map().byBase.erase(it);
    } else {
      ++it;
    }
  }
}

Found findAllocation(const void *pointer) {
  uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  std::shared_lock guard(map().lock);
  auto it = map().byBase.upper_bound(address);
  if (it == map().byBase.begin())
    return {};
  const Allocation &a = std::prev(it)->second;
  if (address - a.base >= a.size)
    return {};
  return {a.context, a.buffer.get(), a.base, a.size, address - a.base, a.kind, a.reserved != 0};
}

} // namespace tenon
