//===- RunErrorTest.cpp - what tenon-run says of bad input ------------------===//
//
// Owns errors from outside: packages made by tenonc (cases.tn), inputs as .npy files, devices by name. What a launch
// checks is test/runtime's, call by call.
//
//===------------------------------------------------------------------------===//
#include "Tool.h"

#include "npy/Npy.h"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr npy::Type f4{npy::Kind::Float, 4}, f8{npy::Kind::Float, 8}, i4{npy::Kind::Int, 4};

/// The devices that there are.
const nlohmann::json &devices() {
  static const nlohmann::json found =
      nlohmann::json::parse(runTool("tenon-info", {"--json"}).output, nullptr, false)["devices"];
  return found;
}

class Run : public testing::Test {
protected:
  /// An operator of the package that has every target, on host.
  Answer run(const std::string &op, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {TENON_TEST_CASES "/all.tnb", "--op", op, "--device=host"});
    return runTool("tenon-run", arguments);
  }
  /// A file of zeros.
  std::string array(const std::string &name, npy::Type type, const std::vector<int64_t> &shape) {
    npy::Array array{type, shape, {}};
    array.data.resize(static_cast<size_t>(array.size()) * type.bytes);
    std::string error, path = folder.path() + "/" + name + ".npy";
    EXPECT_TRUE(npy::write(path, array, error)) << error;
    return name + "=" + path;
  }
  Folder folder;
};

} // namespace

TEST_F(Run, Fine) {
  expectAnswer(run("add", {"-i", array("x", f4, {2, 3}), "-i", array("y", f4, {2, 3})}), 0, {"z: f32[2, 3]"});
}

TEST_F(Run, Types) {
  std::string x = array("x", f4, {2, 3});
  expectAnswer(run("add", {"-i", x, "-i", array("y", f8, {2, 3})}), 1,
               {"no instance of add takes these types", "T = f32: y is f32, its file has f8"});
  expectAnswer(run("add", {"-i", x, "-i", array("y", i4, {2, 3})}), 1, {"T = f32: y is f32, its file has i4"});
  expectAnswer(run("add", {"--shape", "m=2,n=3", "--type", "T=f16"}), 1, {"T = f32: T is f32, not f16"});
  expectAnswer(run("add", {"--shape", "m=2,n=3", "--type", "T=f33"}), 1, {"--type T=f33: no such type"});
  expectAnswer(run("add", {"--shape", "m=2,n=3", "--type", "U=f32"}), 1, {"operator add has no type variable U"});
}

TEST_F(Run, RanksAndSizes) {
  std::string x = array("x", f4, {2, 3});
  expectAnswer(run("add", {"-i", x, "-i", array("y", f4, {6})}), 1,
               {"y has 1 dimensions, it must have 2 (y: T[m, n])"});
  expectAnswer(run("add", {"-i", x, "-i", array("y", f4, {3, 2})}), 1,
               {"size m is 2 (dimension 0 of x) but 3 (dimension 0 of y)"});
  expectAnswer(run("head", {"--shape", "n=3", "-i", "keep=0"}), 1, {"head needs keep >= 1, but keep is 0"});
  expectAnswer(run("head", {"--shape", "n=3", "-i", "keep=5"}), 1,
               {"dimension 0 of y is n - keep = -2, which is negative"});
  expectAnswer(run("head", {"--shape", "n=3", "-i", "keep=-1"}), 1,
               {"size parameter keep is -1, it must be at least 0"});
  expectAnswer(run("windows", {"--shape", "n=3", "-i", "w=5"}), 1, {"windows needs w <= 4, but w is 5"});
  expectAnswer(run("shift", {"--shape", "n=3", "-i", "by=2"}), 1,
               {"read x[i + by]: subscript i + by reaches 2..4, dimension 0 of x has size 3 (i in 0..2)"});
}

TEST_F(Run, WhatAKernelFinds) {
  // Random ids are in -8..8 or so: some are outside of one element.
  expectAnswer(run("pick", {"--shape", "n=1,m=100"}), 1,
               {"cases.tn:", "a subscript of x[ids[i]] else error is outside"});
}

TEST_F(Run, MissingAndUnknownInputs) {
  expectAnswer(run("add", {}), 1, {"size m of x is not known: give --shape m=4"});
  expectAnswer(run("scale", {"--shape", "n=3"}), 1, {"input k has no default: give --input k=VALUE"});
  expectAnswer(run("scale", {"--shape", "n=3", "-i", "k=abc"}), 1, {"--input k=abc: not a value of type f32"});
  expectAnswer(run("add", {"-i", "q=1"}), 1, {"operator add has no input q; its inputs: x, y"});
  expectAnswer(run("add", {"--shape", "m=3,n=3,q=1"}), 1, {"operator add has no size q"});
  expectAnswer(run("sub", {}), 1, {"no operator is called sub; there are: add, scale"});
  expectAnswer(runTool("tenon-run", {TENON_TEST_CASES "/all.tnb"}), 1, {"several operators", "--op", "add, scale"});
  expectAnswer(run("add", {"--shape", "m=2,n=3", "-o", "q=" + folder.path() + "/q.npy"}), 1,
               {"operator add has no result q"});
}

