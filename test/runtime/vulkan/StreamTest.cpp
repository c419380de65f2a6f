//===- StreamTest.cpp - order, markers and many launches ---------------------------------===//
#include "VulkanTest.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace tenon::vulkan {

namespace {

class StreamTest : public VulkanTest {
protected:
  /// What spin(n) makes of `value`, `rounds` times over.
  static uint32_t spin(uint32_t value, uint32_t n, uint32_t rounds = 1) {
    for (uint32_t i = 0; i < n * rounds; ++i)
      value = value * 1664525u + 1013904223u;
    return value;
  }

  // Of one launch: llvmpipe ends loops after 65535.
  static constexpr uint32_t steps = 60'000;

  /// Work that takes a while.
  Status work(Queue &queue, Buffer &buffer, uint32_t rounds) {
    for (uint32_t i = 0; i < rounds; ++i)
      TENON_TRY(launch(queue, Spin, 1, {bufferArg(buffer, 0, 4), scalarArg(steps)}));
    return {};
  }
};
INSTANTIATE_TEST_SUITE_P(Vulkan, StreamTest, testing::ValuesIn(getInstalledSettings()), getSettingName);

TEST_P(StreamTest, ThousandLaunchesKeepTheirOrder) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(1024);
  EXPECT_OK(queue->fill({buffer.get(), 0}, 0, 1024));
  uint32_t want = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_OK(increment(*queue, *buffer, 12, 200));
    want = 2 * want + 1;
    if (i % 100 == 50) {
      EXPECT_OK(queue->fill({buffer.get(), 0}, 0x01, 1024));
      want = 0x01010101;
    }
  }
  std::vector<uint32_t> got = read<uint32_t>(*queue, *buffer, 12, 200);
  EXPECT_EQ(got, std::vector<uint32_t>(200, want));
}

TEST_P(StreamTest, ManyBatchesAreRecycled) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(1024);
  EXPECT_OK(queue->fill({buffer.get(), 0}, 0, 1024));
  std::vector<KernelArg> args{bufferArg(*buffer, 0, 160)};
  for (uint32_t i = 0; i < 40; ++i)
    args.push_back(scalarArg(i));
  for (int i = 0; i < 300; ++i) {
    args[1].bits = i;
    ASSERT_OK(launch(*queue, Many, 1, args));
    ASSERT_OK(queue->flush());
  }
  std::vector<uint32_t> got = read<uint32_t>(*queue, *buffer, 0, 2);
  EXPECT_EQ(got, (std::vector<uint32_t>{299, 1}));
}

TEST_P(StreamTest, MarkersOrderStreams) {
  auto first = makeQueue(), second = makeQueue();
  auto buffer = makeBuffer(256);
  uint32_t want = 7;
  EXPECT_OK(write(*first, *buffer, 0, std::vector<uint32_t>{want}));
  std::vector<std::unique_ptr<Marker>> markers;
  for (int i = 0; i < 50; ++i) {
    Queue &from = i % 2 ? *second : *first, &to = i % 2 ? *first : *second;
    ASSERT_OK(launch(from, Spin, 1, {bufferArg(*buffer, 0, 4), scalarArg(1000 + i)}));
    ASSERT_OK(increment(from, *buffer, 0, 1));
    want = 2 * spin(want, 1000 + i) + 1;
    markers.push_back(makeMarker());
    ASSERT_OK(from.record(*markers.back()));
    ASSERT_OK(to.wait(*markers.back()));
  }
  // The last wait stands in `first`.
  EXPECT_EQ(read<uint32_t>(*first, *buffer, 0, 1)[0], want);
  EXPECT_OK(second->synchronize());
}

TEST_P(StreamTest, HostOperationsWaitForOtherStreams) {
  // A stream that has nothing of its own in flight, yet must wait: its copies must not be done at once by the host.
  auto first = makeQueue(), second = makeQueue();
  auto buffer = makeBuffer(256);
  auto marker = makeMarker();
  EXPECT_OK(write(*first, *buffer, 0, std::vector<uint32_t>{1}));
  EXPECT_OK(work(*first, *buffer, 50));
  EXPECT_OK(first->record(*marker));
  EXPECT_OK(second->wait(*marker));
  EXPECT_EQ(read<uint32_t>(*second, *buffer, 0, 1)[0], spin(1, steps, 50));
}

