//===- ProcessTest.cpp - child processes and temporary files ----------------===//
//
// Owns the tests of tools/process.
//
//===------------------------------------------------------------------------===//
#include "process/Process.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace tenon;

namespace {

TEST(Process, GivesOutputAndExitStatus) {
  std::string output, error;
  EXPECT_EQ(process::run({"/bin/sh", "-c", "echo one; echo two; exit 3"}, &output, error), 3);
  EXPECT_EQ(output, "one\ntwo\n");
  EXPECT_EQ(error, "");
}

TEST(Process, SaysWhatKilledAChildOrKeptItFromStarting) {
  std::string error;
  EXPECT_EQ(process::run({"/bin/sh", "-c", "kill -9 $$"}, nullptr, error), 128 + 9);
  EXPECT_EQ(error, "/bin/sh was killed by signal 9");
  EXPECT_EQ(process::run({"/no/such/program"}, nullptr, error), -1);
  EXPECT_EQ(error, "/no/such/program cannot be started: No such file or directory");
}

TEST(Process, FindsProgramsOnPath) {
  EXPECT_TRUE(process::find("sh").ends_with("/sh"));
  EXPECT_EQ(process::find("no-such-program-anywhere"), "");
}

TEST(Process, TemporaryFilesLiveAsLongAsTheirObjects) {
  std::string path;
  {
    process::TemporaryFile file(".tnb");
    path = file.path();
    EXPECT_TRUE(path.ends_with(".tnb"));
    ASSERT_TRUE(file.write("abc", 3));
    std::ifstream back(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(back), {}), "abc");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

} // namespace
