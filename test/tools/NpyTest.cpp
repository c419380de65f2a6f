//===- NpyTest.cpp - .npy files, good and bad -------------------------------===//
//
// Owns the tests of tools/npy. The bytes of good files are what NumPy writes.
//
//===------------------------------------------------------------------------===//
#include "npy/Npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

using namespace tenon;

namespace {

std::vector<uint8_t> file(const std::string &header, const std::string &data, char version = 1) {
  std::string text = std::string("\x93NUMPY") + version + '\0';
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  if (version > 1)
    text += std::string(2, '\0');
  text += header + data;
  return {text.begin(), text.end()};
}

std::string header(const std::string &descr, const std::string &shape, const std::string &fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

std::string errorOf(const std::vector<uint8_t> &content) {
  npy::Array array;
  std::string error;
  EXPECT_FALSE(npy::parse("x.npy", content, array, error));
  return error;
}

TEST(Npy, ReadsEveryVersionTypeAndRank) {
  for (char version : {1, 2, 3}) {
    npy::Array array;
    std::string error;
    ASSERT_TRUE(npy::parse("x.npy", file(header("<u2", "(2, 3)"), std::string(12, 'a'), version), array, error))
        << error;
    EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(npy::name(array.type), "u2");
    EXPECT_EQ(array.data.size(), 12u);
  }
  const struct {
    const char *descr;
    const char *name;
    size_t bytes;
  } types[] = {{"|b1", "b1", 1}, {"|i1", "i1", 1}, {"<i2", "i2", 2}, {"<i4", "i4", 4},
               {"<i8", "i8", 8}, {"|u1", "u1", 1}, {"<u4", "u4", 4}, {"<u8", "u8", 8},
               {"<f2", "f2", 2}, {"<f4", "f4", 4}, {"<f8", "f8", 8}};
  for (const auto &type : types) {
    npy::Array array;
    std::string error;
    ASSERT_TRUE(npy::parse("x.npy", file(header(type.descr, "()"), std::string(type.bytes, 'a')), array, error))
        << error;
    EXPECT_EQ(npy::name(array.type), type.name);
    EXPECT_TRUE(array.shape.empty());
    EXPECT_EQ(array.size(), 1);
  }
  npy::Array array;
  std::string error;
  EXPECT_TRUE(npy::parse("x.npy", file(header("<f4", "(0, 4)"), ""), array, error)) << error;
  // One dimension is the same in both orders.
  EXPECT_TRUE(npy::parse("x.npy", file(header("<f4", "(1,)", "True"), "aaaa"), array, error)) << error;
}

TEST(Npy, RefusesWhatIsNotAWholeArray) {
  EXPECT_NE(errorOf({}).find("x.npy: not a .npy file"), std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(2,)"), "aaaa")).find("truncated: 4 bytes of data, the shape needs 8"),
            std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(2,)"), std::string(9, 'a'))).find("too long: 9 bytes"), std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(2,)"), "", 4)).find("version 4"), std::string::npos);
  EXPECT_NE(errorOf(file(header(">f4", "(2,)"), "aaaaaaaa")).find("type >f4"), std::string::npos);
  EXPECT_NE(errorOf(file(header("<c8", "(1,)"), "aaaaaaaa")).find("type <c8"), std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(2, 2)", "True"), std::string(16, 'a'))).find("Fortran order"),
            std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(4611686018427387904, 4)"), "")).find("overflows"), std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(99999999999999999999,)"), "")).find("not a dictionary"), std::string::npos);
  EXPECT_NE(errorOf(file(header("<f4", "(-1,)"), "")).find("not a dictionary"), std::string::npos);
  EXPECT_NE(errorOf(file("{'descr': '<f4'}", "")).find("not a dictionary"), std::string::npos);
  EXPECT_NE(errorOf(file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "")).find("structured"),
            std::string::npos);
}

TEST(Npy, CutOffAnywhereIsAnErrorAndNeverACrash) {
  std::vector<uint8_t> whole = file(header("<f8", "(3, 2)"), std::string(48, 'a'));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(errorOf({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)}).empty()) << size;
}

TEST(Npy, WritesWhatItReads) {
  std::string path = testing::TempDir() + "tenon-npy-test.npy";
  for (const std::vector<int64_t> &shape : {std::vector<int64_t>{}, {5}, {2, 3}, {0}, {2, 1, 4}}) {
    npy::Array array, back;
    array.type = {npy::Kind::Int, 4};
    array.shape = shape;
    for (int64_t i = 0; i < array.size() * 4; ++i)
      array.data.push_back(static_cast<uint8_t>(i));
    std::string error;
    ASSERT_TRUE(npy::write(path, array, error)) << error;
    ASSERT_TRUE(npy::read(path, back, error)) << error;
    EXPECT_EQ(back.shape, array.shape);
    EXPECT_EQ(back.type, array.type);
    EXPECT_EQ(back.data, array.data);
    EXPECT_EQ((std::filesystem::file_size(path) - array.data.size()) % 64, 0u);
  }
  std::filesystem::remove(path);
}

TEST(Npy, SaysWhyAFileCannotBeOpened) {
  npy::Array array;
  std::string error;
  EXPECT_FALSE(npy::read("no/such/file.npy", array, error));
  EXPECT_EQ(error, "no/such/file.npy: cannot be read: No such file or directory");
  EXPECT_FALSE(npy::write("no/such/file.npy", array, error));
  EXPECT_EQ(error, "no/such/file.npy: cannot be written: No such file or directory");
}

} // namespace
