//===- CommandLineTest.cpp - the tools as users call them -------------------===//
//
// Owns what can be seen from outside: help, exit status, output of tenon-objdump, tenon-info and tenon-run. Does not
// own running operators: that needs a compiled package and is tested where those are.
//
//===------------------------------------------------------------------------===//
#include "TestPackage.h"
#include "process/Process.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace tenon;

namespace {

struct Answer {
  int status = 0;
  std::string output; ///< Both streams.
};

Answer call(const std::string &arguments) {
  Answer answer;
  std::string error;
  answer.status =
      process::run({"/bin/sh", "-c", "cd " TENON_TOOLS_DIR " && ./" + arguments + " 2>&1"}, &answer.output, error);
  return answer;
}

TEST(CommandLine, HelpAndWrongUsage) {
  for (const std::string tool : {"tenon-objdump", "tenon-info", "tenon-run"}) {
    Answer help = call(tool + " --help");
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.output.find("examples:"), std::string::npos) << help.output;
    EXPECT_NE(help.output.find("exit status: 0 fine"), std::string::npos) << help.output;
    EXPECT_EQ(call(tool + " --version").status, 0);
    EXPECT_EQ(call(tool + " --no-such-option").status, 2);
  }
  EXPECT_EQ(call("tenon-run").status, 2);
  EXPECT_EQ(call("tenon-objdump").status, 2);
}

class Objdump : public testing::Test {
protected:
  void SetUp() override {
    std::vector<uint8_t> bytes = test::makePackage();
    ASSERT_TRUE(file.write(bytes.data(), bytes.size()));
  }
  process::TemporaryFile file{".tnb"};
};

TEST_F(Objdump, ShowsOperatorsPlansAndModules) {
  Answer answer = call("tenon-objdump " + file.path());
  EXPECT_EQ(answer.status, 0) << answer.output;
  for (const char *text :
       {"op scale(x: f32[...b, n], k: f32 = 2, times: size) -> y: f32[...b, n * times]    [T = f32]",
        "// y repeats k x.", "check 1 <= times: \"times is {0}, wanted at least 1\" with times (line 3)",
        "variant opencl-cpu-256 (module 0) requires class is cpu, vector_bits at least 256",
        "workspace0: (n + 1) * b bytes", "if 1 <= times", "else", "for i0 in 0..times",
        "launch scale_0 grid (ceildiv(n * times, 16), b, 1) args (x, y, workspace0, f32 k, index i0)",
        "module 0: opencl-cpu-256 for opencl, 27 bytes, index of 64 bits, built with -cl-std=CL1.2",
        "emulates f16 arithmetic in f32",
        "kernel scale_0 groups of 1x1x1 args (buffer read, buffer written, buffer read and written, f32, index)"})
    EXPECT_NE(answer.output.find(text), std::string::npos) << text << "\nnot in\n" << answer.output;
  EXPECT_EQ(answer.output.find("__kernel"), std::string::npos);
}

TEST_F(Objdump, DisassemblesAndChooses) {
  EXPECT_NE(call("tenon-objdump -d " + file.path()).output.find("__kernel void scale_0() {}"), std::string::npos);
  Answer one = call("tenon-objdump --module=opencl-cpu-256 " + file.path());
  EXPECT_EQ(one.status, 0);
  EXPECT_EQ(one.output.find("op scale"), std::string::npos);
  EXPECT_EQ(call("tenon-objdump --module=7 " + file.path()).status, 1);
  EXPECT_EQ(call("tenon-objdump --op=nope " + file.path()).status, 1);
}

TEST_F(Objdump, SpeaksJson) {
  auto json = nlohmann::json::parse(call("tenon-objdump --json " + file.path()).output);
  EXPECT_EQ(json["operators"][0]["instances"][1]["types"], "T = f16");
  EXPECT_EQ(json["modules"][0]["emulations"][0], "f16 arithmetic in f32");
  EXPECT_EQ(json["operators"][0]["instances"][0]["variants"][0]["plan"][0]["else"][0]["count"], "times");
}

TEST_F(Objdump, RefusesWhatIsNoPackage) {
  ASSERT_TRUE(file.write("hello", 5));
  Answer answer = call("tenon-objdump " + file.path());
  EXPECT_EQ(answer.status, 1);
  EXPECT_NE(answer.output.find("not a package"), std::string::npos);
}

TEST(Info, ListsDevicesInOrderAndHostAmongThem) {
  Answer answer = call("tenon-info --json");
  ASSERT_EQ(answer.status, 0) << answer.output;
  auto json = nlohmann::json::parse(answer.output);
  ASSERT_TRUE(json["devices"].is_array());
  ASSERT_TRUE(json["left_out"].is_array());
  int number = 0;
  bool host = false;
  for (const auto &device : json["devices"]) {
    EXPECT_EQ(device["number"], number++);
    for (const char *key : {"id", "name", "driver", "class", "kind"})
      EXPECT_FALSE(device[key].get<std::string>().empty()) << key;
    host |= device["id"] == "host";
  }
  EXPECT_TRUE(host);
  EXPECT_NE(call("tenon-info").output.find("host"), std::string::npos);
  EXPECT_EQ(std::count(answer.output.begin(), answer.output.end(), '\0'), 0);
}

TEST(Info, RequiresWhatIsAskedFor) {
  EXPECT_EQ(call("tenon-info --brief --require=host").status, 0);
  Answer answer = call("tenon-info --brief --require=host --require=no-such-driver");
  EXPECT_EQ(answer.status, 1);
  EXPECT_NE(answer.output.find("no device has \"no-such-driver\""), std::string::npos);
}

TEST(Run, SaysWhatIsWrongWithItsArguments) {
  process::TemporaryFile file(".tnb");
  std::vector<uint8_t> bytes = test::makePackage();
  ASSERT_TRUE(file.write(bytes.data(), bytes.size()));
  auto run = [&](const std::string &arguments) { return call("tenon-run " + file.path() + " " + arguments); };
  EXPECT_EQ(run("--input x").status, 2);
  EXPECT_EQ(run("--input x=1 --input x=2").status, 2);
  EXPECT_EQ(run("--shape b=").status, 2);
  EXPECT_EQ(run("--device=all --output y=y.npy --shape b=[],n=3,times=1").status, 2);
  EXPECT_EQ(run("--shape b=[2],n=3").status, 1);
  EXPECT_EQ(call("tenon-run no-such-file.tnb").status, 1);
  EXPECT_EQ(run("--device=no-such-device --shape b=[2],n=3,times=1").status, 1);
}

} // namespace
