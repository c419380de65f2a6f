//===- main.cpp - tenon-check: every device against the formula -------------===//
//
// Owns the command line, the choice of devices, operators and types, and the order of work.
//
//===------------------------------------------------------------------------===//
#include "process/CommandLine.h"
#include "tenon-check/Check.h"
#include "tenon-check/Report.h"
#include "tenon-check/Worker.h"
#include "tenon-run/Arguments.h"

#include <algorithm>
#include <cstdio>

using namespace tenon;
using namespace tenon::check;

namespace {

constexpr const char *footer = R"(examples:
  tenon-check rmsnorm.tn                       every test of the file, on host
  tenon-check rmsnorm.tn --device=all          on every device found
  tenon-check ops.tn --op=softmax --type T=f16 --cases=100 --seed=7
  tenon-check rmsnorm.tn --shape b=[2],d=64    one case with these sizes

Sizes are drawn from the tests' bindings: both ends, 1, primes and numbers around powers of two, as `where` allows.
Results are compared with the formula itself: |got - want| <= tol * (1 + |want|). Column `worst` is the largest
|got - want| / (1 + |want|); `either` counts elements that are right on the other side of a discontinuity (a floor,
comparison, argmax or cast whose operand is within rounding errors of it).)";

struct Options {
  std::vector<std::string> files, devices{"host"}, types, shapes, importDirs;
  std::string op;
  CheckOptions check;
  unsigned test = 0;
  bool isJson = false;
  // A worker's: the package, and which tasks.
  std::string package;
  std::vector<size_t> range;
};

/// An error that has been put into words for the user.
struct Stop {
  int status;
  std::string message;
};

std::vector<Device> chooseDevices(const std::vector<std::string> &names) {
  std::vector<Device> devices;
  auto add = [&](int number) {
    Device device;
    device.number = number;
    if (tnGetDeviceProperties(&device.properties, number) != tnSuccess)
      throw Stop{process::exitInput, "device " + std::to_string(number) + ": " + tnGetLastErrorMessage()};
    if (std::none_of(devices.begin(), devices.end(), [&](const Device &other) { return other.number == number; }))
      devices.push_back(device);
  };
  for (const std::string &name : names) {
    if (name == "all") {
      int count = 0;
      if (tnGetDeviceCount(&count) != tnSuccess)
        throw Stop{process::exitInput, std::string("listing the devices: ") + tnGetLastErrorMessage()};
      for (int i = 0; i < count; ++i)
        add(i);
      continue;
    }
    int number = 0;
    if (tnGetDeviceByName(&number, name.c_str()) != tnSuccess)
      throw Stop{process::exitInput, "--device=" + name + ": " + tnGetLastErrorMessage()};
    add(number);
  }
  return devices;
}

/// Whether --type leaves this combination; marks the entries that named something.
bool isWanted(const std::vector<std::string> &types, const Operator &op, const std::vector<DType> &combination) {
  for (size_t v = 0; v < combination.size(); ++v) {
    bool isNamed = false, matches = false;
    for (const std::string &entry : types) {
      size_t sign = entry.find('=');
      std::string type = sign == std::string::npos ? entry : entry.substr(sign + 1);
      if (sign != std::string::npos && entry.substr(0, sign) != op.typeVariables[v].name)
        continue;
      isNamed = true;
      matches |= type == getName(combination[v]);
    }
    if (isNamed && !matches)
      return false;
  }
  return true;
}

class FileChecker {
public:
  FileChecker(const Options &options, const std::string &path, const std::vector<Device> &devices, Report &report)
      : options(options), path(path), devices(devices), report(report) {}

