//===- Launch.cpp - one case on one device ----------------------------------===//
//
// Owns what Launch.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Launch.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tenon::check {

constexpr size_t guardBytes = 256;
constexpr uint8_t guardByte = 0xa5, rubbishByte = 0xff; // A float of all ones is NaN.

LoadedPackage::LoadedPackage(const Device &device, std::string path) : device(device), path(std::move(path)) {}

LoadedPackage::~LoadedPackage() {
  if (module && tnSetDevice(device.number) == tnSuccess)
    (void)tnModuleUnload(module);
}

tnOp_t LoadedPackage::find(const std::string &op, std::string &error) {
  tnOp_t found = nullptr;
  if (tnSetDevice(device.number) == tnSuccess && (module || tnModuleLoad(&module, path.c_str()) == tnSuccess)) {
    tnOp_t &known = ops[op];
    if (known || tnModuleGetOp(&known, module, op.c_str()) == tnSuccess)
      found = known;
  }
  if (!found)
    error = tnGetLastErrorMessage();
  return found;
}

static DLDataType dlType(DType type) {
  uint8_t bits = static_cast<uint8_t>(oracle::elementBytes(type) * 8);
  switch (type) {
  case DType::Bool:
    return {6, 8, 1};
  case DType::BF16:
    return {kDLBfloat, 16, 1};
  default:
    return {static_cast<uint8_t>(isFloat(type) ? kDLFloat : isSigned(type) ? kDLInt : kDLUInt), bits, 1};
  }
}

namespace {

/// Thrown where a call of the runtime fails.
struct Failed {
  tnError_t code;
  std::string message;
};
void check(tnError_t code) {
  if (code != tnSuccess)
    throw Failed{code, tnGetLastErrorMessage()};
}

struct Memory {
  void *address = nullptr;
  Memory() = default;
  Memory(Memory &&other) noexcept : address(std::exchange(other.address, nullptr)) {}
  ~Memory() {
    if (address)
      (void)tnFree(address);
  }
};

class Call {
public:
  Call(tnOp_t op, const Instance &instance, const Case &drawn, const LaunchOptions &options)
      : op(op), instance(instance), drawn(drawn), options(options), memory(instance.params.size()),
        tensors(instance.params.size()), shapes(instance.params.size()), scalars(instance.params.size()),
        pointers(instance.params.size()), images(instance.params.size()), homes(instance.params.size()) {
    for (size_t i = 0; i < homes.size(); ++i)
      homes[i] = i;
    for (auto [result, input] : options.inPlace)
      homes[result] = input;
  }

  LaunchResult run() {
    LaunchResult result;
    try {
      place();
      inferShapes(result);
      dirtyWorkspace();
      check(tnOpLaunch(op, pointers.data(), nullptr));
      check(tnDeviceSynchronize());
      collect(result, true);
      if (options.twice && result.message.empty()) {
        fillResults();
        check(tnOpLaunch(op, pointers.data(), nullptr));
        check(tnDeviceSynchronize());
        collect(result, false);
      }
    } catch (Failed &failed) {
      result.code = failed.code;
      result.message = std::move(failed.message);
    }
    return result;
  }

private:
  size_t headOf(size_t i) const { return guardBytes + options.lead * oracle::elementBytes(instance.params[i].type); }
  size_t bytesOf(size_t i) const {
    size_t bytes = oracle::elementBytes(instance.params[i].type);
    for (int64_t extent : shapes[i])
      bytes *= static_cast<size_t>(extent);
    return bytes;
  }

  void place() {
    for (size_t i = 0; i < instance.params.size(); ++i) {
      const Param &param = instance.params[i];
      if (param.kind != ParamKind::Tensor) {
        placeScalar(i);
        continue;
      }
      std::string error;
      shapes[i] = oracle::shapeOf(instance, param.dims, drawn.arguments, error).value_or(std::vector<int64_t>());
      if (homes[i] != i) {
        tensors[i] = tensors[homes[i]];
        tensors[i].shape = shapes[i].data();
        pointers[i] = &tensors[i];
        images[i] = images[homes[i]];
        continue;
      }
      size_t total = headOf(i) + bytesOf(i) + guardBytes;
      check(tnMalloc(&memory[i].address, total));
      tensors[i] = tnTensor(static_cast<char *>(memory[i].address) + headOf(i), dlType(param.type),
                            static_cast<int32_t>(shapes[i].size()), shapes[i].data());
      pointers[i] = &tensors[i];
      images[i].assign(total, guardByte);
      if (param.isResult) {
        std::memset(images[i].data() + headOf(i), rubbishByte, bytesOf(i));
      } else {
        std::vector<uint8_t> bytes = oracle::toBytes(drawn.arguments.tensors[i]);
        std::copy(bytes.begin(), bytes.end(), images[i].begin() + static_cast<ptrdiff_t>(headOf(i)));
      }
      check(tnMemcpy(memory[i].address, images[i].data(), total, tnMemcpyHostToDevice));
    }
  }

