//===- PackageTest.cpp - packages as tools read them ------------------------===//
//
// Owns the tests of tools/package: opening, words, expressions.
//
//===------------------------------------------------------------------------===//
#include "TestPackage.h"
#include "package/Expressions.h"
#include "package/PackageFile.h"
#include "process/Process.h"

#include <gtest/gtest.h>

using namespace tenon;
using package::Expr;
using package::ExprOp;

namespace {

std::string openError(const std::vector<uint8_t> &bytes) {
  process::TemporaryFile file(".tnb");
  EXPECT_TRUE(file.write(bytes.data(), bytes.size()));
  PackageFile package;
  std::string error;
  return package.open(file.path(), error) ? "" : error;
}

TEST(PackageFile, OpensWhatIsWhole) { EXPECT_EQ(openError(test::makePackage()), ""); }

TEST(PackageFile, RefusesWhatIsCutOffAnywhere) {
  std::vector<uint8_t> whole = test::makePackage();
  for (size_t size = 0; size < whole.size(); size += 3)
    EXPECT_NE(openError({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)}), "") << size;
}

TEST(PackageFile, RefusesEveryFlippedBit) {
  std::vector<uint8_t> whole = test::makePackage();
  for (size_t at = 0; at < whole.size(); at += 5) {
    std::vector<uint8_t> flipped = whole;
    flipped[at] ^= static_cast<uint8_t>(1u << at % 8);
    EXPECT_NE(openError(flipped), "") << at;
  }
}

TEST(PackageFile, NamesWhatIsWrong) {
  PackageFile package;
  std::string error;
  EXPECT_FALSE(package.open("no/such/file.tnb", error));
  EXPECT_EQ(error, "no/such/file.tnb: cannot be read: No such file or directory");
  EXPECT_NE(openError({1, 2, 3}).find("not a package (a .tnb file of 3 bytes"), std::string::npos);
  std::vector<uint8_t> flipped = test::makePackage();
  flipped.back() ^= 1;
  EXPECT_NE(openError(flipped).find("does not have the hash"), std::string::npos);
}

TEST(PackageWords, SignaturesAndTypes) {
  process::TemporaryFile file(".tnb");
  std::vector<uint8_t> bytes = test::makePackage();
  ASSERT_TRUE(file.write(bytes.data(), bytes.size()));
  PackageFile package;
  std::string error;
  ASSERT_TRUE(package.open(file.path(), error)) << error;
  const auto *op = package.get().operators()->Get(0);
  const auto *instance = op->instances()->Get(1);
  EXPECT_EQ(instanceTypes(*op, *instance), "T = f16");
  EXPECT_EQ(paramText(*instance, *instance->params()->Get(0)), "x: f16[...b, n]");
  EXPECT_EQ(paramText(*instance, *instance->params()->Get(1)), "k: f32 = 2");
  EXPECT_EQ(paramText(*instance, *instance->params()->Get(2)), "times: size");
  EXPECT_EQ(paramText(*instance, *instance->params()->Get(3)), "y: f16[...b, n * times]");
  EXPECT_EQ(requirementText(package::Requirement(package::Property::Class, package::Relation::Equal, 1)),
            "class is gpu");
  EXPECT_EQ(requirementText(package::Requirement(package::Property::MaxGroupSize, package::Relation::AtLeast, 64)),
            "max_group_size at least 64");
  package::DType type;
  EXPECT_TRUE(typeOfName("bf16", type));
  EXPECT_EQ(type, package::DType::BF16);
  EXPECT_FALSE(typeOfName("f8", type));
}

TEST(PackageWords, ValuesOfEveryType) {
  using package::DType;
  EXPECT_EQ(valueText(DType::Bool, 1), "true");
  EXPECT_EQ(valueText(DType::I8, 0xff), "-1");
  EXPECT_EQ(valueText(DType::U8, 0xff), "255");
  EXPECT_EQ(valueText(DType::I32, 0x80000000), "-2147483648");
  EXPECT_EQ(valueText(DType::U64, ~0ull), "18446744073709551615");
  EXPECT_EQ(valueText(DType::F16, 0x3c00), "1");
  EXPECT_EQ(valueText(DType::F16, 0x7c00), "inf");
  EXPECT_EQ(valueText(DType::BF16, 0xc000), "-2");
  EXPECT_EQ(valueText(DType::F32, 0x3dcccccd), "0.1");
  EXPECT_EQ(valueText(DType::F64, 0x3fb999999999999aull), "0.1");
}

/// An instance with these expressions and the symbols m and n.
class ExpressionsTest : public testing::Test {
protected:
  const package::Instance &instance(const std::vector<Expr> &expressions) {
    std::vector<flatbuffers::Offset<package::Symbol>> symbols = {package::CreateSymbolDirect(builder, "m"),
                                                                 package::CreateSymbolDirect(builder, "n")};
    auto symbolVector = builder.CreateVector(symbols);
    auto expressionVector = builder.CreateVectorOfStructs(expressions);
    auto params = builder.CreateVector(std::vector<flatbuffers::Offset<package::Param>>());
    auto variants = builder.CreateVector(std::vector<flatbuffers::Offset<package::Variant>>());
    builder.Finish(package::CreateInstance(builder, 0, params, symbolVector, expressionVector, 0, 0, 0, variants));
    return *flatbuffers::GetRoot<package::Instance>(builder.GetBufferPointer());
  }
  static Expr constant(int64_t value) { return Expr(ExprOp::Const, 0, 0, 0, value); }
  static Expr symbol(int64_t index) { return Expr(ExprOp::Symbol, 0, 0, 0, index); }

