//===- Conformance.cpp ------------------------------------------------------===//
#include "Conformance.h"

#include <cstring>
#include <fcntl.h>
#include <map>
#include <unistd.h>

namespace tenon::conformance {

//===- devices --------------------------------------------------------------===//

/// A driver's short name, so that ctest has one entry for each.
static std::string labelOf(const tnDeviceProp &properties) {
  static const struct {
    const char *driver, *label;
  } known[] = {{"Tenon host", "host"},       {"Portable Computing Language", "pocl"},
               {"Intel(R) OpenCL", "intel"}, {"rusticl", "rusticl"},
               {"llvmpipe", "lavapipe"},     {"SwiftShader", "swiftshader"}};
  for (const auto &entry : known)
    if (std::strstr(properties.driver, entry.driver))
      return entry.label;
  return "other";
}

const std::vector<Device> &getDevices() {
  static const std::vector<Device> devices = [] {
    std::vector<Device> result;
    int count = 0;
    if (tnGetDeviceCount(&count) != tnSuccess) {
      fprintf(stderr, "%s\n", tnGetLastErrorMessage());
      return result;
    }
    for (int i = 0; i < count; ++i) {
      Device device{i, "", {}};
      if (tnGetDeviceProperties(&device.properties, i) != tnSuccess) {
        fprintf(stderr, "%s\n", tnGetLastErrorMessage());
        continue;
      }
      device.label = labelOf(device.properties);
      for (const Device &other : result)
        if (other.label == device.label || other.label.rfind(device.label + "_", 0) == 0)
          device.label += "_" + std::to_string(i);
      result.push_back(device);
    }
    return result;
  }();
  return devices;
}

void PrintTo(const Device &device, std::ostream *os) { *os << device.properties.id << " " << device.properties.name; }

//===- stderr ---------------------------------------------------------------===//

static int realStderr = -1, watchedStderr = -1;
static off_t seenStderr = 0;

void watchStderr() {
  char name[] = "/tmp/tenon-conformance-XXXXXX";
  watchedStderr = mkstemp(name);
  if (watchedStderr < 0)
    return;
  unlink(name);
  fcntl(watchedStderr, F_SETFL, O_APPEND);
  realStderr = dup(2);
  dup2(watchedStderr, 2);
}

std::string takeStderr() {
  std::string text;
  if (watchedStderr < 0)
    return text;
  fflush(stderr);
  char buffer[4096];
  for (ssize_t n; (n = pread(watchedStderr, buffer, sizeof buffer, seenStderr)) > 0; seenStderr += n)
    text.append(buffer, n);
  for (size_t done = 0; done < text.size();) {
    ssize_t n = write(realStderr, text.data() + done, text.size() - done);
    if (n <= 0)
      break;
    done += n;
  }
  return text;
}

//===- fixture --------------------------------------------------------------===//

void Conformance::SetUp() { ASSERT_TN(tnSetDevice(GetParam().number)); }

void Conformance::TearDown() {
  EXPECT_TN(tnDeviceSynchronize());
  std::string said = takeStderr();
  EXPECT_EQ(said.find("vulkan validation:"), std::string::npos) << "the validation layer has something to say";
}

tnOp_t findOperator(const std::string &package, const std::string &op) {
  static std::map<std::pair<int, std::string>, tnModule_t> modules;
  int device = -1;
  EXPECT_TN(tnGetDevice(&device));
  tnModule_t &module = modules[{device, package}];
  if (!module)
    EXPECT_TN(
        tnModuleLoad(&module, (std::string(TENON_CONFORMANCE_PACKAGES "/conformance_") + package + ".tnb").c_str()));
  tnOp_t found = nullptr;
  if (module)
    EXPECT_TN(tnModuleGetOp(&found, module, op.c_str()));
  return found;
}

//===- calls ----------------------------------------------------------------===//

static constexpr size_t guardBytes = 64;
static constexpr uint8_t guardByte = 0xa5, unwrittenByte = 0xcd;

static DLDataType dlTypeOf(Type type) {
  auto bits = static_cast<uint8_t>(8 * bytesOf(type));
  if (type == Type::Bool)
    return {6, 8, 1};
  if (type == Type::BF16)
    return {kDLBfloat, 16, 1};
  return {static_cast<uint8_t>(isFloat(type) ? kDLFloat : isSigned(type) ? kDLInt : kDLUInt), bits, 1};
}

Call &Call::in(const Array &array) {
  arguments.push_back({Argument::Kind::In, &array, nullptr, {}, SIZE_MAX});
  types.insert(array.type);
  return *this;
}
Call &Call::out(Array &array) { return outIn(array, SIZE_MAX); }
Call &Call::outIn(Array &array, size_t input) {
  arguments.push_back({Argument::Kind::Out, nullptr, &array, {}, input});
  types.insert(array.type);
  return *this;
}
Call &Call::size(int64_t value) {
  Argument argument{Argument::Kind::Value, nullptr, nullptr, std::vector<uint8_t>(8), SIZE_MAX};
  std::memcpy(argument.value.data(), &value, 8);
  arguments.push_back(argument);
  return *this;
}
Call &Call::scalar(Type type, double value) {
  Array one(type, {1});
  one.setReal(0, value);
  arguments.push_back({Argument::Kind::Value, nullptr, nullptr, one.bytes, SIZE_MAX});
  types.insert(type);
  return *this;
}
Call &Call::none() {
  arguments.push_back({Argument::Kind::None, nullptr, nullptr, {}, SIZE_MAX});
  return *this;
}

/// The arguments of one launch, on the device.
struct Call::Placed {
  struct Memory {
    void *base = nullptr;
    std::vector<uint8_t> before; ///< What was put there.
    size_t offset = 0;           ///< Of the tensor.
  };
  std::vector<Memory> memory;
  std::vector<DLTensor> tensors;
  std::vector<Shape> shapes;
  std::vector<void *> args;