  void run() {
    if (path.ends_with(".mlir") || path.ends_with(".mlirbc") || path.ends_with(".tnb"))
      throw Stop{process::exitInput, path + ": only .tn files hold the formula to check against"};
    parse();
    choose();
    if (chosen.empty())
      return;
    if (!options.package.empty())
      return work();
    process::TemporaryFile temporary(".tnb");
    if (temporary.path().empty())
      throw Stop{process::exitInput, "no temporary file can be made"};
    report.progress("compiling " + path);
    std::string error;
    bool isBug = false;
    if (!compile(path, temporary.path(), targetsOf(devices), {options.importDirs, options.types, false}, error, isBug))
      throw Stop{isBug ? process::exitBug : process::exitInput, error};
    report.progress("");
    if (int status = supervise(
            command(temporary.path()), chosen, devices, [&](std::vector<Row> rows) { report.add(path, rows); }, error))
      throw Stop{status, error};
  }

  bool hasOperator() const { return isFound; }

private:
  /// This process is the worker.
  void work() {
    std::string error;
    PackageFile file;
    if (!file.open(options.package, error))
      throw Stop{process::exitBug, error};
    std::vector<std::unique_ptr<LoadedPackage>> packages;
    for (const Device &device : devices)
      packages.push_back(std::make_unique<LoadedPackage>(device, options.package));
    CheckOptions check = options.check;
    check.file = path;
    check.importDirs = options.importDirs;
    check.progress = [&](const std::string &text) { report.progress(text); };
    Checker checker(*module, file, packages, check);
    check::work(checker, chosen, options.range[0], options.range[1]);
  }

  /// How a worker is started, without its devices and its range.
  std::vector<std::string> command(const std::string &package) const {
    const CheckOptions &check = options.check;
    std::vector<std::string> words{"/proc/self/exe", path, "--worker", package, "--seed=" + std::to_string(check.seed)};
    auto add = [&](const char *name, const std::string &value) { words.insert(words.end(), {name, value}); };
    if (check.cases)
      add("--cases", std::to_string(check.cases));
    if (check.limits.size != INT64_MAX)
      add("--size-limit", std::to_string(check.limits.size));
    if (!options.op.empty())
      add("--op", options.op);
    if (options.test)
      add("--test", std::to_string(options.test));
    for (const std::string &type : options.types)
      add("--type", type);
    for (const std::string &shape : options.shapes)
      words.push_back("--shape=" + shape);
    for (const std::string &folder : options.importDirs)
      add("-I", folder);
    return words;
  }

  void parse() {
    Diagnostics diagnostics;
    module = parseModule(path, options.importDirs, diagnostics);
    if (module && !diagnostics.hasErrors())
      for (const auto &op : module->operators())
        for (auto &instance : instantiateAll(*op, diagnostics))
          instances.push_back(std::move(instance));
    // Warnings are tenonc's to print.
    if (!module || diagnostics.hasErrors()) {
      std::fputs(diagnostics.print().c_str(), stderr);
      throw Stop{process::exitInput, ""};
    }
  }

  void choose() {
    std::string without;
    for (const auto &instance : instances) {
      const Operator &op = *instance->op;
      if (!options.op.empty() && op.name != options.op)
        continue;
      isFound = true;
      if (!isWanted(options.types, op, instance->types))
        continue;
      std::vector<const Test *> all, fitting;
      for (const Test &test : module->tests())
        if (test.op == &op)
          all.push_back(&test);
      if (options.test > all.size())
        throw Stop{process::exitUsage, "--test=" + std::to_string(options.test) + ": " + op.name + " has " +
                                           std::to_string(all.size()) + " tests"};
      for (size_t t = 0; t < all.size(); ++t)
        if ((!options.test || options.test == t + 1) && applies(*all[t], *instance))
          fitting.push_back(all[t]);
      if (options.package.empty() && all.empty() && (without.empty() || without != op.name)) {
        std::fprintf(stderr, "%s:%u:%u: warning: no test of %s; small sizes and default tolerances are used\n",
                     module->source().name.c_str(), op.nameRange.line(), op.nameRange.column(), op.name.c_str());
        without = op.name;
      }
      if (!all.empty() && fitting.empty())
        continue; // The tests leave this combination out.
      chosen.push_back({instance.get(), fitting});
      report.setWidths(op.name.size(), typesText(*instance).size(), 0);
    }
  }