TEST_F(Run, FilesThatAreNoArrays) {
  expectAnswer(run("add", {"-i", "x=/no/x.npy"}), 1, {"/no/x.npy: cannot be read: No such file or directory"});
  expectAnswer(run("add", {"-i", "x=" + folder.path()}), 1, {folder.path() + ": cannot be read: Is a directory"});
  expectAnswer(run("add", {"-i", "x=/dev/zero"}), 1, {"/dev/zero: not a .npy file"});
  expectAnswer(run("add", {"-i", "x=" + folder.write("t.npy", "hello")}), 1, {"t.npy: "});
  std::string whole = array("x", f4, {2, 3}).substr(2);
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) - 4);
  expectAnswer(run("add", {"-i", "x=" + whole}), 1, {"x.npy: truncated: 20 bytes of data, the shape needs 24"});
}

TEST_F(Run, WrongUsage) {
  expectAnswer(run("add", {"--shape", "m=-1,n=3"}), 2, {"--shape=m=-1,n=3: character 3: wanted sizes like"});
  expectAnswer(run("add", {"--shape", "m=99999999999999999999,n=3"}), 2, {"character 3"});
  expectAnswer(run("add", {"--no-such-option"}), 2, {"--no-such-option"});
  expectAnswer(run("add", {"--seed=many"}), 2, {"many"});
}

TEST_F(Run, OutputsThatCannotBeWritten) {
  expectAnswer(run("add", {"--shape", "m=2,n=3", "-o", "z=" + folder.path() + "/no/z.npy"}), 1,
               {"/no/z.npy: cannot be written: No such file or directory"});
  expectAnswer(run("add", {"--shape", "m=2,n=3", "-o", "z=/dev/full"}), 1,
               {"/dev/full: cannot be written: No space left on device"});
  expectAnswer(run("add", {"--shape", "m=2,n=3", "-o", "z=" + folder.path()}), 1,
               {"cannot be written: Is a directory"});
}

TEST_F(Run, SourcesThatDoNotCompile) {
  expectAnswer(runTool("tenon-run", {folder.path() + "/no.tn"}), 1, {"cannot read " + folder.path() + "/no.tn"});
  expectAnswer(runTool("tenon-run", {folder.write("bad.tn", "op f(x: f32[n]) -> y: f32[n] { y[i] = z }\n")}), 1,
               {"bad.tn:1:39: error: unknown name z", "bad.tn: tenonc ended with status 1"});
}

// ---- devices

TEST_F(Run, UnknownDevices) {
  auto on = [](const std::string &device) {
    return runTool("tenon-run", {TENON_TEST_CASES "/all.tnb", "--op=add", "--shape", "m=2,n=3", "--device=" + device});
  };
  expectAnswer(on("cuda"), 1, {"--device=cuda: no device 'cuda'", "host (Tenon host"});
  expectAnswer(on("cuda:0"), 1, {"no device 'cuda:0': a name begins with one of host, null, opencl, vulkan"});
  expectAnswer(on("vulkan:99"), 1, {"no device 'vulkan:99'"});
  expectAnswer(on("opencl:99"), 1, {"no device 'opencl:99'"});
  expectAnswer(on("host:1"), 1, {"no device 'host:1'"});
  expectAnswer(on("99"), 1, {"device 99 of ", "devices are numbered from 0"});
  expectAnswer(on("-1"), 1, {"-1"});
  expectAnswer(on("18446744073709551616"), 1, {"18446744073709551616"});
}

// Every device says which variants it does not take, each with the reason: a package for host on each other device, and
// one for OpenCL on host.
TEST_F(Run, DevicesWithoutAVariant) {
  auto run = [](const char *package, const std::string &device) {
    return runTool("tenon-run", {std::string(TENON_TEST_CASES "/") + package, "--op=add", "--shape", "m=2,n=3",
                                 "--device=" + device});
  };
  expectAnswer(run("opencl.tnb", "host"), 1,
               {"launch add: no variant runs on host: opencl-cpu-512 is opencl code, the device takes host; "
                "opencl-cpu-256 is opencl code, the device takes host; opencl-gpu is opencl code"});
  ASSERT_TRUE(devices().is_array() && !devices().empty());
  for (const auto &device : devices()) {
    const std::string id = device["id"];
    if (id == "host")
      continue;
    expectAnswer(run("host.tnb", id), 1,
                 {"launch add: no variant runs on " + id, "host-x86-64-v4 is host code, the device takes ",
                  "host-x86-64-v3 is host code, the device takes ", "host-x86-64-v2 is host code, the device takes "});
  }
  // A target that fits and a device description that does not.
  Answer answer = run("v4.tnb", "host");
  if (answer.status != 0)
    expectAnswer(answer, 1, {"no variant runs on host: host-x86-64-v4 needs isa_level at least 4"});
}

TEST_F(Run, OutOfMemory) {
  expectAnswer(run("add", {"--shape", "m=100000,n=10000000000"}), 1,
               {"out of memory: input x would take 4000000000000000 bytes of random data, this machine has "});
  expectAnswer(run("add", {"--shape", "m=9000000000000000000,n=9000000000000000000"}), 1,
               {"out of memory: input x would take more than 2^63 bytes"});
  expectAnswer(run("iota", {"-i", "n=4611686018427387904"}), 1, {"y", "2^6"});
  ASSERT_TRUE(devices().is_array() && !devices().empty());
  for (const auto &device : devices()) {
    const std::string id = device["id"];
    expectAnswer(
        runTool("tenon-run", {TENON_TEST_CASES "/all.tnb", "--op=iota", "-i", "n=1000000000000", "--device=" + id}), 1,
        {"allocating 4000000000000 bytes for y: out of memory: 4000000000000 bytes asked for, device " + id + " has "});
  }
}
