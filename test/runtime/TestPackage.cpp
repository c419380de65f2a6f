//===- TestPackage.cpp - packages written by hand --------------------------------------------===//
#include "TestPackage.h"

#include <cstdio>
#include <cstring>

namespace tenon::test {

using namespace pk;
template <class T> using List = std::vector<flatbuffers::Offset<T>>;

uint32_t TestPackage::module(Target target, const std::string &profile, const std::vector<uint8_t> &code,
                             const std::vector<KernelDesc> &kernels, unsigned indexBits) {
  List<Kernel> list;
  for (const KernelDesc &kernel : kernels) {
    std::vector<uint8_t> access, elements;
    for (ArgType type : kernel.args)
      if (type == ArgType::Buffer) {
        access.push_back(3);
        elements.push_back(4);
      }
    list.push_back(CreateKernelDirect(builder, kernel.name.c_str(), &kernel.block, &kernel.args, &access, &elements));
  }
  modules.push_back(CreateModuleDirect(builder, target, profile.c_str(), &code, &list, indexBits));
  return modules.size() - 1;
}

static List<Check> checks(flatbuffers::FlatBufferBuilder &builder, const std::vector<CheckDesc> &list) {
  List<Check> result;
  for (const CheckDesc &check : list)
    result.push_back(CreateCheckDirect(builder, check.condition, check.message.c_str(), &check.values));
  return result;
}

static List<Step> steps(flatbuffers::FlatBufferBuilder &builder, const std::vector<StepDesc> &list) {
  List<Step> result;
  for (const StepDesc &step : list) {
    flatbuffers::Offset<void> body;
    if (step.kind == StepKind::Launch) {
      body = CreateLaunchDirect(builder, step.kernel, &step.grid, &step.args).Union();
    } else {
      List<Step> first = steps(builder, step.first), second = steps(builder, step.second);
      body = step.kind == StepKind::Branch ? CreateBranchDirect(builder, step.value, &first, &second).Union()
                                           : CreateLoopDirect(builder, step.value, &first).Union();
    }
    result.push_back(CreateStep(builder, step.kind, body));
  }
  return result;
}

void TestPackage::op(const std::string &name, const std::vector<InstanceDesc> &instances) {
  List<Instance> list;
  for (const InstanceDesc &instance : instances) {
    List<Param> params;
    for (const ParamDesc &p : instance.params)
      params.push_back(CreateParamDirect(builder, p.name.c_str(), p.kind, p.isResult, p.dtype, &p.dims, p.symbol,
                                         p.hasDefault, p.defaultBits, p.text.c_str()));
    List<Symbol> symbols;
    for (const auto &[symbol, kind] : instance.symbols)
      symbols.push_back(CreateSymbolDirect(builder, symbol.c_str(), kind));
    List<Variant> variants;
    for (const VariantDesc &v : instance.variants) {
      auto own = checks(builder, v.checks);
      auto plan = steps(builder, v.plan);
      std::vector<Workspace> workspace;
      for (uint32_t bytes : v.workspace)
        workspace.emplace_back(bytes);
      variants.push_back(CreateVariantDirect(builder, v.module, &v.needs, &own, &v.exprs.list, &workspace, &plan));
    }
    auto conditions = checks(builder, instance.checks);
    std::vector<flatbuffers::Offset<flatbuffers::String>> faults;
    for (const std::string &fault : instance.faults)
      faults.push_back(builder.CreateString(fault));
    std::vector<DType> types;
    list.push_back(CreateInstanceDirect(builder, &types, &params, &symbols, &instance.exprs.list, &conditions, &faults,
                                        &instance.inplace, &variants));
  }
  operators.push_back(CreateOperatorDirect(builder, name.c_str(), "", nullptr, &list, "test.tn", ""));
}

void rehash(std::vector<uint8_t> &bytes) {
  uint64_t hash = contentHash(bytes.data(), bytes.size());
  auto *table = flatbuffers::GetMutableRoot<flatbuffers::Table>(bytes.data());
  if (uint8_t *field = table->GetAddressOf(Package::VT_CONTENT_HASH))
    memcpy(field, &hash, sizeof hash);
}

std::vector<uint8_t> TestPackage::finish(uint32_t format) {
  auto root = CreatePackageDirect(builder, format, 1, "tests", &operators, &modules, 1);
  FinishPackageBuffer(builder, root);
  std::vector<uint8_t> bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  auto *table = flatbuffers::GetMutableRoot<flatbuffers::Table>(bytes.data());
  const uint64_t size = bytes.size();
  memcpy(table->GetAddressOf(Package::VT_FILE_BYTES), &size, sizeof size);
  rehash(bytes);
  return bytes;
}

const std::vector<uint8_t> &hostCode() {
  static const std::vector<uint8_t> code = [] {
    std::vector<uint8_t> bytes;
    FILE *file = fopen(TENON_TEST_KERNELS, "rb");
    uint8_t block[4096];
    while (size_t got = file ? fread(block, 1, sizeof block, file) : 0)
      bytes.insert(bytes.end(), block, block + got);
    if (file)
      fclose(file);
    return bytes;
  }();
  return code;
}

// ---- the operators of most tests
// ------------------------------------------------------------------------------------------

namespace {

constexpr ArgType B = ArgType::Buffer, X = ArgType::Index;
enum Kernels : uint32_t { AddF32, AddI32, Matmul, Scale, Copy, StepK, Gather, Scalars, NotBool, Groups };

const std::vector<KernelDesc> &kernels() {
  static const std::vector<KernelDesc> list = {
      {"add_f32", {B, B, B, X}},
      {"add_i32", {B, B, B, X}},
      {"matmul_f32", {B, B, B, X, X, X}},
      {"scale_f32", {B, B, X, ArgType::F32}},
      {"copy_f32", {B, B}},
      {"step_f32", {B, X}},
      {"gather_f32", {B, B, B, B, X}},
      {"scalars",
       {B, ArgType::I32, ArgType::I32, ArgType::I32, ArgType::I32, ArgType::I32, ArgType::I32, ArgType::I32,
        ArgType::I64, ArgType::I64, ArgType::F32, ArgType::F32, ArgType::F32, ArgType::F64}},
      {"not_bool", {B, B}},
      {"groups", {B, X, X}}};
  return list;
}

ParamDesc tensor(const std::string &name, const std::string &dims, DType type, std::vector<Dim> list, bool result) {
  ParamDesc p;
  p.name = name;
  p.text = name + ": " + dims;
  p.dtype = type;
  p.dims = std::move(list);
  p.isResult = result;
  return p;
}

ParamDesc scalar(const std::string &name, DType type) {
  ParamDesc p;
  p.name = name;
  p.text = name + ": " + nameOf(type);
  p.kind = ParamKind::Scalar;
  p.dtype = type;
  return p;
}

// add(x: T[n], y: T[n]) -> z: T[n], where z may be x.
InstanceDesc add(DType type, uint32_t kernel) {
  InstanceDesc i;
  i.symbols = {{"n", SymbolKind::Size}};
  uint32_t n = i.exprs.symbol(0), one = i.exprs.constant(1), width = i.exprs.constant(64);
  uint32_t groups = i.exprs.add(ExprOp::CeilDiv, n, width);
  i.params = {tensor("x", "T[n]", type, {bind(0)}, false), tensor("y", "T[n]", type, {check(n)}, false),
              tensor("z", "T[n]", type, {check(n)}, true)};
  i.inplace = {2, 0};
  VariantDesc v;
  v.plan = {StepDesc::launch(kernel, {groups, one, one}, {tensorArg(0), tensorArg(1), tensorArg(2), indexArg(n)})};
  // A better one that no processor takes, and one for another device.
  VariantDesc never = v, opencl = v;
  never.needs = {{Property::IsaLevel, Relation::AtLeast, 99}};
  never.module = 2;
  opencl.module = 1;
  i.variants = {never, opencl, v};
  return i;
}

} // namespace

std::vector<uint8_t> operatorsPackage() {
  TestPackage p;
  p.module(Target::Host, "host-test", hostCode(), kernels());
  p.module(Target::OpenCL, "opencl-test", {'x'}, kernels());
  p.module(Target::Host, "host-future", hostCode(), kernels());

  p.op("add", {add(DType::F32, AddF32), add(DType::I32, AddI32)});

  { // matmul(a: f32[m, k], b: f32[k, n]) -> c: f32[m, n]
    InstanceDesc i;
    i.symbols = {{"m", SymbolKind::Size}, {"k", SymbolKind::Size}, {"n", SymbolKind::Size}};
    uint32_t m = i.exprs.symbol(0), k = i.exprs.symbol(1), n = i.exprs.symbol(2), one = i.exprs.constant(1);
    i.params = {tensor("a", "f32[m, k]", DType::F32, {bind(0), bind(1)}, false),
                tensor("b", "f32[k, n]", DType::F32, {check(k), bind(2)}, false),
                tensor("c", "f32[m, n]", DType::F32, {check(m), check(n)}, true)};
    VariantDesc v;
    v.plan = {StepDesc::launch(Matmul, {m, one, one},
                               {tensorArg(0), tensorArg(1), tensorArg(2), indexArg(m), indexArg(k), indexArg(n)})};
    i.variants = {v};
    p.op("matmul", {i});
  }
  { // scale(x: f32[...b, d], s: f32 = 2) -> y: f32[...b, d]
    InstanceDesc i;
    i.symbols = {{"b", SymbolKind::Pack}, {"d", SymbolKind::Size}};
    uint32_t b = i.exprs.symbol(0), d = i.exprs.symbol(1), one = i.exprs.constant(1);
    ParamDesc s = scalar("s", DType::F32);
    s.hasDefault = true;
    float two = 2;
    memcpy(&s.defaultBits, &two, 4);
    i.params = {tensor("x", "f32[...b, d]", DType::F32, {pack(0), bind(1)}, false), s,
                tensor("y", "f32[...b, d]", DType::F32, {pack(0), check(d)}, true)};
    i.inplace = {2, 0};
    VariantDesc v;
    v.plan = {
        StepDesc::launch(Scale, {d, b, one}, {tensorArg(0), tensorArg(2), indexArg(d), scalarArg(1, ArgType::F32)})};
    i.variants = {v};
    p.op("scale", {i});
  }
  { // steps(x: f32[n], count: size = 3) -> y: f32[n]: adds 10 * outer + inner, through workspace unless n <= 2 (then a
    // copy)
    InstanceDesc i;
    i.symbols = {{"n", SymbolKind::Size}, {"count", SymbolKind::SizeParam}};
    uint32_t n = i.exprs.symbol(0), count = i.exprs.symbol(1), one = i.exprs.constant(1), two = i.exprs.constant(2);
    ParamDesc c;
    c.name = "count";
    c.text = "count: size = 3";
    c.kind = ParamKind::Size;
    c.symbol = 1;
    c.hasDefault = true;
    c.defaultBits = 3;
    i.params = {tensor("x", "f32[n]", DType::F32, {bind(0)}, false), c,
                tensor("y", "f32[n]", DType::F32, {check(n)}, true)};
    VariantDesc v;
    v.exprs.base = i.exprs.list.size();
    uint32_t small = v.exprs.add(ExprOp::Le, n, two), four = v.exprs.constant(4), ten = v.exprs.constant(10);
    uint32_t bytes = v.exprs.add(ExprOp::Mul, n, four), spare = v.exprs.constant(100);
    uint32_t outer = v.exprs.loop(0), inner = v.exprs.loop(1), tens = v.exprs.add(ExprOp::Mul, outer, ten);
    uint32_t step = v.exprs.add(ExprOp::Add, tens, inner);
    v.workspace = {spare, bytes};
    StepDesc body = StepDesc::launch(StepK, {n, one, one}, {workspaceArg(1), indexArg(step)});
    v.plan = {StepDesc::branch(small, {StepDesc::launch(Copy, {n, one, one}, {tensorArg(0), tensorArg(2)})},
                               {StepDesc::launch(Copy, {n, one, one}, {tensorArg(0), workspaceArg(1)}),
                                StepDesc::loop(count, {StepDesc::loop(two, {body})}),
                                StepDesc::launch(Copy, {n, one, one}, {workspaceArg(1), tensorArg(2)})})};
    i.variants = {v};
    p.op("steps", {i});
  }
  { // gather(x: f32[v], ids: i32[n]) -> y: f32[n], with two faults
    InstanceDesc i;
    i.symbols = {{"v", SymbolKind::Size}, {"n", SymbolKind::Size}};
    uint32_t v = i.exprs.symbol(0), n = i.exprs.symbol(1), one = i.exprs.constant(1);
    i.params = {tensor("x", "f32[v]", DType::F32, {bind(0)}, false),
                tensor("ids", "i32[n]", DType::I32, {bind(1)}, false),
                tensor("y", "f32[n]", DType::F32, {check(n)}, true)};
    i.faults = {"x[ids[i]] is read below 0", "x[ids[i]] is read past its end"};
    VariantDesc variant;
    variant.plan = {
        StepDesc::launch(Gather, {n, one, one}, {tensorArg(0), tensorArg(1), tensorArg(2), faultArg(), indexArg(v)})};
    i.variants = {variant};
    p.op("gather", {i});
  }
  { // head(x: f32[n], keep: size) -> y: f32[n - keep] where keep <= 4
    InstanceDesc i;
    i.symbols = {{"n", SymbolKind::Size}, {"keep", SymbolKind::SizeParam}};
    uint32_t n = i.exprs.symbol(0), keep = i.exprs.symbol(1), one = i.exprs.constant(1), four = i.exprs.constant(4);
    uint32_t rest = i.exprs.add(ExprOp::Sub, n, keep), holds = i.exprs.add(ExprOp::Le, keep, four);
    ParamDesc k;
    k.name = "keep";
    k.text = "keep: size";
    k.kind = ParamKind::Size;
    k.symbol = 1;
    i.params = {tensor("x", "f32[n]", DType::F32, {bind(0)}, false), k,
                tensor("y", "f32[n - keep]", DType::F32, {check(rest)}, true)};
    i.checks = {{holds, "keep <= 4 does not hold: keep is {0}, n is {1}, {2} stays", {keep, n}}};
    VariantDesc v;
    v.plan = {StepDesc::launch(Copy, {rest, one, one}, {tensorArg(0), tensorArg(2)})};
    i.variants = {v};
    p.op("head", {i});
  }
  { // scalars of every type
    InstanceDesc i;
    uint32_t one = i.exprs.constant(1), thirteen = i.exprs.constant(13);
    const DType types[] = {DType::Bool, DType::I8,  DType::I16, DType::I32,  DType::U8,  DType::U16, DType::U32,
                           DType::I64,  DType::U64, DType::F16, DType::BF16, DType::F32, DType::F64};
    std::vector<Arg> args = {tensorArg(13)};
    for (uint32_t k = 0; k < 13; ++k) {
      i.params.push_back(scalar(nameOf(types[k]), types[k]));
      args.push_back(scalarArg(k, kernels()[Scalars].args[k + 1]));
    }
    i.params.push_back(tensor("out", "f64[13]", DType::F64, {check(thirteen)}, true));
    VariantDesc v;
    v.plan = {StepDesc::launch(Scalars, {one, one, one}, args)};
    i.variants = {v};
    p.op("scalars", {i});
  }
  { // negate(b: bool[n]) -> c: bool[n], and a scalar tensor: first(x: f32[]) -> y: f32[]
    InstanceDesc i;
    i.symbols = {{"n", SymbolKind::Size}};
    uint32_t n = i.exprs.symbol(0), one = i.exprs.constant(1);
    i.params = {tensor("b", "bool[n]", DType::Bool, {bind(0)}, false),
                tensor("c", "bool[n]", DType::Bool, {check(n)}, true)};
    VariantDesc v;
    v.plan = {StepDesc::launch(NotBool, {n, one, one}, {tensorArg(0), tensorArg(1)})};
    i.variants = {v};
    p.op("negate", {i});

    InstanceDesc s;
    uint32_t unit = s.exprs.constant(1);
    s.params = {tensor("x", "f32[]", DType::F32, {}, false), tensor("y", "f32[]", DType::F32, {}, true)};
    VariantDesc sv;
    sv.plan = {StepDesc::launch(Copy, {unit, unit, unit}, {tensorArg(0), tensorArg(1)})};
    s.variants = {sv};
    p.op("first", {s});
  }
  { // ranged(x: f32[n]) -> y: f32[n]: a variant for n <= 8 only. nowhere: OpenCL only. grid: what groups are run.
    InstanceDesc i;
    i.symbols = {{"n", SymbolKind::Size}};
    uint32_t n = i.exprs.symbol(0), one = i.exprs.constant(1);
    i.params = {tensor("x", "f32[n]", DType::F32, {bind(0)}, false),
                tensor("y", "f32[n]", DType::F32, {check(n)}, true)};
    VariantDesc v;
    v.exprs.base = i.exprs.list.size();
    uint32_t limit = v.exprs.constant(8), fits = v.exprs.add(ExprOp::Le, n, limit);
    v.checks = {{fits, "n is {0}, this code takes 8", {n}}};
    v.plan = {StepDesc::launch(Copy, {n, one, one}, {tensorArg(0), tensorArg(1)})};
    i.variants = {v};
    p.op("ranged", {i});
    i.variants[0].checks.clear();
    i.variants[0].module = 1;
    p.op("nowhere", {i});
  }
  {
    InstanceDesc i;
    i.symbols = {{"z", SymbolKind::Size}, {"y", SymbolKind::Size}, {"x", SymbolKind::Size}};
    uint32_t z = i.exprs.symbol(0), y = i.exprs.symbol(1), x = i.exprs.symbol(2);
    i.params = {tensor("like", "i8[z, y, x]", DType::I8, {bind(0), bind(1), bind(2)}, false),
                tensor("g", "i64[z, y, x]", DType::I64, {check(z), check(y), check(x)}, true)};
    VariantDesc v;
    v.plan = {StepDesc::launch(Groups, {x, y, z}, {tensorArg(1), indexArg(x), indexArg(y)})};
    i.variants = {v};
    p.op("grid", {i});
  }
  return p.finish();
}

} // namespace tenon::test