  flatbuffers::FlatBufferBuilder builder;
  const std::map<std::string, int64_t> sizes = {{"m", -7}, {"n", 3}};
};

TEST_F(ExpressionsTest, EvaluatesEveryOperator) {
  const struct {
    ExprOp op;
    int64_t want;
    const char *text;
  } cases[] = {{ExprOp::Add, -4, "m + n"},
               {ExprOp::Sub, -10, "m - n"},
               {ExprOp::Mul, -21, "m * n"},
               {ExprOp::FloorDiv, -3, "floordiv(m, n)"},
               {ExprOp::CeilDiv, -2, "ceildiv(m, n)"},
               {ExprOp::Mod, 2, "mod(m, n)"},
               {ExprOp::Div, -2, "m / n"},
               {ExprOp::Rem, -1, "m % n"},
               {ExprOp::Min, -7, "min(m, n)"},
               {ExprOp::Max, 3, "max(m, n)"},
               {ExprOp::Eq, 0, "m == n"},
               {ExprOp::Ne, 1, "m != n"},
               {ExprOp::Lt, 1, "m < n"},
               {ExprOp::Le, 1, "m <= n"},
               {ExprOp::And, 1, "m && n"},
               {ExprOp::Or, 1, "m || n"},
               {ExprOp::Not, 0, "!m"},
               {ExprOp::Select, 3, "m ? n : m"}};
  std::vector<Expr> all = {symbol(0), symbol(1)};
  for (const auto &test : cases)
    all.push_back(Expr(test.op, 0, 1, 0, 0));
  Expressions expressions(instance(all));
  for (uint32_t i = 0; i < std::size(cases); ++i) {
    int64_t value = 0;
    std::string error;
    ASSERT_TRUE(expressions.evaluate(i + 2, sizes, value, error)) << error;
    EXPECT_EQ(value, cases[i].want) << cases[i].text;
    EXPECT_EQ(expressions.text(i + 2), cases[i].text);
  }
}

TEST_F(ExpressionsTest, ParenthesesOnlyWhereNeeded) {
  Expressions expressions(instance({symbol(0), symbol(1), Expr(ExprOp::Add, 0, 1, 0, 0), Expr(ExprOp::Mul, 2, 1, 0, 0),
                                    Expr(ExprOp::Sub, 0, 2, 0, 0), Expr(ExprOp::Sub, 2, 0, 0, 0)}));
  EXPECT_EQ(expressions.text(3), "(m + n) * n");
  EXPECT_EQ(expressions.text(4), "m - (m + n)");
  EXPECT_EQ(expressions.text(5), "m + n - m");
}

TEST_F(ExpressionsTest, SaysWhatCannotBeEvaluated) {
  Expressions expressions(instance({constant(INT64_MAX), symbol(1), constant(0), Expr(ExprOp::Mul, 0, 1, 0, 0),
                                    Expr(ExprOp::FloorDiv, 1, 2, 0, 0), Expr(ExprOp::Device, 0, 0, 0, 3), symbol(9),
                                    Expr(ExprOp::Add, 8, 0, 0, 0)}));
  auto error = [&](uint32_t id, const std::map<std::string, int64_t> &symbols) {
    int64_t value = 0;
    std::string error;
    EXPECT_FALSE(expressions.evaluate(id, symbols, value, error));
    return error;
  };
  EXPECT_EQ(error(3, sizes), "9223372036854775807 * n overflows 64 bits");
  EXPECT_EQ(error(4, sizes), "floordiv(n, 0): division by 0");
  EXPECT_EQ(error(5, sizes), "device.compute_units is known only at a launch");
  EXPECT_EQ(error(1, {}), "size n is not known");
  EXPECT_NE(error(6, sizes).find("no symbol 9"), std::string::npos);
  EXPECT_NE(error(7, sizes).find("refers forward"), std::string::npos);
  EXPECT_NE(error(99, sizes).find("missing"), std::string::npos);
  EXPECT_EQ(expressions.text(99), "<no expression 99>");
}

TEST_F(ExpressionsTest, SharedNodesDoNotExplode) {
  std::vector<Expr> all = {symbol(1)};
  for (uint32_t i = 0; i < 60; ++i)
    all.push_back(Expr(ExprOp::Add, i, i, 0, 0));
  Expressions expressions(instance(all));
  EXPECT_LT(expressions.text(60).size(), 10000u);
  int64_t value = 0;
  std::string error;
  EXPECT_FALSE(expressions.evaluate(60, sizes, value, error));
}

} // namespace