  ~Placed() {
    for (Memory &m : memory)
      if (m.base)
        EXPECT_TN(tnFree(m.base));
  }
};

std::unique_ptr<Call::Placed> Call::place(size_t lead) {
  auto placed = std::make_unique<Placed>();
  size_t count = arguments.size();
  placed->memory.resize(count);
  placed->tensors.resize(count);
  placed->shapes.resize(count);
  for (size_t i = 0; i < count; ++i) {
    Argument &argument = arguments[i];
    if (argument.kind == Argument::Kind::Value)
      placed->args.push_back(argument.value.data());
    else if (argument.kind == Argument::Kind::None)
      placed->args.push_back(nullptr);
    if (argument.kind == Argument::Kind::Value || argument.kind == Argument::Kind::None)
      continue;
    const Array &array = argument.input ? *argument.input : *argument.result;
    size_t owner = argument.sharedWith == SIZE_MAX ? i : argument.sharedWith;
    Placed::Memory &memory = placed->memory[owner];
    if (owner == i) {
      memory.offset = guardBytes + lead * bytesOf(array.type);
      memory.before.assign(memory.offset + array.bytes.size() + guardBytes, guardByte);
      for (size_t b = 0; b < array.bytes.size(); ++b)
        memory.before[memory.offset + b] = argument.input ? array.bytes[b] : unwrittenByte;
      if (tnMalloc(&memory.base, memory.before.size()) != tnSuccess ||
          tnMemcpy(memory.base, memory.before.data(), memory.before.size(), tnMemcpyHostToDevice) != tnSuccess) {
        ADD_FAILURE() << tnGetLastErrorMessage();
        return nullptr;
      }
    }
    placed->shapes[i] = array.shape;
    placed->tensors[i] = tnTensor(static_cast<char *>(memory.base) + memory.offset, dlTypeOf(array.type),
                                  static_cast<int32_t>(array.shape.size()), placed->shapes[i].data());
    placed->args.push_back(&placed->tensors[i]);
  }
  return placed;
}

tnError_t Call::launch(Placed &placed) {
  tnOp_t handle = findOperator(package, op);
  return handle ? tnOpLaunch(handle, placed.args.data(), nullptr) : tnErrorInvalidValue;
}

void Call::collect(Placed &placed, bool isFirst) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    Placed::Memory &memory = placed.memory[i];
    if (!memory.base)
      continue;
    std::vector<uint8_t> after(memory.before.size());
    ASSERT_TN(tnMemcpy(after.data(), memory.base, after.size(), tnMemcpyDeviceToHost));
    Argument *writer = arguments[i].result ? &arguments[i] : nullptr;
    for (Argument &other : arguments)
      if (other.sharedWith == i)
        writer = &other;
    size_t length = after.size() - memory.offset - guardBytes;
    for (size_t b = 0; b < after.size(); ++b) {
      bool inside = b >= memory.offset && b < memory.offset + length;
      if (after[b] != memory.before[b] && !(inside && writer)) {
        ADD_FAILURE() << op << ": argument " << i << ": byte " << int64_t(b) - int64_t(memory.offset) << " of a "
                      << (arguments[i].result ? "result" : "tensor that is only read") << " of " << length
                      << " bytes was written";
        break;
      }
    }
    if (!writer)
      continue;
    std::vector<uint8_t> bytes(after.begin() + memory.offset, after.begin() + memory.offset + length);
    if (!isFirst && bytes != writer->result->bytes) {
      size_t b = std::mismatch(bytes.begin(), bytes.end(), writer->result->bytes.begin()).first - bytes.begin();
      ADD_FAILURE() << op << ": argument " << i << " (" << nameOf(writer->result->type)
                    << "): other bits the second time, an element further on; the first in element "
                    << b / bytesOf(writer->result->type);
    }
    writer->result->bytes = bytes;
  }
}

