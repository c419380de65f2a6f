//===- DamagedPackageTest.cpp - packages that are none ----------------------===//
//
// Owns what tenon-run and tenon-objdump say of packages that are cut short, damaged or newer, and that reading a
// package never crashes: thousands of mutations, half of them with a right hash, are described as tenon-objdump does.
//
//===------------------------------------------------------------------------===//
#include "TestPackage.h"
#include "Tool.h"
#include "package/PackageFile.h"
#include "tenon-objdump/Describe.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

using namespace tenon;
using namespace tenon::test;

namespace {

/// Makes the hash right again; `bytes` must verify.
void rehash(std::string &bytes) {
  auto *table = flatbuffers::GetMutableRoot<flatbuffers::Table>(bytes.data());
  uint8_t *field = table->GetAddressOf(package::Package::VT_CONTENT_HASH);
  if (!field)
    return;
  std::memset(field, 0, sizeof(uint64_t));
  const uint64_t hash = XXH64(bytes.data(), bytes.size(), 0);
  std::memcpy(field, &hash, sizeof hash);
}

} // namespace

TEST(DamagedPackage, DescribingMutationsNeverCrashes) {
  const std::vector<uint8_t> made = makePackage();
  const std::string original(made.begin(), made.end());
  Folder folder;
  const std::string path = folder.path() + "/mutant.tnb";
  std::mt19937 random(11);
  int opened = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = original;
    for (unsigned changes = 1 + random() % 2; changes > 0; --changes) {
      const size_t at = random() % bytes.size();
      if (random() % 2) {
        bytes[at] = static_cast<char>(random() % 2 ? random() : random() % 2 * 255);
      } else { // a whole number
        const uint32_t value = random() % 3 ? random() % 64 : random();
        std::memcpy(bytes.data() + at, &value, std::min(sizeof value, bytes.size() - at));
      }
    }
    const bool right = round % 2;
    if (right) {
      flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
      if (package::VerifyPackageBuffer(verifier))
        rehash(bytes);
    }
    folder.write("mutant.tnb", bytes);
    PackageFile file;
    std::string error;
    if (!file.open(path, error)) {
      EXPECT_NE(error, "");
      continue;
    }
    if (!right && bytes != original) {
      ADD_FAILURE() << "a wrong hash was taken in round " << round;
      continue;
    }
    ++opened;
    Json all = describePackage(file, path);
    for (const Json &op : all["operators"])
      EXPECT_NE(operatorText(op), "");
    for (const Json &module : all["modules"])
      EXPECT_NE(moduleText(module), "");
    EXPECT_NE(all.dump(2, ' ', false, Json::error_handler_t::replace), "");
  }
  EXPECT_GT(opened, 400);
}

#ifdef TENON_TEST_CASES // packages made by tenonc, and the programs
namespace {

std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class DamagedPackageFile : public testing::Test {
protected:
  void SetUp() override {
    whole = read(TENON_TEST_CASES "/host.tnb");
    ASSERT_GT(whole.size(), 1000u);
  }
  /// By both tools; they agree.
  void expectRefused(const std::string &path, const std::vector<std::string> &parts) {
    expectAnswer(runTool("tenon-objdump", {path}), 1, parts);
    expectAnswer(runTool("tenon-run", {path, "--op=add", "--shape", "m=2,n=3", "--device=host"}), 1, parts);
  }
  void expectBytesRefused(const std::string &bytes, const std::vector<std::string> &parts) {
    expectRefused(folder.write("bad.tnb", bytes), parts);
  }
  Folder folder;
  std::string whole;
};

} // namespace

TEST_F(DamagedPackageFile, WholeIsTaken) {
  expectAnswer(runTool("tenon-objdump", {TENON_TEST_CASES "/host.tnb"}), 0, {"op add("});
  expectAnswer(runTool("tenon-run", {TENON_TEST_CASES "/host.tnb", "--op=add", "--shape", "m=2,n=3", "--device=host"}),
               0, {"z: f32[2, 3]"});
}

TEST_F(DamagedPackageFile, Truncated) {
  const std::string of = " of its " + std::to_string(whole.size()) + " bytes are there";
  for (size_t keep : {whole.size() - 1, whole.size() / 2, size_t(300)})
    expectBytesRefused(whole.substr(0, keep), {"bad.tnb: truncated: " + std::to_string(keep) + of});
  expectBytesRefused(whole.substr(0, 16), {"bad.tnb: "});
  expectBytesRefused("", {"bad.tnb: not a package (a .tnb file of 0 bytes"});
}

TEST_F(DamagedPackageFile, BitFlipped) {
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    std::string bytes = whole;
    bytes[8 + random() % (bytes.size() - 8)] ^= static_cast<char>(1 << random() % 8);
    expectBytesRefused(bytes, {"bad.tnb: "});
  }
  std::string bytes = whole;
  bytes[bytes.size() / 2] ^= 1; // host code
  expectBytesRefused(bytes, {"bad.tnb: damaged: its content does not have the hash that it states"});
  // And by the runtime alone, which tenon-run would not reach.
  bytes[4] = 'X';
  expectBytesRefused(bytes, {"bad.tnb: not a package", "TNB1"});
}

TEST_F(DamagedPackageFile, FromANewerFormat) {
  std::string bytes = whole;
  auto *table = flatbuffers::GetMutableRoot<flatbuffers::Table>(bytes.data());
  uint8_t *field = table->GetAddressOf(package::Package::VT_FORMAT);
  ASSERT_NE(field, nullptr);
  *field = 2;
  rehash(bytes);
  expectBytesRefused(bytes, {"bad.tnb: has format 2, this program knows 1 to 1"});
}

TEST_F(DamagedPackageFile, NotAPackage) {
  expectBytesRefused("op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\n",
                     {"bad.tnb: not a package (a .tnb file of 45 bytes"});
  expectBytesRefused(std::string(100000, '\xff'), {"bad.tnb: not a package"});
  expectRefused(folder.path(), {folder.path() + ": not a package: it is a folder"});
  expectRefused(folder.path() + "/no.tnb", {"no.tnb: cannot be read: No such file or directory"});
  expectRefused("/proc/self/mem", {"/proc/self/mem: cannot be read: Input/output error"});
}

TEST_F(DamagedPackageFile, MutationsEndWithAnAnswer) {
  std::mt19937 random(8);
  int taken = 0;
  for (int round = 0; round < 40; ++round) {
    std::string bytes = whole;
    // Not in the code, which is trusted like a shared library: it stands in the front or in the middle of the file.
    const size_t tables = std::min<size_t>(2000, bytes.size() / 4);
    bytes[8 + random() % tables] = static_cast<char>(random());
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
    if (round % 2 && package::VerifyPackageBuffer(verifier))
      rehash(bytes);
    const std::string path = folder.write("bad.tnb", bytes);
    const int status = runTool("tenon-objdump", {path, "--json"}).status;
    EXPECT_TRUE(status == 0 || status == 1) << status << " in round " << round;
    taken += status == 0;
  }
  EXPECT_GT(taken, 0);
}
#endif
