//===- Handles.cpp - which handles are valid --------------------------------------===//
#include "core/Handles.h"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace tenon {

namespace {
// Never destroyed: threads may still use the API while the process ends.
struct Table {
  std::shared_mutex lock;
  std::unordered_map<const void *, HandleKind> kinds;
};
Table &table() {
  static Table &table = *new Table;
  return table;
}
} // namespace

void addHandle(const void *handle, HandleKind kind) {
  std::unique_lock guard(table().lock);
  table().kinds[handle] = kind;
}

bool removeHandle(const void *handle, HandleKind kind) {
  std::unique_lock guard(table().lock);
  auto it = table().kinds.find(handle);
  if (it == table().kinds.end() || it->second != kind)
    return false;
  table().kinds.erase(it);
  return true;
}

bool isHandle(const void *handle, HandleKind kind) {
  std::shared_lock guard(table().lock);
  auto it = table().kinds.find(handle);
  return it != table().kinds.end() && it->second == kind;
}

} // namespace tenon
