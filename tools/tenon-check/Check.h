//===- Check.h - an operator on devices against its formula -----------------===//
//
// Owns checking one instance of an operator: cases, comparison, and what is said of a failure: the smallest sizes that
// show it, the first definition that differs, the worst element, the command that repeats it. Does not own printing.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "tenon-check/Compile.h"
#include "tenon-check/Launch.h"
#include "tenon-check/Variant.h"

#include <functional>

namespace tenon::check {

struct CheckOptions {
  std::string file;
  std::vector<std::string> importDirs;
  unsigned cases = 0; ///< 0: as many as it takes to see all ends, and some more.
  uint64_t seed = 0;
  CaseLimits limits;
  /// Given sizes: one case, with exactly these.
  std::map<std::string, std::vector<int64_t>> sizes;
  bool hasSizes = false;
  /// Called before each case; shows progress.
  std::function<void(const std::string &)> progress;
};

struct Failure {
  std::string what;       ///< In one line.
  std::string element;    ///< "y[i = 3, j = 5] is 2.5, the formula gives 3 (tolerance 1e-05)"
  std::string sizes;      ///< "b=[2],d=64"
  std::string drawnSizes; ///< Before it was made small.
  std::string definition; ///< The first that differs, or why that is not known.
  std::string command;
  uint64_t seed = 0;
};

/// One line of the table.
struct Row {
  std::string op, types, device;
  enum class Status { Passed, Failed, Gap } status = Status::Passed;
  std::string gap; ///< Why the device cannot run it.
  unsigned cases = 0;
  double worst = 0, tolerance = 0; ///< The worst error, and the tolerance of its result.
  uint64_t either = 0;             ///< Elements that were right on the other side of a discontinuity.
  VariantText variant;
  std::optional<Failure> failure;
};

/// What is being checked: an instance under one test.
struct Subject {
  const Instance &instance;
  const Test *test; ///< Null where there is none.
  size_t testNumber, testCount;
  const oracle::Oracle &oracle;
  const CaseMaker &maker;
  std::vector<std::pair<size_t, size_t>> inPlace; ///< Results that may take an input's memory.
};

class Checker {
public:
  Checker(const Module &module, const PackageFile &file, std::vector<std::unique_ptr<LoadedPackage>> &packages,
          const CheckOptions &options)
      : module(module), file(file), packages(packages), options(options) {}

  /// A row a device. `tests` are those of the instance's operator that apply; none: default sizes and tolerances.
  std::vector<Row> check(const Instance &instance, const std::vector<const Test *> &tests);

private:
  struct Judgement {
    std::string what, element; ///< Of what is wrong; both empty if all is well.
    double worst = 0, tolerance = 0, ratio = 0;
    uint64_t either = 0;
    bool isGap = false;
  };

  bool runCase(const Subject &subject, const Case &drawn, unsigned number, std::vector<Row> &rows);
  Judgement judge(const Subject &subject, const Case &drawn, const oracle::Outcome &want, const LaunchResult &got,
                  const tnDeviceProp &device) const;
  Judgement tryCase(const Subject &subject, const Case &drawn, unsigned number, LoadedPackage &package) const;
  Case shrink(const Subject &subject, const Case &drawn, unsigned number, LoadedPackage &package) const;
  Failure explain(const Subject &subject, const Case &drawn, unsigned number, LoadedPackage &package);
  std::string firstDifference(const Subject &subject, const Case &drawn, unsigned number, const Device &device) const;
  std::string command(const Subject &subject, const Case &drawn, const Device &device) const;

  const Module &module;
  const PackageFile &file;
  std::vector<std::unique_ptr<LoadedPackage>> &packages;
  const CheckOptions &options;
  unsigned explained = 0;
};

/// The tolerance of results of a type; without a test what that type can be asked for.
double toleranceOf(const Test *test, DType type);
/// "T = f32" of an instance.
std::string typesText(const Instance &instance);
/// "y[i = 3, ...b = [1, 2]]": an element by its position and the names of its definition.
std::string elementText(const Instance &instance, int tensor, const std::vector<int64_t> &shape, int64_t position,
                        const oracle::Arguments &arguments);

} // namespace tenon::check
