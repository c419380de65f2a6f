//===- main.cpp - the suite over all devices --------------------------------===//
#include "Conformance.h"

#include <cstdlib>

namespace tenon::conformance {
INSTANTIATE_TEST_SUITE_P(On, Conformance, testing::ValuesIn(getDevices()),
                         [](const testing::TestParamInfo<Device> &info) { return info.param.label; });
} // namespace tenon::conformance

int main(int argc, char **argv) {
  setenv("TENON_VULKAN_VALIDATION", "1", 1);
  tenon::conformance::watchStderr();
  testing::InitGoogleTest(&argc, argv);
  int status = RUN_ALL_TESTS();
  std::string rest = tenon::conformance::takeStderr();
  if (rest.find("vulkan validation:") != std::string::npos) {
    printf("the validation layer has something to say outside of the tests\n");
    status = 1;
  }
  // A driver that is not here: ctest counts the entry as skipped.
  if (!status && !testing::UnitTest::GetInstance()->test_to_run_count())
    return 77;
  return status;
}
