// Files, imports, consts, tests and what a module offers.
#include "Check.h"

#include <filesystem>
#include <fstream>

using namespace tenon;
using namespace tenon::testing;
namespace fs = std::filesystem;

namespace {
class Files : public ::testing::Test {
protected:
  void SetUp() override {
    dir = fs::temp_directory_path() / ("tenon-frontend-" + std::to_string(::getpid()));
    fs::create_directories(dir / "lib");
  }
  void TearDown() override { fs::remove_all(dir); }
  std::string write(const std::string &name, const std::string &text) {
    std::ofstream(dir / name, std::ios::binary) << text;
    return (dir / name).string();
  }
  std::string load(const std::string &path) {
    diagnostics = std::make_unique<Diagnostics>();
    module = parseModule(path, {(dir / "lib").string()}, *diagnostics);
    if (module)
      checkModule(*module, *diagnostics);
    std::string text = diagnostics->print();
    for (size_t at; (at = text.find(dir.string())) != std::string::npos;)
      text.replace(at, dir.string().size(), "DIR");
    return text.substr(0, text.find('\n'));
  }
  fs::path dir;
  std::unique_ptr<Diagnostics> diagnostics;
  std::unique_ptr<Module> module;
};
} // namespace

static const char copyOp[] = "op copy(x: T[n]) -> y: T[n] where T in {f32, i32} { y[i] = x[i] }\n";

TEST_F(Files, ImportsAreVisibleHereAndNotBeyond) {
  write("a.tn", std::string(copyOp) + "const K: f32 = 2\nfn dbl(v: f32) -> f32 = v * K\n");
  write("lib/b.tn", "import \"../a.tn\"\nfn quad(v: f32) -> f32 = dbl(dbl(v))\n");
  EXPECT_EQ(load(write("c.tn", "import \"a.tn\"\nimport \"b.tn\"\nop f(x: f32[n]) -> y: f32[n] {\n"
                               "  t = copy(x)\n  y[i] = quad(dbl(t[i]))\n}\n")),
            "");
  EXPECT_EQ(module->operators().size(), 1u);
  EXPECT_EQ(module->files().size(), 3u);
  EXPECT_EQ(load(write("d.tn", "import \"b.tn\"\nop f(x: f32[n]) -> y: f32[n] { y[i] = dbl(x[i]) }\n")),
            "d.tn:2:39: error: unknown function dbl");
}

TEST_F(Files, BadImports) {
  EXPECT_EQ(load((dir / "none.tn").string()), "error: cannot read DIR/none.tn: No such file or directory");
  EXPECT_EQ(load(dir.string()), "error: cannot read DIR: it is a directory");
  EXPECT_EQ(load(write("a.tn", "import \"zz.tn\"\n")),
            "a.tn:1:1: error: cannot find zz.tn: neither beside this file nor in a directory given by -I");
  EXPECT_EQ(load(write("a.tn", "import \"lib\"\n")), "a.tn:1:1: error: cannot read lib: it is a directory");
  EXPECT_EQ(load(write("a.tn", "import \"\"\n")), "a.tn:1:1: error: an import needs the name of a file");
  EXPECT_EQ(load(write("self.tn", "import \"self.tn\"\n")),
            "self.tn:1:1: error: files import one another: self.tn -> self.tn");
  write("x.tn", "import \"y.tn\"\n");
  write("y.tn", "import \"x.tn\"\n");
  load((dir / "x.tn").string());
  EXPECT_NE(diagnostics->print().find("y.tn:1:1: error: files import one another: x.tn -> y.tn -> x.tn"),
            std::string::npos);
}

TEST_F(Files, ClashesAreErrors) {
  write("a.tn", copyOp);
  write("b.tn", copyOp);
  EXPECT_EQ(load(write("c.tn", std::string("import \"a.tn\"\n") + copyOp)),
            "c.tn:2:4: error: copy is declared here and in a.tn");
  EXPECT_EQ(load(write("d.tn", "import \"a.tn\"\nimport \"b.tn\"\n")),
            "d.tn:2:1: error: copy is declared in b.tn and in a.tn");
  EXPECT_EQ(load(write("e.tn", "import \"a.tn\"\nimport \"a.tn\"\n")), "");
}

TEST_F(Files, BadBytes) {
  EXPECT_EQ(load(write("a.tn", std::string("// a\0b\n", 7))), "a.tn:1:5: error: the file has a NUL byte");
  EXPECT_EQ(load(write("a.tn", "// \xff\n")), "a.tn:1:4: error: byte 0xff is not UTF-8");
  EXPECT_EQ(load(write("a.tn", "// \xe2\x82\n")), "a.tn:1:4: error: byte 0xe2 is not UTF-8");
  EXPECT_EQ(load(write("a.tn", "// \xed\xa0\x80\n")), "a.tn:1:4: error: byte 0xed is not UTF-8");
  EXPECT_EQ(load(write("a.tn", "// \xe2\x82\xac \xf0\x9f\x98\x80\r\n")), "");
  EXPECT_NE(load(write("a.tn", std::string(5 << 20, ' '))).find("it has more than 4194304 bytes"), std::string::npos);
}

