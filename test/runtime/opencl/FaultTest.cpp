//===- FaultTest.cpp - drivers whose calls fail -----------------------------===//
//
// Puts a layer between the device and a real driver that fails the n-th call, for every n, and counts objects: an error
// must come back, nothing may leak, and the next try must work.
//
//===------------------------------------------------------------------------===//
#include "Device.h"
#include "Fixture.h"
#include "Probe.h"

#include <string_view>
#include <tuple>
#include <type_traits>

namespace tenon::opencl::test {
namespace {

struct Faults {
  int calls = 0;
  int failAt = 0; ///< 0: never.
  const char *failed = nullptr;
  int objects = 0;   ///< Made and not released.
  bool over = false; ///< What is left is destruction, which cannot tell of errors.
};
Faults faults;

constexpr bool startsWith(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

/// Stands before one function of the driver. `Name` only makes the types differ.
template <typename Name, typename Function> struct Hook;
template <typename Name, typename Result, typename... Args> struct Hook<Name, Result (*)(Args...)> {
  static inline Result (*real)(Args...) = nullptr;

  static Result call(Args... args) {
    constexpr std::string_view name = Name::text();
    constexpr bool releases = startsWith(name, "Release");
    constexpr bool makes = startsWith(name, "Create") || startsWith(name, "Retain");
    if constexpr (releases) {
      --faults.objects; // Releasing never fails.
      return real(args...);
    } else {
      if (!faults.over && ++faults.calls == faults.failAt) {
        faults.failed = name.data();
        return fail(args...);
      }
      if constexpr (makes)
        ++faults.objects;
      if constexpr (name == "EnqueueMarkerWithWaitList")
        ++faults.objects; // the event
      return real(args...);
    }
  }

  static Result fail(Args... args) {
    if constexpr (std::is_same_v<Result, cl_int>) {
      return CL_OUT_OF_RESOURCES;
    } else {
      // Functions that give an object have their error code in the last argument.
      auto last = std::get<sizeof...(args) - 1>(std::make_tuple(args...));
      if constexpr (std::is_same_v<decltype(last), cl_int *>)
        if (last)
          *last = CL_OUT_OF_RESOURCES;
      return nullptr;
    }
  }
};

#define HOOK(name)                                                                                                     \
  struct name##Name {                                                                                                  \
    static constexpr std::string_view text() { return #name; }                                                         \
  };
TENON_OPENCL_FUNCTIONS(HOOK)
#undef HOOK

Api hooked(const Api &api) {
  Api result = api;
#define HOOK(name)                                                                                                     \
  Hook<name##Name, decltype(api.name)>::real = api.name;                                                               \
  result.name = Hook<name##Name, decltype(api.name)>::call;
  TENON_OPENCL_FUNCTIONS(HOOK)
#undef HOOK
  return result;
}

/// What core promises: nothing is destroyed while work that uses it goes on.
struct Settle {
  std::vector<Queue *> queues;
  ~Settle() {
    faults.over = true;
    for (Queue *queue : queues)
      EXPECT_OK(queue->synchronize());
  }
};

/// A bit of everything.
Status work(const DeviceInfo &info, const OpenedDevice &opened, uint32_t &result) {
  std::unique_ptr<Device> device;
  TENON_TRY(ClDevice::open(info, opened, device));
  std::unique_ptr<Queue> queue, other;
  TENON_TRY(device->createQueue(0, queue));
  TENON_TRY(device->createQueue(0, other));
  std::unique_ptr<Buffer> x, y, pinned;
  TENON_TRY(device->allocate(64, x));
  TENON_TRY(device->allocate(64, y));
  TENON_TRY(device->allocateHost(64, pinned));
  std::unique_ptr<Program> program;
  TENON_TRY(device->load(*kernelsModule(package::Target::OpenCL), "test", program));
  std::unique_ptr<Marker> before, after;
  TENON_TRY(device->createMarker(true, before));
  TENON_TRY(device->createMarker(true, after));

  Settle settle{{queue.get(), other.get()}};
  uint32_t one = 1;
  TENON_TRY(queue->record(*before));
  TENON_TRY(queue->fill({x.get(), 1}, 0, 40));
  TENON_TRY(queue->copyIn({x.get(), 0}, &one, sizeof one, HostMemory::Transient));
  TENON_TRY(queue->launch(Launch(*program, Churn, {bufferArg(*x), scalarArg<int32_t>(2)}, 1)));
  TENON_TRY(queue->copy({y.get(), 0}, {x.get(), 0}, 4));
  TENON_TRY(queue->record(*after));
  TENON_TRY(other->wait(*after));
  TENON_TRY(other->copyOut(pinned->address, {y.get(), 0}, 4, HostMemory::Stable));
  TENON_TRY(other->flush());
  bool idle = false;
  TENON_TRY(other->query(idle));
  TENON_TRY(other->synchronize());
  TENON_TRY(after->wait());
  TENON_TRY(after->query(idle));
  double milliseconds = 0;
  TENON_TRY(device->elapsed(*before, *after, milliseconds));
  std::memcpy(&result, pinned->address, sizeof result);
  return {};
}

} // namespace

TENON_FOR_EVERY_DRIVER(OpenCLFault);

TEST_P(OpenCLFault, EveryCallMayFail) {
  if (isRusticl())
    GTEST_SKIP() << "the layer is the same over every driver, and this one cannot time events";
  const Found &found = *find(GetParam());
  device.reset();
  OpenedDevice opened;
  ASSERT_OK(findDevice(*info, found.good.front(), opened));
  Platform platform = *opened.platform;
  platform.api = hooked(platform.api);
  opened.platform = &platform;

  const uint32_t expected = (1u * 1664525u + 1013904223u) * 1664525u + 1013904223u;
  uint32_t result = 0;
  faults = {};
  ASSERT_OK(work(*info, opened, result));
  EXPECT_EQ(result, expected);
  EXPECT_EQ(faults.objects, 0);
  int calls = faults.calls;
  EXPECT_GT(calls, 40);
  for (int n = 1; n <= calls; ++n) {
    faults = {};
    faults.failAt = n;
    Status status = work(*info, opened, result);
    ASSERT_TRUE(faults.failed) << "call " << n << " of " << calls << " was not made";
    std::string_view failed = faults.failed;
    EXPECT_FALSE(status.ok()) << failed << " failed in silence";
    EXPECT_EQ(faults.objects, 0) << failed << " failed, and something was not released";
    if (!status.ok())
      EXPECT_NE(std::string_view(status.message()), "");
  }
  faults = {};
  result = 0;
  ASSERT_OK(work(*info, opened, result));
  EXPECT_EQ(result, expected);
}

} // namespace tenon::opencl::test
