//===- Run.cpp --------------------------------------------------------------===//
#include "Run.h"

#include <map>

namespace tenon::ops {

#define ASSERT_TN(CALL) ASSERT_EQ(CALL, tnSuccess) << tnGetLastErrorMessage()
#define EXPECT_TN(CALL) EXPECT_EQ(CALL, tnSuccess) << tnGetLastErrorMessage()

void Operators::SetUp() { ASSERT_TN(tnSetDevice(GetParam())); }

static tnDeviceProp currentProperties() {
  int device = -1;
  tnDeviceProp properties = {};
  EXPECT_TN(tnGetDevice(&device));
  EXPECT_TN(tnGetDeviceProperties(&properties, device));
  return properties;
}

std::vector<Type> largeKernelTypes() {
  tnDeviceProp properties = currentProperties();
  bool isSlow = std::string(properties.kind) == "software" && std::string(properties.id).rfind("opencl", 0) == 0;
  return isSlow ? std::vector{Type::F32} : std::vector{Type::F32, Type::F16};
}

static tnOp_t findOperator(const std::string &package, const std::string &op) {
  static std::map<std::pair<int, std::string>, tnModule_t> modules;
  int device = -1;
  EXPECT_TN(tnGetDevice(&device));
  tnModule_t &module = modules[{device, package}];
  if (!module)
    EXPECT_TN(tnModuleLoad(&module, (TENON_OPS_PACKAGES "/" + package + ".tnb").c_str()));
  tnOp_t found = nullptr;
  if (module)
    EXPECT_TN(tnModuleGetOp(&found, module, op.c_str()));
  return found;
}

static DLDataType dlTypeOf(Type type) {
  auto bits = static_cast<uint8_t>(8 * bytesOf(type));
  switch (type) {
  case Type::Bool:
    return {6, 8, 1};
  case Type::U8:
    return {kDLUInt, bits, 1};
  case Type::BF16:
    return {kDLBfloat, bits, 1};
  default:
    return {static_cast<uint8_t>(isFloat(type) ? kDLFloat : kDLInt), bits, 1};
  }
}

namespace {
/// The arguments of one launch, on the device. Behind every tensor stand bytes that must not change.
class Launch {
public:
  Launch(const std::vector<Argument> &inputs, const std::vector<Expected> &results) {
    size_t count = inputs.size() + results.size();
    memory.resize(count);
    tensors.resize(count);
    shapes.resize(count);
    scalars.resize(count);
    for (const Argument &input : inputs) {
      if (const auto *tensor = std::get_if<Tensor>(&input)) {
        place(*tensor, tensor->encode());
      } else if (const auto *size = std::get_if<Size>(&input)) {
        scalars[args.size()] = Tensor(Type::I64, {1}, [&](const Index &) { return double(size->value); }).encode();
        args.push_back(scalars[args.size()].data());
      } else if (const auto *scalar = std::get_if<Scalar>(&input)) {
        scalars[args.size()] = Tensor(scalar->type, {1}, [&](const Index &) { return scalar->value; }).encode();
        args.push_back(scalars[args.size()].data());
      } else {
        args.push_back(nullptr);
      }
    }
    for (const Expected &result : results) {
      size_t length = result.tensor.values.size() * bytesOf(result.tensor.type);
      if (result.place < 0) {
        place(result.tensor, std::vector<uint8_t>(length, unwritten));
      } else {
        describe(result.tensor, memory[static_cast<size_t>(result.place)]);
      }
    }
  }
  ~Launch() {
    for (void *block : owned)
      EXPECT_TN(tnFree(block));
  }
  tnError_t run(tnOp_t op) { return tnOpLaunch(op, args.data(), nullptr); }
  Tensor fetch(size_t argument, const Tensor &like) {
    Tensor result = like;
    size_t length = like.values.size() * bytesOf(like.type);
    std::vector<uint8_t> bytes(length + guardBytes);
    EXPECT_TN(tnMemcpy(bytes.data(), memory[argument], bytes.size(), tnMemcpyDeviceToHost));
    for (size_t i = length; i < bytes.size(); ++i)
      if (bytes[i] != guard) {
        ADD_FAILURE() << "argument " << argument << ": byte " << i << " of " << length << " was written";
        break;
      }
    bytes.resize(length);
    result.decode(bytes);
    return result;
  }
  bool isPlaced = true;

private:
  static constexpr size_t guardBytes = 64;
  static constexpr uint8_t guard = 0xa5, unwritten = 0xcd;

