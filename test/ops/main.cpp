//===- main.cpp - the library's tests over all devices ----------------------===//
#include "Run.h"

#include <cstring>

namespace tenon::ops {

static std::vector<int> getDevices() {
  int count = 0;
  if (tnGetDeviceCount(&count) != tnSuccess)
    fprintf(stderr, "%s\n", tnGetLastErrorMessage());
  std::vector<int> devices;
  for (int i = 0; i < count; ++i)
    devices.push_back(i);
  return devices;
}

/// The device's name for tools: "opencl:0" becomes "opencl_0".
static std::string labelOf(const testing::TestParamInfo<int> &info) {
  tnDeviceProp properties;
  if (tnGetDeviceProperties(&properties, info.param) != tnSuccess)
    return "device_" + std::to_string(info.param);
  std::string label = properties.id;
  for (char &c : label)
    if (!isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return label;
}

INSTANTIATE_TEST_SUITE_P(On, Operators, testing::ValuesIn(getDevices()), labelOf);

} // namespace tenon::ops

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  int status = RUN_ALL_TESTS();
  // A driver that is not here: ctest counts the entry as skipped.
  return !status && !testing::UnitTest::GetInstance()->test_to_run_count() ? 77 : status;
}
