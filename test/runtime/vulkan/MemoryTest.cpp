//===- MemoryTest.cpp - allocation, copies and fills -----------------------------------===//
#include "VulkanTest.h"

#include <algorithm>
#include <random>

namespace tenon::vulkan {

namespace {

class MemoryTest : public VulkanTest {};
INSTANTIATE_TEST_SUITE_P(Vulkan, MemoryTest, testing::ValuesIn(getInstalledSettings()), getSettingName);

std::vector<uint8_t> makeNoise(size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<uint8_t> bytes(size);
  std::generate(bytes.begin(), bytes.end(), [&] { return generator(); });
  return bytes;
}

TEST_P(MemoryTest, RoundTripsOfAllSizes) {
  auto queue = makeQueue();
  for (size_t size : {1, 3, 4, 255, 256, 4097, 300'000, 9'000'001}) {
    auto buffer = makeBuffer(size);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size, size);
    EXPECT_EQ(buffer->address, nullptr);
    std::vector<uint8_t> noise = makeNoise(size, size);
    EXPECT_OK(write(*queue, *buffer, 0, noise));
    EXPECT_EQ(read<uint8_t>(*queue, *buffer, 0, size), noise) << size;
  }
}

TEST_P(MemoryTest, CopiesAtOddOffsets) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(1000), other = makeBuffer(1000);
  std::vector<uint8_t> noise = makeNoise(1000, 1);
  EXPECT_OK(write(*queue, *buffer, 0, noise));
  EXPECT_OK(queue->fill({other.get(), 0}, 0xcc, 1000));
  EXPECT_OK(queue->copy({other.get(), 77}, {buffer.get(), 13}, 501));
  std::vector<uint8_t> want(1000, 0xcc);
  std::copy_n(noise.begin() + 13, 501, want.begin() + 77);
  EXPECT_EQ(read<uint8_t>(*queue, *other, 0, 1000), want);
  EXPECT_EQ(read<uint8_t>(*queue, *other, 78, 7), std::vector<uint8_t>(want.begin() + 78, want.begin() + 85));
}

TEST_P(MemoryTest, CopiesBehindWorkInFlight) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(4 << 20), other = makeBuffer(4 << 20), slow = makeBuffer(256);
  for (size_t size : {100, 5000, 1 << 20}) {
    std::vector<uint8_t> noise = makeNoise(size, size);
    EXPECT_OK(launch(*queue, Spin, 1, {bufferArg(*slow, 0, 4), scalarArg(60'000)}));
    EXPECT_OK(queue->fill({buffer.get(), 0}, 1, size));
    EXPECT_OK(write(*queue, *buffer, 0, noise));
    EXPECT_OK(queue->copy({other.get(), 4}, {buffer.get(), 0}, size));
    EXPECT_OK(queue->fill({buffer.get(), 0}, 2, size));
    EXPECT_EQ(read<uint8_t>(*queue, *other, 4, size), noise) << size;
    EXPECT_EQ(read<uint8_t>(*queue, *buffer, 0, size), std::vector<uint8_t>(size, 2)) << size;
  }
}

TEST_P(MemoryTest, TransientMemoryMayChangeAfterTheCall) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(64 << 20), slow = makeBuffer(256);
  for (size_t size : {64, 100'000, 20'000'000}) {
    std::vector<uint8_t> noise = makeNoise(size, size), sent = noise;
    EXPECT_OK(launch(*queue, Spin, 1, {bufferArg(*slow, 0, 4), scalarArg(60'000)}));
    EXPECT_OK(write(*queue, *buffer, 0, sent));
    std::fill(sent.begin(), sent.end(), 0);
    EXPECT_EQ(read<uint8_t>(*queue, *buffer, 0, size), noise) << size;
  }
}

TEST_P(MemoryTest, FillsAtEveryAlignment) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(64), slow = makeBuffer(256);
  for (bool busy : {false, true}) {
    for (uint64_t offset = 0; offset < 5; ++offset) {
      for (uint64_t size = 1; size < 12; ++size) {
        EXPECT_OK(queue->fill({buffer.get(), 0}, 0x11, 64));
        if (busy)
          EXPECT_OK(launch(*queue, Spin, 1, {bufferArg(*slow, 0, 4), scalarArg(10)}));
        EXPECT_OK(queue->fill({buffer.get(), offset}, 0xab, size));
        std::vector<uint8_t> want(64, 0x11);
        std::fill_n(want.begin() + offset, size, 0xab);
        ASSERT_EQ(read<uint8_t>(*queue, *buffer, 0, 64), want) << offset << " " << size << " " << busy;
      }
    }
  }
}

TEST_P(MemoryTest, PinnedMemoryIsCopiedInOrder) {
  auto queue = makeQueue();
  constexpr size_t size = 1 << 20;
  auto buffer = makeBuffer(size);
  std::unique_ptr<Buffer> pinned;
  ASSERT_OK(device->allocateHost(2 * size, pinned));
  ASSERT_NE(pinned->address, nullptr);
  auto *words = static_cast<uint32_t *>(pinned->address);
  std::iota(words, words + size / 4, 5);
  EXPECT_OK(queue->copyIn({buffer.get(), 0}, words, size, HostMemory::Stable));
  EXPECT_OK(increment(*queue, *buffer, 0, size / 4));
  EXPECT_OK(queue->copyOut(words + size / 4, {buffer.get(), 0}, size, HostMemory::Stable));
  EXPECT_OK(queue->synchronize());
  for (uint32_t i = 0; i < size / 4; ++i)
    ASSERT_EQ(words[size / 4 + i], 2 * (i + 5) + 1) << i;
  // Kernels reach it in place.
  EXPECT_OK(increment(*queue, *pinned, 0, 100));
  EXPECT_OK(queue->synchronize());
  EXPECT_EQ(words[99], 2u * (99 + 5) + 1);
}

TEST_P(MemoryTest, ManySmallAllocationsShareBlocks) {
  // More than maxMemoryAllocationCount of SwiftShader, 4096.
  auto queue = makeQueue();
  std::vector<std::unique_ptr<Buffer>> buffers;
  for (uint32_t i = 0; i < 6000; ++i) {
    buffers.push_back(makeBuffer(4 + i % 1000));
    ASSERT_TRUE(buffers.back());
    ASSERT_OK(queue->copyIn({buffers.back().get(), 0}, &i, 4, HostMemory::Transient));
  }
  for (uint32_t i = 0; i < 6000; i += 2)
    buffers[i].reset();
  for (uint32_t i = 0; i < 6000; i += 2) {
    buffers[i] = makeBuffer(4 + i % 700);
    ASSERT_OK(queue->copyIn({buffers[i].get(), 0}, &i, 4, HostMemory::Transient));
  }
  for (uint32_t i = 0; i < 6000; ++i)
    ASSERT_EQ(read<uint32_t>(*queue, *buffers[i], 0, 1)[0], i);
}

TEST_P(MemoryTest, OutOfMemoryNamesTheSizes) {
  std::unique_ptr<Buffer> buffer;
  uint64_t freeBefore = 0, total = 0, freeAfter = 0;
  EXPECT_OK(device->memory(freeBefore, total));
  EXPECT_GT(total, 0u);
  EXPECT_LE(freeBefore, total);
  expectError(device->allocate(uint64_t(1) << 50, buffer), tnErrorMemoryAllocation,
              {"1125899906842624 bytes", "allows", std::to_string(device->info().maxAllocation).c_str()});
  // Takes all there is, in pieces that are never touched.
  std::vector<std::unique_ptr<Buffer>> all;
  Status status;
  while (all.size() < 100) {
    status = device->allocate(uint64_t(256) << 20, buffer);
    if (!status.ok())
      break;
    all.push_back(std::move(buffer));
  }
  expectError(status, tnErrorMemoryAllocation, {"allocate 268435456 bytes", "in use", std::to_string(total).c_str()});
  all.clear();
  EXPECT_OK(device->allocate(uint64_t(256) << 20, buffer));
  buffer.reset();
  EXPECT_OK(device->memory(freeAfter, total));
  EXPECT_EQ(freeAfter, freeBefore);
}

} // namespace

} // namespace tenon::vulkan
