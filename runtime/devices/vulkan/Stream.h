//===- Stream.h - an in-order stream of work on a Vulkan device -----------------===//
//
// Owns the batches of one stream: the open one, those with the driver, those to use again; and how data passes between
// host and device memory. Ordering against the host is core's; ordering against other streams is by timelines.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "devices/vulkan/Batch.h"
#include "devices/vulkan/Marker.h"
#include "devices/vulkan/Timeline.h"

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace tenon::vulkan {

class Stream final : public Queue {
public:
  static Status create(std::shared_ptr<Context> context, std::unique_ptr<Queue> &stream);
  ~Stream() override;

  Status launch(const KernelLaunch &launch) override;
  Status copyIn(Place to, const void *from, uint64_t bytes, HostMemory memory) override;
  Status copyOut(void *to, Place from, uint64_t bytes, HostMemory memory) override;
  Status copy(Place to, Place from, uint64_t bytes) override;
  Status fill(Place to, uint8_t value, uint64_t bytes) override;
  Status record(Marker &marker) override;
  Status wait(Marker &marker) override;
  Status flush() override;
  Status synchronize() override;
  Status query(bool &idle) override;

  /// For the pacer: submits what is open; an error waits for the next synchronize or query.
  void submitOpen();

private:
  explicit Stream(std::shared_ptr<Context> context) : context(std::move(context)) {}

  using Lock = std::unique_lock<std::mutex>;
  /// A host-visible piece that large copies go through.
  struct Staging {
    Piece piece;
    uint64_t value = 0; ///< The submission that used it last.
  };
  struct Wait {
    std::shared_ptr<Timeline> timeline;
    uint64_t value;
  };

  /// The batch that commands go to, opened if need be. May wait for older ones, with the lock given up.
  Status getBatch(Lock &lock, Batch *&batch);
  /// Called after each command: submits the batch once it is large enough.
  Status finishCommand();
  Status submit();
  Status submitBatch(Batch &batch);
  void recycle();
  Status isIdle(bool &idle);
  /// Submits and waits for all, with the lock given up while waiting.
  Status drain(Lock &lock);
  Status waitFor(Lock &lock, uint64_t value);
  Status getStaging(Lock &lock, unsigned turn, Staging *&staging);
  Status writeStaged(Lock &lock, const Piece &to, uint64_t offset, const std::byte *from, uint64_t bytes);
  Status readStaged(Lock &lock, std::byte *to, const Piece &from, uint64_t offset, uint64_t bytes);

  std::shared_ptr<Context> context;
  HardwareQueue *hardware = nullptr;
  std::shared_ptr<Timeline> timeline;

  std::mutex mutex; ///< Guards all below.
  std::unique_ptr<Batch> open;
  std::deque<std::unique_ptr<Batch>> running; ///< In order of submission.
  std::vector<std::unique_ptr<Batch>> spare;
  std::vector<Wait> waits; ///< For the next submission.
  unsigned limit = 1;      ///< Commands after which the open batch is submitted.
  Staging staging[2];
  Status late; ///< Found by the pacer.
};

} // namespace tenon::vulkan