  void placeScalar(size_t i) {
    const Param &param = instance.params[i];
    if (drawn.isDefault[i])
      return; // Null.
    if (param.kind == ParamKind::Size) {
      int64_t value = drawn.arguments.symbols[param.symbol];
      std::memcpy(&scalars[i], &value, sizeof value);
    } else {
      oracle::TensorValues one;
      one.type = param.type;
      one.real = {drawn.arguments.scalars[i].real};
      one.integer = {drawn.arguments.scalars[i].integer};
      std::vector<uint8_t> bytes = oracle::toBytes(one);
      std::memcpy(&scalars[i], bytes.data(), bytes.size());
    }
    pointers[i] = &scalars[i];
  }

  /// The runtime's own shapes must be the formula's.
  void inferShapes(LaunchResult &result) {
    std::vector<std::vector<int64_t>> inferred = shapes;
    std::vector<DLTensor> copies = tensors;
    std::vector<void *> arguments = pointers;
    for (size_t i = 0; i < instance.params.size(); ++i) {
      if (!instance.params[i].isResult)
        continue;
      inferred[i].assign(16, -1);
      copies[i].shape = inferred[i].data();
      copies[i].ndim = 0;
      arguments[i] = &copies[i];
    }
    check(tnOpInferShapes(op, arguments.data()));
    for (size_t i = 0; i < instance.params.size(); ++i) {
      if (!instance.params[i].isResult)
        continue;
      inferred[i].resize(static_cast<size_t>(std::clamp(copies[i].ndim, 0, 16)));
      if (inferred[i] != shapes[i])
        result.message = "the runtime infers another shape of " + instance.params[i].name + " than the formula has";
    }
  }

  /// The pool's memory is not zero by chance.
  void dirtyWorkspace() {
    size_t bytes = 0;
    check(tnOpGetWorkspaceSize(&bytes, op, pointers.data()));
    if (!bytes)
      return;
    void *workspace = nullptr;
    check(tnMallocAsync(&workspace, bytes, nullptr));
    check(tnMemsetAsync(workspace, rubbishByte, bytes, nullptr));
    check(tnFreeAsync(workspace, nullptr));
  }

  void fillResults() {
    for (size_t i = 0; i < instance.params.size(); ++i)
      if (instance.params[i].isResult)
        check(tnMemcpy(memory[homes[i]].address, images[i].data(), images[i].size(), tnMemcpyHostToDevice));
  }

  /// An input whose memory a result took is meant to change.
  bool isTaken(size_t i) const { return std::count(homes.begin(), homes.end(), i) > 1; }

  void collect(LaunchResult &result, bool isFirst) {
    if (isFirst)
      result.results.resize(instance.params.size());
    for (size_t i = 0; i < instance.params.size(); ++i) {
      const Param &param = instance.params[i];
      if (param.kind != ParamKind::Tensor)
        continue;
      std::vector<uint8_t> got(images[i].size());
      check(tnMemcpy(got.data(), memory[homes[i]].address, got.size(), tnMemcpyDeviceToHost));
      size_t head = headOf(i), bytes = bytesOf(i);
      if (!param.isResult) {
        if (got != images[i] && !isTaken(i))
          result.message = "the launch changed its input " + param.name;
        continue;
      }
      for (size_t at = 0; at < got.size(); ++at)
        if ((at < head || at >= head + bytes) && got[at] != guardByte) {
          int64_t width = static_cast<int64_t>(oracle::elementBytes(param.type));
          int64_t away = at < head ? static_cast<int64_t>(at) - static_cast<int64_t>(head)
                                   : static_cast<int64_t>(at - head - bytes);
          result.message = "the launch wrote outside of " + param.name + ": " +
                           (at < head ? std::to_string((-away + width - 1) / width) + " elements before its start"
                                      : std::to_string(away / width + 1) + " elements past its end");
          break;
        }
      if (isFirst)
        result.results[i] = oracle::fromBytes(param.type, shapes[i], got.data() + head);
      else if (std::memcmp(first[i].data(), got.data(), got.size()) != 0)
        result.message = "two launches with the same arguments gave different bits of " + param.name;
      if (isFirst) {
        first.resize(instance.params.size());
        first[i] = std::move(got);
      }
    }
  }

  tnOp_t op;
  const Instance &instance;
  const Case &drawn;
  const LaunchOptions &options;
  std::vector<Memory> memory;
  std::vector<DLTensor> tensors;
  std::vector<std::vector<int64_t>> shapes;
  std::vector<uint64_t> scalars;
  std::vector<void *> pointers;
  std::vector<std::vector<uint8_t>> images, first; ///< All bytes, guards too, before and after.
  std::vector<size_t> homes;                       ///< The parameter in whose memory each one is: itself, or an input.
};

} // namespace

LaunchResult launch(LoadedPackage &package, const Instance &instance, const Case &drawn, const LaunchOptions &options) {
  LaunchResult result;
  tnOp_t op = package.find(instance.op->name, result.message);
  if (!op) {
    result.code = tnPeekAtLastError();
    if (result.code == tnSuccess)
      result.code = tnErrorUnknown;
    return result;
  }
  return Call(op, instance, drawn, options).run();
}

} // namespace tenon::check
