//===- MemoryTest.cpp - allocation, copies, fills ------------------------------------------------------===//
#include "RuntimeTest.h"

#include <cstring>
#include <numeric>
#include <thread>

using namespace tenon::test;

// On host, whose pointers are real, and null, whose are reserved addresses.
struct MemoryTest : testing::TestWithParam<const char *> {
  void SetUp() override { ASSERT_TN(tnSetDeviceByName(GetParam())); }
  bool isHost() const { return !strcmp(GetParam(), "host"); }
};
INSTANTIATE_TEST_SUITE_P(Devices, MemoryTest, testing::Values("host", "null"), [](auto &info) { return info.param; });

TEST_P(MemoryTest, MallocAligns) {
  for (size_t bytes : {size_t(1), size_t(255), size_t(4096), size_t(200000), size_t(5) << 20}) {
    void *p = nullptr;
    ASSERT_TN(tnMalloc(&p, bytes));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % 256, 0u);
    EXPECT_TN(tnMemset(p, 7, bytes));
    char last = 0;
    EXPECT_TN(tnMemcpy(&last, static_cast<char *>(p) + bytes - 1, 1, tnMemcpyDeviceToHost));
    EXPECT_EQ(last, 7);
    EXPECT_TN(tnFree(p));
  }
  void *p = &p;
  ASSERT_TN(tnMalloc(&p, 0));
  EXPECT_EQ(p, nullptr);
  EXPECT_TN(tnFree(nullptr));
  EXPECT_FAILS_WITH(tnMalloc(&p, size_t(1) << 60), tnErrorMemoryAllocation, "out of memory: 1152921504606846976 bytes");
  EXPECT_EQ(p, nullptr);
  EXPECT_FAILS(tnMalloc(nullptr, 5), tnErrorInvalidValue, "devPtr is null");
}

TEST_P(MemoryTest, FreeOfWhatIsNotOurs) {
  int local = 0;
  void *p = nullptr, *pinned = nullptr;
  EXPECT_FAILS_WITH(tnFree(&local), tnErrorInvalidDevicePointer, "which is no device memory of this runtime");
  ASSERT_TN(tnMalloc(&p, 512));
  EXPECT_FAILS_WITH(tnFree(static_cast<char *>(p) + 256), tnErrorInvalidDevicePointer,
                    "is 256 bytes into the allocation");
  EXPECT_FAILS_WITH(tnFreeHost(p), tnErrorInvalidValue, "was allocated as device memory");
  ASSERT_TN(tnMallocHost(&pinned, 512));
  EXPECT_FAILS_WITH(tnFree(pinned), tnErrorInvalidDevicePointer, "was allocated as host memory");
  EXPECT_TN(tnFreeHost(pinned));
  EXPECT_TN(tnFree(p));
  EXPECT_EQ(tnFree(p), tnErrorInvalidDevicePointer);
}

TEST_P(MemoryTest, CopiesOfAllKinds) {
  const size_t n = 100000;
  std::vector<int> from(n), to(n);
  std::iota(from.begin(), from.end(), 1);
  void *a = nullptr, *b = nullptr;
  ASSERT_TN(tnMalloc(&a, n * 4));
  ASSERT_TN(tnMalloc(&b, n * 4));
  ASSERT_TN(tnMemcpy(a, from.data(), n * 4, tnMemcpyHostToDevice));
  ASSERT_TN(tnMemcpy(b, a, n * 4, tnMemcpyDeviceToDevice));
  ASSERT_TN(tnMemcpy(to.data(), b, n * 4, tnMemcpyDeviceToHost));
  EXPECT_EQ(from, to);
  to.assign(n, 0);
  ASSERT_TN(tnMemset(b, 0xff, n * 4));
  ASSERT_TN(tnMemcpy(static_cast<char *>(b) + 4, from.data(), 8, tnMemcpyDefault));
  ASSERT_TN(tnMemcpy(to.data(), b, 16, tnMemcpyDefault));
  EXPECT_EQ((std::vector<int>(to.begin(), to.begin() + 4)), (std::vector<int>{-1, 1, 2, -1}));
  ASSERT_TN(tnMemcpy(to.data(), from.data(), n * 4, tnMemcpyHostToHost));
  EXPECT_EQ(from, to);
  EXPECT_TN(tnMemcpy(a, nullptr, 0, tnMemcpyHostToDevice));
  EXPECT_FAILS_WITH(tnMemcpy(a, nullptr, 4, tnMemcpyHostToDevice), tnErrorInvalidValue, "the source of a copy");
  EXPECT_FAILS_WITH(tnMemcpy(a, from.data(), n * 4 + 1, tnMemcpyHostToDevice), tnErrorInvalidValue,
                    "its allocation has 400000 left");
  EXPECT_FAILS_WITH(tnMemset(a, 0, n * 4 + 1), tnErrorInvalidValue, "its allocation has 400000 left");
  EXPECT_FAILS_WITH(tnMemcpy(a, b, 4, static_cast<tnMemcpyKind>(9)), tnErrorInvalidMemcpyDirection,
                    "kind of copy is 9");
  if (!isHost()) {
    EXPECT_FAILS_WITH(tnMemcpy(to.data(), from.data(), 4, tnMemcpyDeviceToHost), tnErrorInvalidMemcpyDirection,
                      "is host memory");
    EXPECT_FAILS_WITH(tnMemcpy(to.data(), a, 4, tnMemcpyHostToHost), tnErrorInvalidMemcpyDirection, "is device memory");
    EXPECT_FAILS_WITH(tnMemset(to.data(), 0, 4), tnErrorInvalidDevicePointer, "no memory of this runtime");
  }
  EXPECT_TN(tnFree(a));
  EXPECT_TN(tnFree(b));
}

