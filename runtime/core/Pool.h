//===- Pool.h - a stream's memory ------------------------------------------------------===//
//
// Owns the memory that is reused in a stream's order: one workspace that all launches of the stream share, and the
// blocks of tnMallocAsync/tnFreeAsync. Reuse within a stream needs no waiting. Has a lock of its own.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <map>
#include <mutex>

namespace tenon {

class Pool {
public:
  /// Workspace of at least `bytes`, for the work that is being submitted: only the stream's feeder calls this.
  Status workspace(Device &device, uint64_t bytes, Buffer *&buffer);

  /// A block of at least `bytes` that was freed in this stream before, or null.
  std::unique_ptr<Buffer> take(uint64_t bytes);
  /// Work queued so far may still use the block.
  void give(std::unique_ptr<Buffer> buffer);

  using Buffers = std::vector<std::unique_ptr<Buffer>>;
  /// What only work submitted so far still needs: outgrown workspaces and freed blocks. The caller lets go of it when
  /// that work is done.
  Buffers takeUnused();

private:
  std::mutex lock;
  std::unique_ptr<Buffer> current;
  std::vector<std::unique_ptr<Buffer>> retired;
  std::multimap<uint64_t, std::unique_ptr<Buffer>> blocks;
};

} // namespace tenon
