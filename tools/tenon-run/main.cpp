//===- main.cpp - tenon-run: runs an operator -------------------------------===//
//
// Owns the command line and the launch: package, device, memory, results. Does not own what the inputs are
// (Arguments) nor how values are printed (Values).
//
//===------------------------------------------------------------------------===//
#include "npy/Npy.h"
#include "process/CommandLine.h"
#include "tenon-run/Arguments.h"
#include "tenon-run/Values.h"
#include "tenon/tenon.h"

#include <algorithm>
#include <cstdio>
#include <memory>

using namespace tenon;

namespace {

constexpr const char *footer = R"(examples:
  tenon-run add.tn --shape n=8                               compile, run on random data, print
  tenon-run rmsnorm.tnb --input x=x.npy --input g=g.npy --output y=y.npy
  tenon-run rmsnorm.tnb --type T=f16 --shape b=[2, 3],d=64 --input eps=1e-5 --device=vulkan:0

Inputs: NAME=FILE.npy for tensors, NAME=VALUE for scalars and sizes. A tensor that is not given is drawn at random
(floats standard normal, integers small), for which its sizes must be known: from other inputs, or by --shape with
SIZE=N, or PACK=[N, N] for a `...PACK`. Where neither inputs nor --type tell the types, the first that the package
has are taken, and printed. bf16 is uint16 in .npy files. A .tn or .mlir file is compiled with tenonc first.)";

/// An error that has been put into words for the user.
struct Failure {
  int status;
  std::string message;
};

/// Throws what the runtime says of a call that failed.
void check(tnError_t error, const std::string &what) {
  if (error == tnSuccess)
    return;
  throw Failure{error == tnErrorUnknown ? process::exitBug : process::exitInput, what + ": " + tnGetLastErrorMessage()};
}

struct DeviceFree {
  void operator()(void *memory) const { tnFree(memory); }
};
using DeviceMemory = std::unique_ptr<void, DeviceFree>;

struct ModuleUnload {
  void operator()(tnModule_t module) const { tnModuleUnload(module); }
};
using Module = std::unique_ptr<tnModule_st, ModuleUnload>;

DLDataType dlType(package::DType type) {
  uint8_t bits = static_cast<uint8_t>(typeBytes(type) * 8);
  switch (npyType(type).kind) {
  case npy::Kind::Bool:
    return {6, 8, 1};
  case npy::Kind::Int:
    return {kDLInt, bits, 1};
  case npy::Kind::Float:
    return {kDLFloat, bits, 1};
  default:
    return {static_cast<uint8_t>(type == package::DType::BF16 ? kDLBfloat : kDLUInt), bits, 1};
  }
}

/// Runs the call on the current device; fills in the results.
void launch(const std::string &path, Call &call) {
  tnModule_t loaded = nullptr;
  check(tnModuleLoad(&loaded, path.c_str()), "loading " + path);
  Module module(loaded);
  tnOp_t op = nullptr;
  check(tnModuleGetOp(&op, loaded, call.op.c_str()), "operator " + call.op);

  constexpr size_t maxDims = 16;
  std::vector<Argument> &arguments = call.arguments;
  std::vector<DLTensor> tensors(arguments.size());
  std::vector<std::vector<int64_t>> shapes(arguments.size());
  std::vector<DeviceMemory> memory(arguments.size());
  std::vector<void *> pointers(arguments.size());
  auto allocate = [&](size_t i, size_t bytes) {
    void *address = nullptr;
    check(tnMalloc(&address, bytes), "allocating " + std::to_string(bytes) + " bytes for " + arguments[i].name);
    memory[i].reset(address);
    tensors[i].data = address;
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument &argument = arguments[i];
    if (argument.kind != package::ParamKind::Tensor) {
      pointers[i] = argument.isDefault ? nullptr : &argument.bits;
      continue;
    }
    shapes[i] = argument.shape;
    shapes[i].resize(std::max(maxDims, argument.shape.size()));
    tensors[i] =
        tnTensor(nullptr, dlType(argument.type), static_cast<int32_t>(argument.shape.size()), shapes[i].data());
    pointers[i] = &tensors[i];
    if (argument.isResult)
      continue;
    allocate(i, argument.data.size());
    if (!argument.data.empty())
      check(tnMemcpy(tensors[i].data, argument.data.data(), argument.data.size(), tnMemcpyHostToDevice),
            "copying " + argument.name);
  }
  check(tnOpInferShapes(op, pointers.data()), call.op);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].isResult)
      continue;
    arguments[i].shape.assign(shapes[i].begin(), shapes[i].begin() + tensors[i].ndim);
    size_t bytes = static_cast<size_t>(typeBytes(arguments[i].type));
    bool empty = std::count(arguments[i].shape.begin(), arguments[i].shape.end(), 0) > 0, tooLarge = false;
    for (int64_t extent : arguments[i].shape)
      tooLarge |= !empty && __builtin_mul_overflow(bytes, static_cast<size_t>(extent), &bytes);
    if (tooLarge)
      throw Failure{process::exitInput,
                    "out of memory: result " + arguments[i].name + " would take more than 2^64 bytes"};
    if (empty)
      bytes = 0;
    allocate(i, bytes); // first: a device says by how much it is too large
    arguments[i].data.resize(bytes);
  }
  check(tnOpLaunch(op, pointers.data(), nullptr), call.op);
  check(tnDeviceSynchronize(), call.op);
  for (size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].isResult && !arguments[i].data.empty())
      check(tnMemcpy(arguments[i].data.data(), tensors[i].data, arguments[i].data.size(), tnMemcpyDeviceToHost),
            "copying " + arguments[i].name);
}