TEST_P(MemoryTest, Copy2D) {
  std::vector<char> from(12 * 5), to(8 * 5, 'x');
  std::iota(from.begin(), from.end(), 0);
  void *p = nullptr;
  ASSERT_TN(tnMalloc(&p, 16 * 5));
  ASSERT_TN(tnMemcpy2D(p, 16, from.data(), 12, 7, 5, tnMemcpyHostToDevice));
  ASSERT_TN(tnMemcpy2D(to.data(), 8, p, 16, 7, 5, tnMemcpyDeviceToHost));
  for (int r = 0; r < 5; ++r)
    for (int c = 0; c < 8; ++c)
      EXPECT_EQ(to[r * 8 + c], c < 7 ? from[r * 12 + c] : 'x');
  EXPECT_FAILS_WITH(tnMemcpy2D(p, 6, from.data(), 12, 7, 5, tnMemcpyHostToDevice), tnErrorInvalidPitchValue, "7 bytes");
  EXPECT_EQ(tnMemcpy2D(p, 17, from.data(), 12, 7, 6, tnMemcpyHostToDevice), tnErrorInvalidValue);
  EXPECT_TN(tnFree(p));
}

TEST_P(MemoryTest, PointerAttributes) {
  void *p = nullptr, *pinned = nullptr;
  int local = 0;
  ASSERT_TN(tnMalloc(&p, 1000));
  ASSERT_TN(tnHostAlloc(&pinned, 1000, tnHostAllocPortable));
  tnPointerAttributes a;
  ASSERT_TN(tnPointerGetAttributes(&a, static_cast<char *>(p) + 999));
  EXPECT_EQ(a.type, tnMemoryTypeDevice);
  EXPECT_EQ(a.device, isHost() ? 0 : 1);
  EXPECT_EQ(a.allocation, p);
  EXPECT_EQ(a.size, 1000u);
  EXPECT_EQ(a.hostPointer == nullptr, !isHost());
  ASSERT_TN(tnPointerGetAttributes(&a, static_cast<char *>(p) + 1000));
  EXPECT_EQ(a.type, tnMemoryTypeUnregistered);
  ASSERT_TN(tnPointerGetAttributes(&a, pinned));
  EXPECT_EQ(a.type, tnMemoryTypeHost);
  ASSERT_TN(tnPointerGetAttributes(&a, &local));
  EXPECT_EQ(a.type, tnMemoryTypeUnregistered);
  EXPECT_EQ(a.hostPointer, &local);
  EXPECT_TN(tnFree(p));
  EXPECT_TN(tnFreeHost(pinned));
}

TEST_P(MemoryTest, StreamOrdered) {
  tnStream_t s;
  ASSERT_TN(tnStreamCreate(&s));
  for (int round = 0; round < 10; ++round) {
    void *p = nullptr;
    ASSERT_TN(tnMallocAsync(&p, 100000, s));
    ASSERT_TN(tnMemsetAsync(p, round, 100000, s));
    char last = -1;
    ASSERT_TN(tnMemcpyAsync(&last, static_cast<char *>(p) + 99999, 1, tnMemcpyDeviceToHost, s));
    ASSERT_TN(tnFreeAsync(p, s));
    ASSERT_TN(tnStreamSynchronize(s));
    EXPECT_EQ(last, round);
    EXPECT_EQ(tnFreeAsync(p, s), tnErrorInvalidDevicePointer);
  }
  EXPECT_TN(tnStreamDestroy(s));
}

TEST(Memory, BetweenDevices) {
  void *onHost = nullptr, *onNull = nullptr;
  ASSERT_TN(tnSetDeviceByName("null"));
  ASSERT_TN(tnMalloc(&onNull, 10 << 20));
  ASSERT_TN(tnSetDeviceByName("host"));
  ASSERT_TN(tnMalloc(&onHost, 10 << 20));
  ASSERT_TN(tnMemset(onHost, 5, 10 << 20));
  ASSERT_TN(tnMemcpy(onNull, onHost, 10 << 20, tnMemcpyDefault));
  ASSERT_TN(tnMemset(onHost, 0, 10 << 20));
  ASSERT_TN(tnMemcpy(onHost, onNull, 10 << 20, tnMemcpyDeviceToDevice));
  EXPECT_EQ(static_cast<char *>(onHost)[(10 << 20) - 1], 5);
  size_t free = 0, total = 0;
  ASSERT_TN(tnMemGetInfo(&free, &total));
  EXPECT_GT(free, 0u);
  EXPECT_LE(free, total);
  EXPECT_TN(tnFree(onHost));
  EXPECT_TN(tnFree(onNull)); // of whatever device
}

TEST(Memory, ResetFreesAll) {
  ASSERT_TN(tnSetDeviceByName("null"));
  size_t before = 0, after = 0, total = 0;
  void *p = nullptr;
  tnStream_t s;
  tnEvent_t e;
  ASSERT_TN(tnDeviceReset());
  ASSERT_TN(tnMemGetInfo(&before, &total));
  ASSERT_TN(tnMalloc(&p, 1 << 20));
  ASSERT_TN(tnStreamCreate(&s));
  ASSERT_TN(tnEventCreate(&e));
  ASSERT_TN(tnDeviceReset());
  ASSERT_TN(tnMemGetInfo(&after, &total));
  EXPECT_EQ(before, after);
  EXPECT_EQ(tnFree(p), tnErrorInvalidDevicePointer);
  EXPECT_EQ(tnStreamSynchronize(s), tnErrorInvalidResourceHandle);
  EXPECT_EQ(tnEventQuery(e), tnErrorInvalidResourceHandle);
}
