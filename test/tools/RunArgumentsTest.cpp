//===- RunArgumentsTest.cpp - how tenon-run prepares a call -----------------===//
//
// Owns the tests of tools/tenon-run below its command line: sizes, types, inputs, random data, printing.
//
//===------------------------------------------------------------------------===//
#include "TestPackage.h"
#include "process/Process.h"
#include "tenon-run/Arguments.h"
#include "tenon-run/Values.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

using namespace tenon;
using package::DType;

namespace {

TEST(Sizes, ReadsSizesAndPacks) {
  Request request;
  std::string error;
  ASSERT_TRUE(parseSizes("b=[2, 5],d=4096 ,e=[]", request, error)) << error;
  EXPECT_EQ(request.sizes["b"], (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(request.sizes["d"], (std::vector<int64_t>{4096}));
  EXPECT_TRUE(request.sizes["e"].empty());
  EXPECT_TRUE(request.isPack["b"]);
  EXPECT_FALSE(request.isPack["d"]);
}

TEST(Sizes, RefusesAnythingElse) {
  for (const char *text :
       {"", "d", "d=", "=3", "d=-1", "d=x", "b=[2", "b=[2,5]d=3", "d=3,", "b=[2;3]", "d=99999999999999999999"}) {
    Request request;
    std::string error;
    EXPECT_FALSE(parseSizes(text, request, error)) << text;
    EXPECT_NE(error.find("character"), std::string::npos) << error;
  }
}

TEST(Values, ParsesEveryTypeAndItsLimits) {
  uint64_t bits = 0;
  EXPECT_TRUE(parseValue("1e-5", DType::F32, bits));
  EXPECT_EQ(std::bit_cast<float>(static_cast<uint32_t>(bits)), 1e-5f);
  EXPECT_TRUE(parseValue("-3", DType::F16, bits));
  EXPECT_EQ(bits, 0xc200u);
  EXPECT_TRUE(parseValue("1.00390625", DType::BF16, bits)); // halfway between 1 and the next: to even
  EXPECT_EQ(bits, 0x3f80u);
  EXPECT_TRUE(parseValue("-128", DType::I8, bits));
  EXPECT_EQ(bits, 0x80u);
  EXPECT_FALSE(parseValue("128", DType::I8, bits));
  EXPECT_FALSE(parseValue("-1", DType::U16, bits));
  EXPECT_TRUE(parseValue("18446744073709551615", DType::U64, bits));
  EXPECT_TRUE(parseValue("true", DType::Bool, bits));
  EXPECT_EQ(bits, 1u);
  EXPECT_FALSE(parseValue("2", DType::Bool, bits));
  EXPECT_FALSE(parseValue("1.5", DType::I32, bits));
  EXPECT_FALSE(parseValue("", DType::F32, bits));
  EXPECT_FALSE(parseValue("1x", DType::F32, bits));
}

TEST(Values, RandomFloatsAreStandardNormalAndRepeat) {
  for (DType type : {DType::F32, DType::F64, DType::F16, DType::BF16}) {
    std::mt19937_64 one(7), two(7);
    std::vector<uint8_t> a, b;
    drawValues(one, type, 20000, a);
    drawValues(two, type, 20000, b);
    EXPECT_EQ(a, b);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < 20000; ++i) {
      double value = std::stod(valueText(type, bitsAt(a, type, i)));
      sum += value;
      squares += value * value;
    }
    EXPECT_NEAR(sum / 20000, 0, 0.05);
    EXPECT_NEAR(squares / 20000, 1, 0.05);
  }
}

TEST(Values, PrintsShortAndLongTensors) {
  auto floats = [](std::initializer_list<float> values) {
    std::vector<uint8_t> data(values.size() * 4);
    std::copy(values.begin(), values.end(), reinterpret_cast<float *>(data.data()));
    return data;
  };
  EXPECT_EQ(tensorText("y", DType::F32, {}, floats({0.5f})), "y: f32[] = 0.5\n");
  EXPECT_EQ(tensorText("y", DType::F32, {0, 3}, {}), "y: f32[0, 3]\n");
  EXPECT_EQ(tensorText("y", DType::F32, {2, 2}, floats({1, 2, 3, 4})), "y: f32[2, 2]\n  [[1, 2],\n   [3, 4]]\n");
  std::vector<uint8_t> bytes(100);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<uint8_t>(i);
  EXPECT_EQ(tensorText("y", DType::U8, {100}, bytes), "y: u8[100]\n  [0, 1, 2, 3, ..., 96, 97, 98, 99]\n");
}

class Prepare : public testing::Test {
protected:
  void SetUp() override {
    std::vector<uint8_t> bytes = test::makePackage();
    std::string error;
    ASSERT_TRUE(file.write(bytes.data(), bytes.size()));
    ASSERT_TRUE(package.open(file.path(), error)) << error;
  }
  std::string prepareError(const Request &request) {
    Call call;
    std::string error;
    EXPECT_FALSE(prepare(package, request, call, error));
    return error;
  }
  process::TemporaryFile file{".tnb"};
  PackageFile package;
};

TEST_F(Prepare, DrawsWhatIsMissing) {
  Request request;
  std::string error;
  Call call;
  ASSERT_TRUE(parseSizes("b=[2, 3],n=5,times=2", request, error));
  ASSERT_TRUE(prepare(package, request, call, error)) << error;
  ASSERT_EQ(call.arguments.size(), 4u);
  EXPECT_EQ(call.op, "scale");
  EXPECT_EQ(call.types, "T = f32");
  EXPECT_EQ(call.arguments[0].shape, (std::vector<int64_t>{2, 3, 5}));
  EXPECT_EQ(call.arguments[0].data.size(), 120u);
  EXPECT_TRUE(call.arguments[0].isRandom);
  EXPECT_TRUE(call.arguments[1].isDefault);
  EXPECT_EQ(call.arguments[2].bits, 2u);
  EXPECT_TRUE(call.arguments[3].isResult);
}

TEST_F(Prepare, TakesFilesAndTheirTypesAndSizes) {
  process::TemporaryFile input(".npy");
  npy::Array array;
  array.type = {npy::Kind::Float, 2};
  array.shape = {4, 7};
  array.data.resize(56);
  Request request;
  Call call;
  std::string error;
  ASSERT_TRUE(npy::write(input.path(), array, error)) << error;
  request.inputs = {{"x", input.path()}, {"k", "3"}, {"times", "1"}};
  ASSERT_TRUE(prepare(package, request, call, error)) << error;
  EXPECT_EQ(call.types, "T = f16");
  EXPECT_EQ(call.arguments[0].shape, array.shape);
  EXPECT_FALSE(call.arguments[1].isDefault);
  request.types = {{"T", "f32"}};
  EXPECT_NE(prepareError(request).find("T = f32: x is f32, its file has f2"), std::string::npos);
}

TEST_F(Prepare, SaysWhatToGive) {
  Request request;
  EXPECT_EQ(prepareError(request), "input times has no default: give --input times=VALUE");
  request.inputs = {{"times", "2"}};
  EXPECT_NE(prepareError(request).find("pack b of x is not known: give --shape b=[2, 3]"), std::string::npos);
  std::string error;
  ASSERT_TRUE(parseSizes("b=[]", request, error));
  EXPECT_NE(prepareError(request).find("size n of x is not known: give --shape n=4"), std::string::npos);
  request.inputs = {{"z", "1"}};
  EXPECT_EQ(prepareError(request), "operator scale has no input z; its inputs: x, k, times");
  request.inputs = {{"times", "two"}};
  EXPECT_EQ(prepareError(request), "--input times=two: not a value of type size");
  request.inputs = {{"times", "2"}, {"x", "no-such-file.npy"}};
  EXPECT_EQ(prepareError(request), "no-such-file.npy: cannot be read: No such file or directory");
  request.inputs.clear();
  request.op = "nope";
  EXPECT_EQ(prepareError(request), "no operator is called nope; there are: scale");
  request.op.clear();
  request.types = {{"U", "f32"}};
  EXPECT_EQ(prepareError(request), "operator scale has no type variable U");
  request.types = {{"T", "f8"}};
  EXPECT_EQ(prepareError(request), "--type T=f8: no such type");
  request.types.clear();
  request.sizes.clear();
  ASSERT_TRUE(parseSizes("b=3", request, error));
  EXPECT_EQ(prepareError(request), "--shape: b is a pack, give it as b=[2, 3]");
  request.sizes.clear();
  ASSERT_TRUE(parseSizes("q=3", request, error));
  EXPECT_EQ(prepareError(request), "--shape: operator scale has no size q");
}

} // namespace
