//===- MemoryTest.cpp - memory of OpenCL devices ----------------------------===//
#include "Fixture.h"

#include <numeric>

namespace tenon::opencl::test {
TENON_FOR_EVERY_DRIVER(OpenCLMemory);

static std::vector<uint8_t> pattern(size_t count, unsigned seed) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<uint8_t>(seed + 31 * i + (i >> 8));
  return bytes;
}

TEST_P(OpenCLMemory, KeepsWhatIsCopiedIn) {
  auto queue = makeQueue();
  for (size_t bytes : {size_t(1), size_t(3), size_t(4096), size_t(1000003)}) {
    auto buffer = makeBuffer(bytes);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size, bytes);
    auto in = pattern(bytes, 7);
    ASSERT_OK(queue->copyIn({buffer.get(), 0}, in.data(), bytes, HostMemory::Transient));
    EXPECT_EQ(read<uint8_t>(*queue, *buffer, bytes), in);
  }
}

TEST_P(OpenCLMemory, CopiesAtAnyOffset) {
  auto queue = makeQueue();
  auto in = pattern(1000, 1);
  auto buffer = makeBuffer(*queue, in);
  auto more = pattern(13, 99);
  ASSERT_OK(queue->copyIn({buffer.get(), 501}, more.data(), more.size(), HostMemory::Transient));
  std::copy(more.begin(), more.end(), in.begin() + 501);
  EXPECT_EQ(read<uint8_t>(*queue, *buffer, 700, 300), std::vector<uint8_t>(in.begin() + 300, in.end()));
}

TEST_P(OpenCLMemory, PinnedMemoryIsCopiedLater) {
  auto queue = makeQueue();
  std::unique_ptr<Buffer> in, out;
  ASSERT_OK(device->allocateHost(100000, in));
  ASSERT_OK(device->allocateHost(100000, out));
  ASSERT_TRUE(in->address && out->address);
  auto bytes = pattern(100000, 5);
  std::copy(bytes.begin(), bytes.end(), static_cast<uint8_t *>(in->address));
  auto buffer = makeBuffer(100000);
  for (int i = 0; i < 3; ++i) {
    std::memset(out->address, 0, 100000);
    ASSERT_OK(queue->copyIn({buffer.get(), 0}, in->address, 100000, HostMemory::Stable));
    ASSERT_OK(queue->copyOut(out->address, {buffer.get(), 0}, 100000, HostMemory::Stable));
    ASSERT_OK(queue->synchronize());
    EXPECT_EQ(std::memcmp(out->address, bytes.data(), 100000), 0);
  }
}

TEST_P(OpenCLMemory, FillsExactlyTheBytesAsked) {
  auto queue = makeQueue();
  const size_t room = 128;
  auto before = pattern(room, 3);
  auto buffer = makeBuffer(room);
  for (size_t offset : {0, 1, 15, 16, 17, 31})
    for (size_t bytes : {1, 2, 14, 15, 16, 17, 32, 33, 48, 63, 97}) {
      ASSERT_OK(queue->copyIn({buffer.get(), 0}, before.data(), room, HostMemory::Transient));
      ASSERT_OK(queue->fill({buffer.get(), offset}, 0xA5, bytes));
      auto expected = before;
      std::fill_n(expected.begin() + offset, bytes, 0xA5);
      ASSERT_EQ(read<uint8_t>(*queue, *buffer, room), expected) << "offset " << offset << ", bytes " << bytes;
    }
}

TEST_P(OpenCLMemory, FillsMuch) {
  auto queue = makeQueue();
  const size_t bytes = (8 << 20) + 5;
  auto buffer = makeBuffer(bytes);
  ASSERT_OK(queue->fill({buffer.get(), 0}, 0, bytes));
  ASSERT_OK(queue->fill({buffer.get(), 3}, 0x7F, bytes - 7));
  std::vector<uint8_t> expected(bytes, 0x7F);
  for (size_t i : {size_t(0), size_t(1), size_t(2), bytes - 4, bytes - 3, bytes - 2, bytes - 1})
    expected[i] = 0;
  EXPECT_EQ(read<uint8_t>(*queue, *buffer, bytes), expected);
}