  void describe(const Tensor &tensor, void *at) {
    size_t i = args.size();
    memory[i] = at;
    shapes[i] = tensor.shape;
    tensors[i] = tnTensor(at, dlTypeOf(tensor.type), static_cast<int32_t>(tensor.shape.size()), shapes[i].data());
    args.push_back(&tensors[i]);
  }
  void place(const Tensor &tensor, std::vector<uint8_t> bytes) {
    bytes.resize(bytes.size() + guardBytes, guard);
    void *at = nullptr;
    if (tnMalloc(&at, bytes.size()) != tnSuccess ||
        tnMemcpy(at, bytes.data(), bytes.size(), tnMemcpyHostToDevice) != tnSuccess) {
      ADD_FAILURE() << tnGetLastErrorMessage();
      isPlaced = false;
    }
    if (at)
      owned.push_back(at);
    describe(tensor, at);
  }

  std::vector<void *> args, memory, owned;
  std::vector<DLTensor> tensors;
  std::vector<Shape> shapes;
  std::vector<std::vector<uint8_t>> scalars;
};
} // namespace

static std::string describe(const std::string &op, const std::vector<Argument> &inputs) {
  std::string text = op + "(";
  for (const Argument &input : inputs) {
    text += text.back() == '(' ? "" : ", ";
    if (const auto *tensor = std::get_if<Tensor>(&input)) {
      text += std::string(nameOf(tensor->type)) + "[";
      for (int64_t extent : tensor->shape)
        text += (text.back() == '[' ? "" : ", ") + std::to_string(extent);
      text += "]";
    } else if (const auto *size = std::get_if<Size>(&input)) {
      text += std::to_string(size->value);
    } else if (const auto *scalar = std::get_if<Scalar>(&input)) {
      text += std::to_string(scalar->value);
    } else {
      text += "default";
    }
  }
  return text + ")";
}

static bool isNear(double got, double want, double tolerance) {
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) && std::isnan(got);
  if (std::isinf(want) || std::isinf(got))
    return got == want;
  return std::fabs(got - want) <= tolerance * (1 + std::fabs(want));
}

static void compare(const Tensor &got, const Expected &expected, const std::string &what) {
  Tensor want = rounded(expected.tensor);
  for (size_t i = 0; i < got.values.size(); ++i) {
    if (isNear(got.values[i], want.values[i], expected.tolerance))
      continue;
    std::string place;
    size_t rest = i;
    for (size_t d = want.shape.size(); d-- > 0;) {
      auto extent = static_cast<size_t>(want.shape[d]);
      place = std::to_string(rest % extent) + (place.empty() ? "" : ", ") + place;
      rest /= extent;
    }
    ADD_FAILURE() << what << ": element [" << place << "] is " << got.values[i] << ", not " << want.values[i]
                  << " (tolerance " << expected.tolerance << ")";
    return;
  }
}

void check(const std::string &package, const std::string &op, const std::vector<Argument> &inputs,
           const std::vector<Expected> &results) {
  std::string what = describe(op, inputs);
  tnDeviceProp properties = currentProperties();
  bool needsF64 = false;
  for (const Argument &input : inputs)
    if (const auto *tensor = std::get_if<Tensor>(&input))
      needsF64 |= tensor->type == Type::F64;
  tnOp_t found = findOperator(package, op);
  ASSERT_TRUE(found) << what;
  Launch launch(inputs, results);
  if (!launch.isPlaced)
    return;
  tnError_t error = launch.run(found);
  if (needsF64 && !properties.hasFloat64) {
    EXPECT_EQ(error, tnErrorNoVariant) << what << ": 64-bit floats are not emulated";
    return;
  }
  if (error == tnSuccess)
    error = tnStreamSynchronize(nullptr);
  ASSERT_EQ(error, tnSuccess) << what << ": " << tnGetLastErrorMessage();
  for (size_t r = 0; r < results.size(); ++r)
    compare(launch.fetch(inputs.size() + r, results[r].tensor), results[r],
            what + (results.size() > 1 ? ": result " + std::to_string(r) : ""));
}

void expectError(const std::string &package, const std::string &op, const std::vector<Argument> &inputs,
                 const Tensor &result, tnError_t wanted, const std::string &part) {
  tnOp_t found = findOperator(package, op);
  ASSERT_TRUE(found);
  Launch launch(inputs, {result});
  ASSERT_TRUE(launch.isPlaced);
  tnError_t error = launch.run(found);
  if (error == tnSuccess)
    error = tnStreamSynchronize(nullptr);
  EXPECT_EQ(error, wanted) << describe(op, inputs);
  EXPECT_NE(std::string(tnGetLastErrorMessage()).find(part), std::string::npos) << tnGetLastErrorMessage();
}

} // namespace tenon::ops