TEST_P(StreamTest, MarkerAfterAWaitAloneWaitsToo) {
  auto first = makeQueue(), second = makeQueue();
  auto buffer = makeBuffer(256);
  auto marker = makeMarker(), after = makeMarker();
  EXPECT_OK(write(*first, *buffer, 0, std::vector<uint32_t>{1}));
  EXPECT_OK(work(*first, *buffer, 50));
  EXPECT_OK(first->record(*marker));
  EXPECT_OK(second->wait(*marker));
  EXPECT_OK(second->record(*after));
  EXPECT_OK(after->wait());
  bool done = false;
  EXPECT_OK(marker->query(done));
  EXPECT_TRUE(done);
}

TEST_P(StreamTest, QueriesGoFromBusyToIdle) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(256);
  auto marker = makeMarker();
  bool done = false;
  EXPECT_OK(marker->query(done));
  EXPECT_TRUE(done) << "never recorded";
  EXPECT_OK(queue->query(done));
  EXPECT_TRUE(done) << "nothing to do";
  EXPECT_OK(write(*queue, *buffer, 0, std::vector<uint32_t>{5}));
  EXPECT_OK(work(*queue, *buffer, 200));
  EXPECT_OK(queue->record(*marker));
  EXPECT_OK(marker->query(done));
  EXPECT_FALSE(done);
  EXPECT_OK(queue->query(done));
  EXPECT_FALSE(done);
  // Polling alone must bring it to its end.
  while (!done) {
    ASSERT_OK(marker->query(done));
    std::this_thread::yield();
  }
  EXPECT_OK(queue->query(done));
  EXPECT_TRUE(done);
  EXPECT_EQ(read<uint32_t>(*queue, *buffer, 0, 1)[0], spin(5, steps, 200));
}

TEST_P(StreamTest, WorkGoesOnWithoutFurtherCalls) {
  // The program only looks at pinned memory: nothing that it calls would submit the last batch.
  auto queue = makeQueue();
  std::unique_ptr<Buffer> pinned;
  ASSERT_OK(device->allocateHost(256, pinned));
  auto *word = static_cast<volatile uint32_t *>(pinned->address);
  *word = 0;
  for (int i = 0; i < 9; ++i)
    ASSERT_OK(increment(*queue, *pinned, 0, 1));
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (*word != 511 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(*word, 511u);
  EXPECT_OK(queue->synchronize());
}

TEST_P(StreamTest, MarkersMove) {
  auto first = makeQueue(), second = makeQueue();
  auto buffer = makeBuffer(256), other = makeBuffer(256);
  auto marker = makeMarker();
  EXPECT_OK(first->fill({buffer.get(), 0}, 0, 4));
  EXPECT_OK(work(*first, *buffer, 20));
  EXPECT_OK(first->record(*marker));
  EXPECT_OK(second->fill({other.get(), 0}, 0, 4));
  EXPECT_OK(increment(*second, *other, 0, 1));
  EXPECT_OK(second->record(*marker));
  EXPECT_OK(marker->wait());
  EXPECT_EQ(read<uint32_t>(*second, *other, 0, 1)[0], 1u);
  EXPECT_OK(first->synchronize());
}

TEST_P(StreamTest, ElapsedTimeIsTheDevices) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(256);
  auto begin = makeMarker(true), middle = makeMarker(true), end = makeMarker(true);
  EXPECT_OK(queue->fill({buffer.get(), 0}, 0, 4));
  auto started = std::chrono::steady_clock::now();
  EXPECT_OK(queue->record(*begin));
  EXPECT_OK(work(*queue, *buffer, 100));
  EXPECT_OK(queue->record(*middle));
  EXPECT_OK(launch(*queue, Spin, 1, {bufferArg(*buffer, 0, 4), scalarArg(1000)}));
  EXPECT_OK(queue->record(*end));
  EXPECT_OK(queue->synchronize());
  double host = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  double slow = -1, fast = -1, back = 1;
  Status status = device->elapsed(*begin, *middle, slow);
  if (status.code() == tnErrorNotSupported)
    GTEST_SKIP() << status.message();
  ASSERT_OK(std::move(status));
  ASSERT_OK(device->elapsed(*middle, *end, fast));
  ASSERT_OK(device->elapsed(*end, *begin, back));
  EXPECT_GT(slow, 1.0);
  EXPECT_LE(slow, host);
  EXPECT_GE(fast, 0.0);
  EXPECT_LT(fast, slow);
  EXPECT_DOUBLE_EQ(back, -(slow + fast));
  // Used again, over and over.
  for (int i = 0; i < 200; ++i)
    ASSERT_OK(queue->record(*begin));
  EXPECT_OK(queue->synchronize());
  auto plain = makeMarker(false);
  EXPECT_OK(queue->record(*plain));
  expectError(device->elapsed(*plain, *end, fast), tnErrorInvalidResourceHandle, {"no timing"});
}

