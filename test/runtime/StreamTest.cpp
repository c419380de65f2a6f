//===- StreamTest.cpp - streams, events, host functions ---------------------------------------------------===//
#include "RuntimeTest.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

using namespace tenon::test;

namespace {

/// A host function that waits to be let go.
struct Gate {
  std::atomic<bool> open{false}, entered{false};
  static void wait(void *self) {
    auto *gate = static_cast<Gate *>(self);
    gate->entered = true;
    while (!gate->open)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
};

struct StreamTest : testing::TestWithParam<const char *> {
  void SetUp() override {
    ASSERT_TN(tnSetDeviceByName(GetParam()));
    ASSERT_TN(tnMalloc(&p, 64));
    ASSERT_TN(tnMemset(p, 0, 64));
    ASSERT_TN(tnMallocHost(reinterpret_cast<void **>(&seen), 64));
    memset(seen, 0, 64);
  }
  void TearDown() override {
    EXPECT_TN(tnFree(p));
    EXPECT_TN(tnFreeHost(seen));
  }
  void *p = nullptr;
  char *seen = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Devices, StreamTest, testing::Values("host", "null"), [](auto &info) { return info.param; });

void increment(void *counter) { ++*static_cast<std::atomic<int> *>(counter); }

} // namespace

TEST_P(StreamTest, WorkAfterAHostFunctionWaitsForIt) {
  tnStream_t s;
  ASSERT_TN(tnStreamCreate(&s));
  Gate gate;
  ASSERT_TN(tnMemsetAsync(p, 1, 64, s));
  ASSERT_TN(tnLaunchHostFunc(s, Gate::wait, &gate));
  ASSERT_TN(tnMemsetAsync(p, 2, 64, s));
  ASSERT_TN(tnMemcpyAsync(seen, p, 64, tnMemcpyDeviceToHost, s));
  while (!gate.entered)
    std::this_thread::yield();
  EXPECT_EQ(tnStreamQuery(s), tnErrorNotReady);
  EXPECT_EQ(seen[0], 0);
  gate.open = true;
  ASSERT_TN(tnStreamSynchronize(s));
  EXPECT_EQ(seen[63], 2);
  EXPECT_TN(tnStreamQuery(s));
  ASSERT_TN(tnStreamDestroy(s));
}

TEST_P(StreamTest, IndependentStreamsAreNotHeldUp) {
  tnStream_t a, b;
  ASSERT_TN(tnStreamCreateWithFlags(&a, tnStreamNonBlocking));
  ASSERT_TN(tnStreamCreateWithFlags(&b, tnStreamNonBlocking));
  Gate gate;
  ASSERT_TN(tnLaunchHostFunc(a, Gate::wait, &gate));
  ASSERT_TN(tnMemsetAsync(p, 3, 64, b));
  ASSERT_TN(tnMemcpyAsync(seen, p, 64, tnMemcpyDeviceToHost, b));
  ASSERT_TN(tnStreamSynchronize(b));
  EXPECT_EQ(seen[0], 3);
  ASSERT_TN(tnMemset(p, 4, 64)); // the legacy stream does not wait for non-blocking ones
  EXPECT_EQ(tnStreamQuery(a), tnErrorNotReady);
  gate.open = true;
  ASSERT_TN(tnStreamSynchronize(a));
  ASSERT_TN(tnStreamDestroy(a));
  ASSERT_TN(tnStreamDestroy(b));
}

TEST_P(StreamTest, LegacyStreamAndBlockingStreamsWaitForEachOther) {
  tnStream_t s;
  ASSERT_TN(tnStreamCreate(&s));
  Gate gate;
  ASSERT_TN(tnLaunchHostFunc(s, Gate::wait, &gate));
  ASSERT_TN(tnMemsetAsync(p, 5, 64, s));
  ASSERT_TN(tnMemcpyAsync(seen, p, 64, tnMemcpyDeviceToHost, nullptr)); // after s
  EXPECT_EQ(seen[0], 0);
  gate.open = true;
  ASSERT_TN(tnStreamSynchronize(nullptr));
  EXPECT_EQ(seen[0], 5);
  // And the other way round.
  Gate second;
  ASSERT_TN(tnLaunchHostFunc(nullptr, Gate::wait, &second));
  ASSERT_TN(tnMemsetAsync(p, 6, 64, nullptr));
  ASSERT_TN(tnMemcpyAsync(seen, p, 64, tnMemcpyDeviceToHost, s));
  EXPECT_EQ(seen[0], 5);
  second.open = true;
  ASSERT_TN(tnStreamSynchronize(s));
  EXPECT_EQ(seen[0], 6);
  ASSERT_TN(tnStreamDestroy(s));
}

TEST_P(StreamTest, EventsOrderStreams) {
  tnStream_t a, b;
  tnEvent_t e;
  ASSERT_TN(tnStreamCreateWithFlags(&a, tnStreamNonBlocking));
  ASSERT_TN(tnStreamCreateWithFlags(&b, tnStreamNonBlocking));
  ASSERT_TN(tnEventCreateWithFlags(&e, tnEventDisableTiming));
  EXPECT_TN(tnEventQuery(e)); // never recorded: done
  EXPECT_TN(tnEventSynchronize(e));
  EXPECT_TN(tnStreamWaitEvent(b, e, 0));
  Gate gate;
  ASSERT_TN(tnLaunchHostFunc(a, Gate::wait, &gate));
  ASSERT_TN(tnMemsetAsync(p, 7, 64, a));
  ASSERT_TN(tnEventRecord(e, a));
  ASSERT_TN(tnStreamWaitEvent(b, e, 0));
  ASSERT_TN(tnMemcpyAsync(seen, p, 64, tnMemcpyDeviceToHost, b));
  EXPECT_EQ(tnEventQuery(e), tnErrorNotReady);
  EXPECT_EQ(tnStreamQuery(b), tnErrorNotReady);
  ASSERT_TN(tnEventDestroy(e)); // what waits for it still does
  gate.open = true;
  ASSERT_TN(tnStreamSynchronize(b));
  EXPECT_EQ(seen[0], 7);
  ASSERT_TN(tnStreamDestroy(a));
  ASSERT_TN(tnStreamDestroy(b));
}

TEST_P(StreamTest, EventsAcrossDevices) {
  tnStream_t here, there;
  tnEvent_t e;
  ASSERT_TN(tnStreamCreate(&here));
  ASSERT_TN(tnEventCreate(&e));
  Gate gate;
  ASSERT_TN(tnLaunchHostFunc(here, Gate::wait, &gate));
  ASSERT_TN(tnEventRecord(e, here));
  ASSERT_TN(tnSetDeviceByName(strcmp(GetParam(), "host") ? "host" : "null"));
  ASSERT_TN(tnStreamCreate(&there));
  EXPECT_FAILS_WITH(tnEventRecord(e, there), tnErrorInvalidResourceHandle, "cannot be recorded in a stream of");
  ASSERT_TN(tnStreamWaitEvent(there, e, 0));
  std::atomic<int> after{0};
  ASSERT_TN(tnLaunchHostFunc(there, increment, &after));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(after, 0);
  gate.open = true;
  ASSERT_TN(tnStreamSynchronize(there));
  EXPECT_EQ(after, 1);
  ASSERT_TN(tnStreamDestroy(here));
  ASSERT_TN(tnStreamDestroy(there));
  ASSERT_TN(tnEventDestroy(e));
}

TEST_P(StreamTest, ElapsedTime) {
  tnEvent_t a, b, untimed;
  float ms = -1;
  ASSERT_TN(tnEventCreate(&a));
  ASSERT_TN(tnEventCreate(&b));
  ASSERT_TN(tnEventCreateWithFlags(&untimed, tnEventDisableTiming));
  EXPECT_EQ(tnEventElapsedTime(&ms, a, b), tnErrorInvalidResourceHandle);
  ASSERT_TN(tnEventRecord(a, nullptr));
  EXPECT_TN(tnEventSynchronize(a));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TN(tnEventRecord(b, nullptr));
  ASSERT_TN(tnEventSynchronize(b));
  ASSERT_TN(tnEventElapsedTime(&ms, a, b));
  EXPECT_GE(ms, 19);
  EXPECT_LT(ms, 5000);
  ASSERT_TN(tnEventRecord(untimed, nullptr));
  EXPECT_FAILS_WITH(tnEventElapsedTime(&ms, a, untimed), tnErrorInvalidResourceHandle, "tnEventDisableTiming");
  for (tnEvent_t e : {a, b, untimed})
    ASSERT_TN(tnEventDestroy(e));
  EXPECT_EQ(tnEventDestroy(a), tnErrorInvalidResourceHandle);
}

TEST_P(StreamTest, DestroyWhileBusyStillDoesTheWork) {
  tnStream_t s;
  ASSERT_TN(tnStreamCreate(&s));
  Gate gate;
  std::atomic<int> after{0};
  ASSERT_TN(tnLaunchHostFunc(s, Gate::wait, &gate));
  ASSERT_TN(tnLaunchHostFunc(s, increment, &after));
  ASSERT_TN(tnStreamDestroy(s));
  EXPECT_EQ(tnStreamSynchronize(s), tnErrorInvalidResourceHandle);
  EXPECT_EQ(tnStreamDestroy(s), tnErrorInvalidResourceHandle);
  gate.open = true;
  ASSERT_TN(tnDeviceSynchronize());
  EXPECT_EQ(after, 1);
}

TEST_P(StreamTest, PageableMemoryMayChangeAfterAnAsynchronousCopy) {
  tnStream_t s;
  ASSERT_TN(tnStreamCreate(&s));
  Gate gate;
  std::vector<char> source(64, 9);
  ASSERT_TN(tnLaunchHostFunc(s, Gate::wait, &gate));
  ASSERT_TN(tnMemcpyAsync(p, source.data(), 64, tnMemcpyHostToDevice, s));
  source.assign(64, 1);
  gate.open = true;
  ASSERT_TN(tnMemcpyAsync(seen, p, 64, tnMemcpyDeviceToHost, s));
  ASSERT_TN(tnStreamSynchronize(s));
  EXPECT_EQ(seen[0], 9);
  ASSERT_TN(tnStreamDestroy(s));
}

TEST_P(StreamTest, ManyHostFunctionsInOrderFromManyThreads) {
  struct Item {
    std::vector<int> *list;
    int value;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      EXPECT_TN(tnSetDeviceByName(GetParam()));
      tnStream_t s = t % 2 ? tnStreamPerThread : nullptr;
      if (t % 2 == 0)
        EXPECT_TN(tnStreamCreate(&s));
      std::vector<int> list;
      std::vector<Item> items(200);
      for (int i = 0; i < 200; ++i) {
        items[i] = {&list, i};
        EXPECT_TN(tnLaunchHostFunc(
            s, [](void *data) { static_cast<Item *>(data)->list->push_back(static_cast<Item *>(data)->value); },
            &items[i]));
      }
      EXPECT_TN(tnStreamSynchronize(s));
      EXPECT_EQ(list.size(), 200u);
      for (int i = 0; i < static_cast<int>(list.size()); ++i)
        EXPECT_EQ(list[i], i);
      if (t % 2 == 0)
        EXPECT_TN(tnStreamDestroy(s));
    });
  for (auto &thread : threads)
    thread.join();
}