/// Splits NAME=REST and puts it into `map`. Usage is at fault if it has no name or was given before.
void addPairs(const char *option, const std::vector<std::string> &texts, std::map<std::string, std::string> &map) {
  for (const std::string &text : texts) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Failure{process::exitUsage, std::string(option) + " " + text + ": wanted NAME=..."};
    if (!map.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      throw Failure{process::exitUsage, std::string(option) + ": " + text.substr(0, equals) + " is given twice"};
  }
}

struct Options {
  std::string file, device;
  Request request;
  std::map<std::string, std::string> outputs;
};

void runOn(const std::string &package, const Options &options, Call call) {
  launch(package, call);
  for (const auto &[name, file] : options.outputs)
    if (std::none_of(call.arguments.begin(), call.arguments.end(), [&, &name = name](const Argument &argument) {
          return argument.isResult && argument.name == name;
        }))
      throw Failure{process::exitInput, "operator " + call.op + " has no result " + name};
  if (options.outputs.empty()) {
    std::string random;
    for (const Argument &argument : call.arguments)
      if (argument.isRandom)
        random += " " + argument.name;
    std::string note = call.types;
    if (!random.empty())
      note += (note.empty() ? "" : "; ") + ("random:" + random);
    std::printf("%s%s\n", call.op.c_str(), note.empty() ? "" : (" (" + note + ")").c_str());
  }
  for (const Argument &argument : call.arguments) {
    if (!argument.isResult)
      continue;
    auto output = options.outputs.find(argument.name);
    if (output == options.outputs.end()) {
      if (options.outputs.empty())
        std::fputs(tensorText(argument.name, argument.type, argument.shape, argument.data).c_str(), stdout);
      continue;
    }
    std::string error;
    if (!npy::write(output->second, {npyType(argument.type), argument.shape, argument.data}, error))
      throw Failure{process::exitInput, error};
  }
}

/// Compiles what is not a package yet; the path of the package.
std::string compiled(const std::string &file, const process::TemporaryFile &temporary) {
  if (temporary.path().empty())
    throw Failure{process::exitInput, "no temporary file can be made"};
  std::string compiler = process::find("tenonc");
  if (compiler.empty())
    throw Failure{process::exitInput,
                  file + " must be compiled, and there is no tenonc beside this program nor on PATH"};
  std::string error;
  int status = process::run({compiler, file, "-o", temporary.path()}, nullptr, error);
  if (status != 0)
    throw Failure{status == process::exitInput ? process::exitInput : process::exitBug,
                  file + ": " + (error.empty() ? "tenonc ended with status " + std::to_string(status) : error)};
  return temporary.path();
}

void run(const Options &options) {
  std::unique_ptr<process::TemporaryFile> temporary;
  std::string package = options.file;
  const std::string &path = options.file;
  if (path.ends_with(".tn") || path.ends_with(".mlir") || path.ends_with(".mlirbc")) {
    temporary = std::make_unique<process::TemporaryFile>(".tnb");
    package = compiled(options.file, *temporary);
  }
  std::string error;
  PackageFile file;
  Call call;
  if (!file.open(package, error) || !prepare(file, options.request, call, error))
    throw Failure{process::exitInput, error};

  if (options.device == "all") {
    if (!options.outputs.empty())
      throw Failure{process::exitUsage, "--output cannot be used with --device=all"};
    int count = 0;
    check(tnGetDeviceCount(&count), "listing the devices");
    for (int i = 0; i < count; ++i) {
      tnDeviceProp prop;
      check(tnGetDeviceProperties(&prop, i), "device " + std::to_string(i));
      check(tnSetDevice(i), std::string("device ") + prop.id);
      std::printf("%s%s: %s\n", i ? "\n" : "", prop.id, prop.name);
      runOn(package, options, call);
    }
    return;
  }
  if (!options.device.empty())
    check(tnSetDeviceByName(options.device.c_str()), "--device=" + options.device);
  runOn(package, options, std::move(call));
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Runs an operator of a package (.tnb), or of a .tn or .mlir file, on a device.", "tenon-run");
  Options options;
  std::vector<std::string> inputs, outputs, types, shapes;
  app.add_option("FILE", options.file, "package, or what tenonc compiles")->required();
  app.add_option("--op", options.request.op, "operator; needed when the package has several")->type_name("NAME");
  app.add_option("--input,-i", inputs, "an input's .npy file, or a scalar's value; may be repeated")
      ->type_name("NAME=FILE|VALUE")
      ->allow_extra_args(false);
  app.add_option("--output,-o", outputs, "write a result to a .npy file; without any, all results are printed")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--type", types, "a type variable's type, where the inputs do not tell")
      ->type_name("T=TYPE")
      ->allow_extra_args(false);
  app.add_option("--shape", shapes, "sizes of inputs that are drawn at random")
      ->type_name("SIZE=N,...")
      ->allow_extra_args(false);
  app.add_option("--seed", options.request.seed, "of the random data")->type_name("N")->capture_default_str();
  app.add_option("--device,-d", options.device, "tenon-info lists them; all: each in turn; default: the best")
      ->type_name("DEVICE");
  app.footer(std::string(footer) + "\n\n" + exitStatusText);
  if (std::optional<int> status = parseCommandLine(app, argc, argv))
    return *status;
  try {
    addPairs("--input", inputs, options.request.inputs);
    addPairs("--output", outputs, options.outputs);
    addPairs("--type", types, options.request.types);
    std::string error;
    for (const std::string &shape : shapes)
      if (!parseSizes(shape, options.request, error))
        throw Failure{process::exitUsage, error};
    run(options);
  } catch (const Failure &failure) {
    std::fprintf(stderr, "tenon-run: %s\n", failure.message.c_str());
    return failure.status;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "tenon-run: out of memory\n");
    return process::exitInput;
  }
  return process::exitFine;
}