TEST_P(StreamTest, StreamsOfManyThreads) {
  constexpr int threads = 4, rounds = 60;
  std::atomic<int> failures{0};
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      std::unique_ptr<Queue> queue;
      std::unique_ptr<Buffer> buffer;
      if (!device->createQueue(0, queue).ok() || !device->allocate(4096, buffer).ok()) {
        ++failures;
        return;
      }
      for (int round = 0; round < rounds; ++round) {
        std::vector<uint32_t> values(100, t * 1000 + round), got(100);
        std::unique_ptr<Buffer> extra;
        std::unique_ptr<Marker> marker;
        bool fine = device->allocate(400, extra).ok() && device->createMarker(true, marker).ok() &&
                    write(*queue, *extra, 0, values).ok() && increment(*queue, *extra, 0, 100).ok() &&
                    queue->copy({buffer.get(), 4}, {extra.get(), 0}, 400).ok() && queue->record(*marker).ok() &&
                    marker->wait().ok() &&
                    queue->copyOut(got.data(), {buffer.get(), 4}, 400, HostMemory::Transient).ok();
        if (!fine || got != std::vector<uint32_t>(100, 2 * values[0] + 1))
          ++failures;
      }
    });
  }
  for (std::thread &thread : pool)
    thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_P(StreamTest, StreamsWaitForEachOtherFromTwoThreads) {
  // Each waits for the other's marker while both have work that is not submitted yet.
  auto first = makeQueue(), second = makeQueue();
  auto buffer = makeBuffer(256), other = makeBuffer(256);
  auto mine = makeMarker(), yours = makeMarker();
  EXPECT_OK(first->fill({buffer.get(), 0}, 0, 256));
  EXPECT_OK(second->fill({other.get(), 0}, 0, 256));
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_OK(increment(*first, *buffer, 0, 1));
      ASSERT_OK(increment(*second, *other, 0, 1));
    }
    ASSERT_OK(first->record(*mine));
    ASSERT_OK(second->record(*yours));
    std::thread thread([&] { EXPECT_OK(first->wait(*yours)); });
    EXPECT_OK(second->wait(*mine));
    thread.join();
  }
  EXPECT_OK(first->synchronize());
  EXPECT_OK(second->synchronize());
}

TEST_P(StreamTest, DestroyedWhileBusyItsMarkersLive) {
  auto buffer = makeBuffer(256);
  auto marker = makeMarker();
  {
    auto queue = makeQueue();
    EXPECT_OK(queue->fill({buffer.get(), 0}, 0, 4));
    EXPECT_OK(work(*queue, *buffer, 50));
    EXPECT_OK(queue->record(*marker));
  }
  bool done = false;
  EXPECT_OK(marker->query(done));
  EXPECT_TRUE(done);
  EXPECT_OK(marker->wait());
  auto queue = makeQueue();
  EXPECT_OK(queue->wait(*marker));
  EXPECT_EQ(read<uint32_t>(*queue, *buffer, 0, 1)[0], spin(0, steps, 50));
}

} // namespace

} // namespace tenon::vulkan