TEST_P(StreamTest, BadArguments) {
  tnStream_t s = nullptr;
  EXPECT_FAILS(tnStreamCreateWithFlags(&s, 8), tnErrorInvalidValue, "flags is 0x8, known flags are 0x1");
  EXPECT_EQ(tnStreamCreate(nullptr), tnErrorInvalidValue);
  EXPECT_EQ(tnStreamDestroy(nullptr), tnErrorInvalidResourceHandle);
  EXPECT_EQ(tnStreamSynchronize(reinterpret_cast<tnStream_t>(0x1234)), tnErrorInvalidResourceHandle);
  EXPECT_EQ(tnLaunchHostFunc(nullptr, nullptr, nullptr), tnErrorInvalidValue);
  tnEvent_t e = nullptr;
  EXPECT_EQ(tnEventCreateWithFlags(&e, tnEventInterprocess), tnErrorNotSupported);
  EXPECT_EQ(tnEventRecord(nullptr, nullptr), tnErrorInvalidResourceHandle);
  unsigned flags = 7;
  ASSERT_TN(tnStreamCreateWithFlags(&s, tnStreamNonBlocking));
  ASSERT_TN(tnStreamGetFlags(s, &flags));
  EXPECT_EQ(flags, tnStreamNonBlocking);
  int device = -1;
  ASSERT_TN(tnStreamGetDevice(s, &device));
  EXPECT_EQ(device, strcmp(GetParam(), "host") ? 1 : 0);
  ASSERT_TN(tnStreamDestroy(s));
}

// Launches that are held back keep their arguments, their workspace and their faults.
TEST_F(HostTest, HeldLaunches) {
  tnStream_t s;
  ASSERT_TN(tnStreamCreate(&s));
  Gate gate;
  std::vector<float> x{1, 2, 3, 4}, y(4), z(4);
  std::vector<int32_t> below{0, -1};
  ASSERT_TN(tnLaunchHostFunc(s, Gate::wait, &gate));
  {
    Tensor tx(x, f32, {4}), ty(y, f32, {4}), tz(z, f32, {2}), ids(below, i32, {2});
    std::vector<void *> args{tx, nullptr, ty};
    ASSERT_TN(tnOpLaunch(op("steps"), args.data(), s));
    args = {tx, ids, tz};
    ASSERT_TN(tnOpLaunch(op("gather"), args.data(), s));
  }
  EXPECT_EQ(y[0], 0);
  gate.open = true;
  EXPECT_FAILS(tnStreamSynchronize(s), tnErrorKernelFault, "launch gather: x[ids[i]] is read below 0");
  EXPECT_EQ(y, (std::vector<float>{64, 65, 66, 67}));
  ASSERT_TN(tnStreamDestroy(s));
}