  const Options &options;
  const std::string &path;
  const std::vector<Device> &devices;
  Report &report;
  std::unique_ptr<Module> module;
  std::vector<std::unique_ptr<Instance>> instances;
  std::vector<Task> chosen;
  bool isFound = false;
};

int run(Options &options) {
  std::vector<Device> devices = chooseDevices(options.devices);
  Report report(options.isJson, options.check.seed);
  for (const Device &device : devices)
    report.setWidths(0, 0, std::string(device.properties.id).size());
  int status = process::exitFine;
  bool isFound = false;
  for (const std::string &path : options.files) {
    // A file that is at fault does not keep the others from being checked.
    try {
      FileChecker checker(options, path, devices, report);
      checker.run();
      isFound |= checker.hasOperator();
    } catch (const Stop &stop) {
      if (stop.status == process::exitUsage)
        throw;
      if (!stop.message.empty())
        std::fprintf(stderr, "tenon-check: %s\n", stop.message.c_str());
      status = std::max(status, stop.status);
      isFound = true;
    }
  }
  if (!options.op.empty() && !isFound)
    throw Stop{process::exitInput, "no operator is called " + options.op};
  if (!options.package.empty())
    return status;
  report.finish();
  return status != process::exitFine ? status : report.hasFailures() ? process::exitInput : process::exitFine;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Checks operators on devices against their formulas, on random and edge sizes.", "tenon-check");
  Options options;
  app.add_option("FILE", options.files, ".tn files")->required();
  app.add_option("--device,-d", options.devices, "devices, or all; tenon-info lists them (default: host)")
      ->type_name("DEVICE")
      ->delimiter(',');
  app.add_option("--cases", options.check.cases, "cases a test and combination of types (default: 12 or more)")
      ->type_name("N")
      ->check(CLI::Range(1u, 1000000u));
  app.add_option("--seed", options.check.seed, "of sizes and data")->type_name("N")->capture_default_str();
  app.add_option("--size-limit", options.check.limits.size, "no size above it is drawn")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->default_str("none");
  app.add_option("--op", options.op, "only this operator")->type_name("NAME");
  app.add_option("--type", options.types, "only these types: f32 for every type variable, or T=f32")
      ->type_name("T=TYPE")
      ->allow_extra_args(false);
  app.add_option("--test", options.test, "only this test of the operator, counted from 1")->type_name("N");
  app.add_option("--shape", options.shapes, "one case, with these sizes")
      ->type_name("SIZE=N,...")
      ->allow_extra_args(false);
  app.add_option("-I", options.importDirs, "folders where imports are looked for")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_flag("--json", options.isJson, "print one JSON object instead of the table");
  // How the program starts itself, so that a driver that crashes does not end the run.
  app.add_option("--worker", options.package)->group("");
  app.add_option("--worker-range", options.range)->expected(2)->group("");
  app.footer(std::string(footer) + "\n\n" + exitStatusText);
  if (std::optional<int> status = parseCommandLine(app, argc, argv))
    return *status;
  if (options.range.size() != 2)
    options.range = {0, SIZE_MAX};
  try {
    Request sizes;
    std::string error;
    for (const std::string &shape : options.shapes)
      if (!shape.empty() && !parseSizes(shape, sizes, error)) // Empty: of an operator without sizes.
        throw Stop{process::exitUsage, error};
    options.check.sizes = sizes.sizes;
    options.check.hasSizes = !options.shapes.empty();
    return run(options);
  } catch (const Stop &stop) {
    if (!stop.message.empty())
      std::fprintf(stderr, "tenon-check: %s\n", stop.message.c_str());
    return stop.status;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "tenon-check: out of memory\n");
    return process::exitInput;
  }
}