TEST(Module, KeepsDocsAndOrder) {
  Checked checked("// not this\n\n// Adds.\n//  Twice.\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i] + x[i] }\n"
                  "op g(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\n");
  EXPECT_EQ(checked.said(), "");
  ASSERT_EQ(checked.module->operators().size(), 2u);
  EXPECT_EQ(checked.module->operators()[0]->doc, "Adds.\n Twice.");
  EXPECT_EQ(checked.module->operators()[1]->doc, "");
  EXPECT_EQ(checked.module->find("g"), checked.module->operators()[1].get());
  EXPECT_EQ(checked.module->find("h"), nullptr);
}

TEST(Module, ConstsFold) {
  Made made("const A: i32 = 7 / -2\nconst B: f32 = exp(0.0) + f32(A)\nconst C: u8 = u8(f32(300))\n"
            "const D: size = size(A) + 10\nconst E: i8 = ~i8(1) << 1\nconst F: bool = A % 2 == -1 && !(B > 0)\n"
            "const G: f16 = 1 / 3\nconst H: i32 = i32(f32(nan)) + popcount(255) + clz(1)\n"
            "op f(x: f32[D]) -> y: f32[D] {\n  a: f32 = B\n  b: u8 = C\n  c: i8 = E\n  d: bool = F\n"
            "  g: f16 = G\n  h: i32 = H\n"
            "  y[i] = x[i] + a + f32(b) + f32(c) + f32(d) + f32(g) + f32(h)\n}\n");
  EXPECT_EQ(made.bodyOf("a"), "-2:f32");
  EXPECT_EQ(made.bodyOf("b"), "255:u8");
  EXPECT_EQ(made.bodyOf("c"), "-4:i8");
  EXPECT_EQ(made.bodyOf("d"), "true");
  EXPECT_EQ(made.bodyOf("g"), "0.33325195:f16");
  EXPECT_EQ(made.bodyOf("h"), "39:i32");
  EXPECT_EQ(*constantOf(made->params[0].dims[0].value), 7);
}

TEST(Module, TestsAreTyped) {
  Checked checked("op f(x: T[...b, d], w: f32, k: size = 2, u: i32[d]) -> y: T[...b, d] where T in {f32, i32} {\n"
                  "  y[...i, j] = x[...i, j] + T(w) + T(k) + T(u[j])\n}\n");
  EXPECT_EQ(checked.said(),
            "1:42: error: parameter u has no default, but one before it has: only the last parameters may\n");
  Checked good("op f(x: T[...b, d], u: i32[d], w: f32, k: size = 2) -> y: T[...b, d] where T in {f32, i32} {\n"
               "  y[...i, j] = x[...i, j] + T(w) + T(k) + T(u[j])\n}\n"
               "test f(b in {[], [2, 5]}, d: 1..9, T in {f32}, w in {0.5, 1}, k: d..2 * d)\n"
               "  with x in -1..1, u in 0..10 tol {f32: 1e-5}\ntest f(b in {[3]}, d: 4, w: 0..1) tol exact\n"
               "test f(b in {[3]}, d: 4) tol 1e-3\n");
  EXPECT_EQ(good.said(), "");
  ASSERT_EQ(good.module->tests().size(), 3u);
  const tenon::Test &test = good.module->tests()[0];
  ASSERT_EQ(test.bindings.size(), 5u);
  EXPECT_EQ(test.bindings[0].kind, TestBinding::Kind::Pack);
  EXPECT_EQ(test.bindings[0].values[1].sizes, (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(*constantOf(test.bindings[1].hi), 9);
  EXPECT_EQ(test.bindings[2].values[0].type, DType::F32);
  EXPECT_EQ(test.bindings[3].values[0].scalar.real, 0.5);
  EXPECT_EQ(test.bindings[4].kind, TestBinding::Kind::SizeParam);
  EXPECT_EQ(test.inputs.size(), 2u);
  EXPECT_EQ(test.toleranceOf(DType::F32), 1e-5);
  EXPECT_EQ(test.toleranceOf(DType::I32), 0);
  EXPECT_EQ(good.module->tests()[1].toleranceOf(DType::F32), 0);
  EXPECT_EQ(good.module->tests()[2].toleranceOf(DType::F32), 1e-3);
  EXPECT_EQ(good.module->tests()[2].toleranceOf(DType::I32), 0);
}

TEST(Module, DiagnosticsAsJson) {
  Checked checked("op f(x: f32[n]) -> y: f32[n] { y[i] = \"a\" }\n");
  EXPECT_EQ(checked.diagnostics.json(),
            "[\n  {\"file\": \"t.tn\", \"line\": 1, \"column\": 39, \"endLine\": 1, \"endColumn\": 42, \"severity\": "
            "\"error\", \"message\": \"expected an expression, found '\\\"a\\\"'\", \"notes\": []}\n]\n");
}