bool Call::run() {
  int number = 0;
  tnDeviceProp properties;
  EXPECT_TN(tnGetDevice(&number));
  EXPECT_TN(tnGetDeviceProperties(&properties, number));
  const KnownGap *gap = findGap(properties, types);
  for (size_t lead : {0, 1}) {
    std::unique_ptr<Placed> placed = place(lead);
    if (!placed)
      return false;
    tnError_t error = launch(*placed);
    if (gap) {
      EXPECT_EQ(error, tnErrorNoVariant) << op << ": a known gap (" << gap->reason << ") passes";
      EXPECT_NE(std::string(tnGetLastErrorMessage()).find(gap->message), std::string::npos) << tnGetLastErrorMessage();
      return false;
    }
    if (error == tnSuccess)
      error = tnStreamSynchronize(nullptr);
    if (error != tnSuccess) {
      ADD_FAILURE() << op << ": " << tnGetErrorName(error) << ": " << tnGetLastErrorMessage();
      return false;
    }
    collect(*placed, lead == 0);
  }
  return true;
}

void Call::expectError(tnError_t code, const std::string &part) {
  std::unique_ptr<Placed> placed = place(0);
  ASSERT_TRUE(placed);
  EXPECT_EQ(launch(*placed), code) << op;
  EXPECT_NE(std::string(tnGetLastErrorMessage()).find(part), std::string::npos) << tnGetLastErrorMessage();
}

void Call::expectFault(const std::string &part) {
  std::unique_ptr<Placed> placed = place(0);
  ASSERT_TRUE(placed);
  ASSERT_TN(launch(*placed));
  EXPECT_EQ(tnStreamSynchronize(nullptr), tnErrorKernelFault) << op;
  EXPECT_NE(std::string(tnGetLastErrorMessage()).find(part), std::string::npos) << tnGetLastErrorMessage();
}

} // namespace tenon::conformance
