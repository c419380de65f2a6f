//===- Pacer.cpp - the thread that submits what lies open ---------------------------===//
#include "devices/vulkan/Pacer.h"

#include "devices/vulkan/Stream.h"

#include <chrono>
#include <system_error>

namespace tenon::vulkan {

// Long beside a submission, so that bursts of small launches still share batches; short beside what people notice.
constexpr std::chrono::microseconds patience(200);

Pacer::~Pacer() {
  stopping = true;
  noticed = true;
  noticed.notify_one();
  if (thread.joinable())
    thread.join();
}

Status Pacer::add(Stream &stream) {
  std::lock_guard lock(mutex);
  if (!thread.joinable()) {
    try {
      thread = std::thread([this] { run(); });
    } catch (const std::system_error &) {
      return error(tnErrorOperatingSystem, "cannot start the thread that submits work");
    }
  }
  streams.insert(&stream);
  return {};
}

void Pacer::remove(Stream &stream) {
  std::lock_guard lock(mutex);
  streams.erase(&stream);
}

void Pacer::notice() {
  if (!noticed.exchange(true))
    noticed.notify_one();
}

void Pacer::run() {
  while (true) {
    noticed.wait(false);
    if (stopping)
      return;
    std::this_thread::sleep_for(patience);
    noticed = false; // first, so that what is opened from here on is noticed again
    if (stopping)
      return;
    std::lock_guard lock(mutex);
    for (Stream *stream : streams)
      stream->submitOpen();
  }
}

} // namespace tenon::vulkan
