//===- Stream.h - work in order -------------------------------------------------------===//
//
// Owns the order of work: what a device's queue gets at once, and what is held back in software because something on
// the host comes first (a host function, an event not reached yet, an event of another device). A held stream has a
// worker thread that goes on without further calls; nothing is locked while a host function runs. Owns too the default
// stream's implicit waits, the stream's workspace and its faults.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "core/Event.h"
#include "core/Pool.h"
#include "tenon/tenon.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace tenon {

class Context;
class PackageFile;

class Stream : public std::enable_shared_from_this<Stream> {
public:
  using Work = std::function<Status(Queue &)>;

  Stream(Context &context, unsigned flags, bool legacy);
  ~Stream();
  Status init(int priority);

  /// Runs `now` in order: at once, or, while the stream is held, later a copy of it. Errors of held work come back at
  /// the next synchronising call. `work` is called with the stream's lock held.
  template <class F> Status submit(F &&work) {
    return submitBoth([&](Queue &queue) { return work(queue); }, [&] { return Work(work); });
  }
  /// As submit, where the copy is not the work itself.
  template <class Now, class Later> Status submitBoth(Now &&now, Later &&later) {
    TENON_TRY(order());
    std::unique_lock guard(lock);
    if (!held)
      return now(*queue);
    return enqueue({Op::Submit, later(), nullptr, nullptr});
  }

  /// Calls a function when all before is done.
  Status host(std::function<void()> function);
  /// Later work waits for the record.
  Status wait(std::shared_ptr<Record> record);
  Status record(std::shared_ptr<Record> record);

  Status synchronize();
  Status query(bool &idle);
  /// Hands work to the hardware, where the stream is not held.
  Status flush();

  /// Memory for one launch, taken while the stream's order holds: submit's work calls this.
  Pool &pool() { return memory; }

  // Faults: a slot is a zeroed i32 on the device that a kernel writes and that is read back after it.
  struct Fault {
    Buffer *buffer = nullptr;
    uint64_t offset = 0;
    int32_t *host = nullptr;
    uint32_t slot = 0;
  };
  /// Called inside submitted work.
  Status takeFault(Queue &feed, Fault &fault);
  /// The fault belongs to `op`; its messages are those of the instance.
  void keepFault(const Fault &fault, std::shared_ptr<const PackageFile> file, const package::Instance *instance,
                 std::string op);
  /// The first fault among those of work that is done: the first `upTo`.
  Status collectFaults(uint64_t upTo = UINT64_MAX);
  uint64_t faultCount();

  bool isBlocking() const { return !(flags & tnStreamNonBlocking); }

  Context &context;
  const unsigned flags;
  const bool legacy;

private:
  friend class Context;
  struct Op {
    enum Kind { Submit, Host, Wait, Record } kind;
    Work work;
    std::function<void()> function;
    std::shared_ptr<tenon::Record> record;
  };
  Status order();
  Status enqueue(Op op);
  Status hold(Op op);
  void runHeld();
  Status runOp(Op &op);
  void fail(Status status);
  Status recordNow(tenon::Record &record);
  Status recordUnordered(std::shared_ptr<tenon::Record> record);
  Status waitUnordered(std::shared_ptr<tenon::Record> record);
  Status waitForStream(Stream &other);

  std::mutex lock;
  std::unique_ptr<Queue> queue;
  bool held = false; ///< Work goes to `ops`; a worker is running.
  std::deque<Op> ops;
  std::condition_variable change;
  uint64_t enqueued = 0, finished = 0;
  std::mutex errorLock;
  Status asynchronous; ///< First error of held work.

  // The default stream's rules, see Context.
  std::atomic<uint64_t> seenLegacy{0};
  std::atomic<bool> active{false};

  Pool memory;

  struct FaultPage {
    std::unique_ptr<Buffer> buffer;
    std::unique_ptr<int32_t[]> host;
  };
  struct PendingFault {
    Fault fault;
    std::shared_ptr<const PackageFile> file;
    const package::Instance *instance;
    std::string op;
    uint64_t number;
  };
  std::mutex faultLock;
  std::vector<FaultPage> faultPages;
  std::vector<uint32_t> freeFaults;
  std::deque<PendingFault> pendingFaults;
  uint64_t faultNumber = 0;
};

} // namespace tenon
