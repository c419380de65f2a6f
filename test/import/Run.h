//===- Run.h - modules through the tools, as users run them ------------------===//
#pragma once

#include "npy/Npy.h"
#include "process/Process.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <unistd.h>

namespace tenon::test {

template <class T> constexpr npy::Kind kindOf = std::is_floating_point_v<T> ? npy::Kind::Float : npy::Kind::Int;
template <> inline constexpr npy::Kind kindOf<bool> = npy::Kind::Bool;

/// A tensor of a test, row-major.
template <class T> struct Array {
  std::vector<int64_t> shape;
  std::vector<T> data;

  explicit Array(std::vector<int64_t> shape) : shape(std::move(shape)) {
    int64_t count = 1;
    for (int64_t extent : this->shape)
      count *= extent;
    data.resize(count);
  }
  T &operator()(std::initializer_list<int64_t> index) {
    int64_t flat = 0, d = 0;
    for (int64_t i : index)
      flat = flat * shape[d++] + i;
    return data[flat];
  }
};

/// Different numbers of both signs, the same every time.
template <class T = float> Array<T> numbers(std::vector<int64_t> shape, unsigned seed = 1) {
  Array<T> result(std::move(shape));
  uint32_t state = seed * 2654435761u;
  for (T &value : result.data) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<int>(state >> 20) % 17 - 8) / (std::is_floating_point_v<T> ? 4 : 1);
  }
  return result;
}

struct Answer {
  int status = 0;
  std::string output; ///< Both streams.
};

/// A folder of a test's own, and the tools called in it.
class Run : public testing::Test {
protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("tenon-import-" + std::to_string(getpid()) + "-" +
                                                       testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  Answer call(const std::string &command) {
    Answer answer;
    std::string error;
    std::string quoted = "PATH=" TENON_TOOLS_DIR ":$PATH; cd " + folder.string() + " && " + command + " 2>&1";
    answer.status = process::run({"/bin/sh", "-c", quoted}, &answer.output, error);
    return answer;
  }
  void write(const std::string &name, const std::string &text) { std::ofstream(folder / name) << text; }
  std::string read(const std::string &name) {
    std::ifstream file(folder / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Compiles module.mlir for this machine into module.tnb.
  void compile(const std::string &text) {
    write("module.mlir", text);
    Answer answer = call("tenonc module.mlir --target native -o module.tnb");
    ASSERT_EQ(answer.status, 0) << answer.output;
  }

  template <class T> std::string input(const std::string &name, const Array<T> &array) {
    npy::Array file{{kindOf<T>, sizeof(T)}, array.shape, std::vector<uint8_t>(array.data.size() * sizeof(T))};
    for (size_t i = 0; i < array.data.size(); ++i) {
      T value = array.data[i];
      std::memcpy(file.data.data() + i * sizeof(T), &value, sizeof(T));
    }
    std::string error;
    EXPECT_TRUE(npy::write(folder / (name + ".npy"), file, error)) << error;
    return " --input " + name + "=" + name + ".npy";
  }

  /// Runs with the arguments and compares a result.
  template <class T>
  void expect(const std::string &arguments, const std::string &result, const Array<T> &want, double tolerance = 1e-5) {
    Answer answer =
        call("tenon-run module.tnb --device=host" + arguments + " --output " + result + "=" + result + ".npy");
    ASSERT_EQ(answer.status, 0) << answer.output;
    npy::Array got;
    std::string error;
    ASSERT_TRUE(npy::read(folder / (result + ".npy"), got, error)) << error;
    ASSERT_EQ(got.shape, want.shape);
    ASSERT_EQ(got.type, (npy::Type{kindOf<T>, sizeof(T)}));
    for (size_t i = 0; i < want.data.size(); ++i) {
      T value;
      std::memcpy(&value, got.data.data() + i * sizeof(T), sizeof(T));
      double expected = want.data[i];
      if (std::isinf(expected) || std::isnan(expected))
        ASSERT_EQ(std::isnan(static_cast<double>(value)), std::isnan(expected)) << result << " at " << i;
      else
        ASSERT_NEAR(value, expected, tolerance * (1 + std::abs(expected))) << result << " at " << i;
    }
  }

  std::filesystem::path folder;
};

} // namespace tenon::test
