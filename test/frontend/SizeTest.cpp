// Expressions over sizes and their normal form.
#include "Size.h"

#include <gtest/gtest.h>

using namespace tenon;
using Op = SizeExpr::Op;

static const SizeExprPtr n = sizeSymbol(0), m = sizeSymbol(1), two = sizeConst(2);
static std::string show(const SizeExprPtr &size) {
  return print(size, [](int s) { return std::string(1, "nm"[s]); });
}

TEST(Size, PolynomialsAreEqualUpToOrder) {
  EXPECT_TRUE(sameSize(n + m, m + n));
  EXPECT_TRUE(sameSize((n + m) * (n + m), n * n + two * n * m + m * m));
  EXPECT_TRUE(sameSize(n - n, sizeConst(0)));
  EXPECT_FALSE(sameSize(n + m, n * m));
  EXPECT_FALSE(sameSize(n, n + sizeConst(1)));
}

TEST(Size, QuotientsAreAtomsOverNormalForms) {
  auto half = [](SizeExprPtr x) { return sizeBinary(Op::Div, x, two); };
  EXPECT_TRUE(sameSize(half(n + m), half(m + n)));
  EXPECT_FALSE(sameSize(half(n), half(m)));
  EXPECT_TRUE(sameSize(sizeBinary(Op::Min, n, m), sizeBinary(Op::Min, m, n)));
  EXPECT_FALSE(sameSize(sizeBinary(Op::Rem, n, m), sizeBinary(Op::Rem, m, n)));
}

TEST(Size, EvaluatesAsTheLanguageSays) {
  auto eval = [](SizeExprPtr x, int64_t a = 0, int64_t b = 0) { return evaluate(x, {a, b}); };
  EXPECT_EQ(eval(sizeBinary(Op::Div, n, m), -7, 2), -3);
  EXPECT_EQ(eval(sizeBinary(Op::Div, n, m), 7, 0), 0);
  EXPECT_EQ(eval(sizeBinary(Op::Rem, n, m), -7, 2), -1);
  EXPECT_EQ(eval(sizeBinary(Op::Rem, n, m), 7, 0), 7);
  EXPECT_EQ(eval(sizeBinary(Op::Rem, n, m), INT64_MIN, -1), 0);
  EXPECT_EQ(eval(n * m, INT64_MAX, 2), std::nullopt);
  EXPECT_EQ(eval(sizeBinary(Op::Div, n, m), INT64_MIN, -1), std::nullopt);
  EXPECT_EQ(eval(sizeSelect(sizeBinary(Op::Lt, n, m), n, m), 3, 5), 3);
}

TEST(Size, NeverFoldsAnOverflow) {
  SizeExprPtr big = sizeConst(INT64_MAX);
  EXPECT_FALSE(constantOf(big + big));
  EXPECT_EQ(*constantOf(big + sizeConst(0)), INT64_MAX);
}

TEST(Size, PrintsWithTheParenthesesNeeded) {
  EXPECT_EQ(show((n + m) * two), "(n + m)*2");
  EXPECT_EQ(show(sizeBinary(Op::Div, n - (m - two), two)), "(n - (m - 2))/2");
  EXPECT_EQ(show(toSize(normalize(n * two + m - n - sizeConst(3)))), "n + m - 3");
}

TEST(Size, SubstitutesSymbols) {
  EXPECT_TRUE(sameSize(substitute(n * m, {sizeConst(3), n + two}), sizeConst(3) * n + sizeConst(6)));
}