TEST_P(OpenCLMemory, CopiesOnTheDevice) {
  auto queue = makeQueue();
  auto bytes = pattern(5000, 11);
  auto from = makeBuffer(*queue, bytes);
  auto to = makeBuffer(5000);
  ASSERT_OK(queue->fill({to.get(), 0}, 0, 5000));
  ASSERT_OK(queue->copy({to.get(), 77}, {from.get(), 1001}, 3333));
  std::vector<uint8_t> expected(5000, 0);
  std::copy_n(bytes.begin() + 1001, 3333, expected.begin() + 77);
  EXPECT_EQ(read<uint8_t>(*queue, *to, 5000), expected);
}

TEST_P(OpenCLMemory, CopiesWithinABufferUnlessTheRangesOverlap) {
  auto queue = makeQueue();
  auto bytes = pattern(400, 21);
  auto buffer = makeBuffer(*queue, bytes);
  ASSERT_OK(queue->copy({buffer.get(), 100}, {buffer.get(), 0}, 100)); // they touch
  std::copy_n(bytes.begin(), 100, bytes.begin() + 100);
  EXPECT_EQ(read<uint8_t>(*queue, *buffer, 400), bytes);
  EXPECT_FAILS(queue->copy({buffer.get(), 99}, {buffer.get(), 0}, 100), tnErrorInvalidValue, "copy 100 bytes",
               "offset 99", "overlap");
  EXPECT_FAILS(queue->copy({buffer.get(), 0}, {buffer.get(), 99}, 100), tnErrorInvalidValue, "overlap");
  EXPECT_EQ(read<uint8_t>(*queue, *buffer, 400), bytes);
}

TEST_P(OpenCLMemory, RefusesMoreThanOneAllocationMayHave) {
  std::unique_ptr<Buffer> buffer;
  uint64_t limit = info->maxAllocation;
  EXPECT_FAILS(device->allocate(limit + 1, buffer), tnErrorMemoryAllocation, std::to_string(limit + 1),
               std::to_string(limit), "in one allocation");
  EXPECT_FAILS(device->allocate(UINT64_MAX, buffer), tnErrorMemoryAllocation, std::to_string(UINT64_MAX));
  EXPECT_FAILS(device->allocateHost(limit + 1, buffer), tnErrorMemoryAllocation, "pinned memory");
  EXPECT_FALSE(buffer);
}

TEST_P(OpenCLMemory, CountsWhatIsInUse) {
  uint64_t free = 0, total = 0, after = 0;
  ASSERT_OK(device->memory(free, total));
  EXPECT_EQ(total, info->totalMemory);
  EXPECT_EQ(free, total);
  auto buffer = makeBuffer(1 << 20);
  ASSERT_OK(device->memory(after, total));
  EXPECT_EQ(after, free - (1 << 20));
  buffer.reset();
  ASSERT_OK(device->memory(after, total));
  EXPECT_EQ(after, free);
}

TEST_P(OpenCLMemory, RefusesMoreThanTheDeviceHas) {
  // The account alone is tested where the machine would really be filled: it refuses before the driver is asked.
  DeviceInfo small = *info;
  small.totalMemory = 1000;
  std::unique_ptr<Device> other;
  ASSERT_OK(openclDriver().open(small, find(GetParam())->good, other));
  std::unique_ptr<Buffer> first, second;
  ASSERT_OK(other->allocate(600, first));
  EXPECT_FAILS(other->allocate(401, second), tnErrorMemoryAllocation, "401 bytes", "600 of 1000 bytes are in use");
  ASSERT_OK(other->allocate(400, second));
  first.reset();
  second.reset();
  ASSERT_OK(other->allocate(1000, first));
  first.reset();
}

} // namespace tenon::opencl::test
