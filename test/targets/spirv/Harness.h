//===- Harness.h - compile kernel IR for every profile and run it ---------------------===//
//
// Owns the road of a test: text of kernel IR, each profile of an environment, spirv-val (inside compile), each device
// that has what the code requires. Does not own expectations.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Device.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace tenon {
const Target &getSpirvOpenclTarget();
const Target &getSpirvVulkanTarget();
} // namespace tenon

namespace tenon::test {

enum class Where { OpenCL, Vulkan };

mlir::MLIRContext &context();
mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text);
const Target &targetOf(Where where);
const Profile &profileNamed(const std::string &name);

/// Compiles, and collects what the diagnostics say.
mlir::FailureOr<CompiledModule> compileText(const std::string &text, const Profile &profile, std::string *errors);

class SpirvTest : public testing::TestWithParam<Where> {
protected:
  using Verify = std::function<void(const std::vector<Arg> &results)>;
  /// Compiles `text` for every profile and runs its first kernel on every device that can.
  void everywhere(const std::string &text, Grid grid, const std::vector<Arg> &args, const Verify &verify);
  /// Skipped, with the reason, when no device ran anything.
  void TearDown() override;
  /// Profiles for which to skip the run: their devices promise less.
  std::function<bool(const Profile &)> onlyProfiles;
  /// When not empty: why nothing is run here.
  std::string compileOnly;

private:
  int runs = 0, attempts = 0;
};

/// Every bit equal; any NaN for any NaN.
template <typename T>
void expectEqual(const std::vector<T> &got, const std::vector<T> &want,
                 const std::function<std::string(size_t)> &describe = {}, double ulps = 0) {
  ASSERT_EQ(got.size(), want.size());
  int shown = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (!std::memcmp(&got[i], &want[i], sizeof(T)) || (got[i] != got[i] && want[i] != want[i]))
      continue;
    if constexpr (std::is_floating_point_v<T>) {
      T next = std::nextafter(want[i], std::numeric_limits<T>::infinity());
      if (got[i] == want[i] && ulps > 0)
        continue;
      if (std::abs(got[i] - want[i]) <= ulps * std::abs(next - want[i]))
        continue;
    }
    ADD_FAILURE() << "element " << i << (describe ? " " + describe(i) : "") << ": got " << +got[i] << ", want "
                  << +want[i];
    if (++shown == 8)
      return;
  }
}

} // namespace tenon::test
