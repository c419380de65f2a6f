//===- Handles.h - which handles are valid ----------------------------------------===//
//
// Owns the set of handles that the API has given out, so that a stale or made-up handle is an error and not a crash.
// Does not own the objects.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>

namespace tenon {

enum class HandleKind : uint8_t { None, Stream, Event, Module, Op, Function };

void addHandle(const void *handle, HandleKind kind);
/// False if it was not there (two threads destroying one object: one of them wins).
bool removeHandle(const void *handle, HandleKind kind);
bool isHandle(const void *handle, HandleKind kind);

} // namespace tenon
