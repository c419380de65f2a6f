//===- Isa.h - what the processor and the system allow -------------------------------===//
//
// Owns the x86-64 level, the number of threads to use and the memory there is, as processor, affinity and cgroups say.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"

#include <cstdint>

namespace tenon::host {

/// 2, 3 or 4: the highest x86-64 level that processor and system support; 1 below that, 0 on other processors.
int isaLevel();
std::string processorName();

/// Threads by affinity and cgroup limits, or TENON_NUM_THREADS; a value that is no number from 1 to 1024 is an error.
Status threadCount(unsigned &count);

/// Bytes that this process may use at most, and that are free now; cgroup limits count.
void memoryLimits(uint64_t &total, uint64_t &available);

} // namespace tenon::host
