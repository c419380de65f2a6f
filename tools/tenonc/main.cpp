//===- main.cpp - tenonc: operators to packages ------------------------------===//
//
// Owns the command line, reading inputs and writing outputs. The compiler is compiler/Pipeline.h.
//
//===------------------------------------------------------------------------===//
#include "compiler/Pipeline.h"
#include "compiler/import/Import.h"
#include "compiler/import/ImportModule.h"
#include "process/CommandLine.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace tenon;

namespace {

constexpr const char *footer = R"(examples:
  tenonc rmsnorm.tn                         rmsnorm.tnb, a package for every target
  tenonc rmsnorm.tn -o out.tnb --types f32  only the instances in f32
  tenonc rmsnorm.tn --target native         only native code for this machine
  tenonc rmsnorm.tn --emit=opencl           look at a stage instead
  tenonc model.mlir                         functions on tensors: linalg, tosa, tensor, arith, math

stages of --emit: ast (the typed tree), formula (index notation; can be fed back), kernels (after scheduling), legalized
(what targets compile), plan (launches), and host or asm, opencl, spirv-opencl, spirv-vulkan (each target's code).)";

struct Options {
  std::string input, output, emit, dependencies;
  std::vector<std::string> targets, types, importDirs;
  bool writeDependencies = false;
  unsigned threads = std::max(1u, std::min(8u, std::thread::hardware_concurrency()));
};

int fail(const std::string &message, int status) {
  std::fprintf(stderr, "tenonc: error: %s\n", message.c_str());
  return status;
}

//===- inputs ---------------------------------------------------------------===//

std::optional<DType> typeNamed(const std::string &name) {
  for (int i = 0; i <= static_cast<int>(DType::F64); ++i)
    if (name == getName(static_cast<DType>(i)))
      return static_cast<DType>(i);
  return std::nullopt;
}

/// Whether every entry of --types names a type.
bool checkTypes(const Options &options, std::string &error) {
  for (const std::string &entry : options.types)
    if (!typeNamed(entry.substr(entry.find('=') + 1))) {
      error = "--types: unknown type " + entry;
      return false;
    }
  return true;
}

/// The combinations that --types leaves: each entry is TYPE, for every variable, or VARIABLE=TYPE.
std::vector<std::vector<DType>> chooseTypes(const Options &options, const Operator &op) {
  std::vector<std::vector<DType>> chosen;
  for (const std::vector<DType> &types : combinations(op)) {
    bool wanted = true;
    for (size_t v = 0; v < types.size(); ++v) {
      bool named = false, matches = false;
      for (const std::string &entry : options.types) {
        size_t sign = entry.find('=');
        std::string variable = sign == std::string::npos ? "" : entry.substr(0, sign);
        std::optional<DType> type = typeNamed(sign == std::string::npos ? entry : entry.substr(sign + 1));
        if (!variable.empty() && variable != op.typeVariables[v].name)
          continue;
        named = true;
        matches |= *type == types[v];
      }
      wanted &= !named || matches;
    }
    if (wanted)
      chosen.push_back(types);
  }
  return chosen;
}

/// A .tn file, parsed and typed once; every thread imports the trees into its own context.
struct TypedInput {
  std::unique_ptr<Module> module;
  std::vector<std::unique_ptr<Instance>> instances;
};

int readTyped(const Options &options, TypedInput &input) {
  std::string error;
  if (!checkTypes(options, error))
    return fail(error, process::exitUsage);
  Diagnostics diagnostics;
  input.module = parseModule(options.input, options.importDirs, diagnostics);
  if (input.module && !diagnostics.hasErrors())
    for (const auto &op : input.module->operators()) {
      std::vector<std::vector<DType>> chosen = chooseTypes(options, *op);
      if (chosen.empty())
        continue;
      for (auto &instance : instantiateAll(*op, diagnostics, chosen))
        input.instances.push_back(std::move(instance));
    }
  std::fputs(diagnostics.print().c_str(), stderr);
  if (!input.module || diagnostics.hasErrors())
    return process::exitInput;
  if (input.instances.empty())
    return fail(options.input + (input.module->operators().empty() ? ": no operator is defined here"
                                                                   : ": --types leaves no instance of any operator"),
                process::exitInput);
  if (input.instances.size() > 64)
    std::fprintf(stderr, "tenonc: warning: %s makes %zu instances; --types narrows them\n", options.input.c_str(),
                 input.instances.size());
  return process::exitFine;
}

/// An MLIR file, imported once; every thread takes the formulas into its own context.
int readFormulas(const Options &options, ModuleInput &input) {
  if (!options.types.empty())
    return fail("--types: an MLIR module has no type variables", process::exitUsage);
  if (options.emit == "ast")
    return fail("--emit=ast: an MLIR module has no typed tree; --emit=formula shows its formulas", process::exitUsage);
  std::string messages;
  bool fine = readModule(options.input, input, messages);
  std::fputs(messages.c_str(), stderr);
  return fine ? process::exitFine : process::exitInput;
}

//===- diagnostics ----------------------------------------------------------===//

/// MLIR's diagnostics as `file:line:column: error: ...`. After a checked input they are bugs of ours.
void reportTo(mlir::MLIRContext &context, std::mutex &mutex) {
  context.getDiagEngine().registerHandler([&mutex](mlir::Diagnostic &diagnostic) {
    std::lock_guard<std::mutex> lock(mutex);
    std::string place;
    if (auto location = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>())
      place = location.getFilename().str() + ":" + std::to_string(location.getLine()) + ":" +
              std::to_string(location.getColumn()) + ": ";
    const char *severity = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error     ? "error"
                           : diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning ? "warning"
                                                                                           : "note";
    std::fprintf(stderr, "%s%s: %s\n", place.c_str(), severity, diagnostic.str().c_str());
  });
}

//===- outputs --------------------------------------------------------------===//

/// Writes beside the file and renames, so that a reader never sees half of it. What is no plain file (/dev/stdout) is
/// written where it is.
int writeFile(const std::string &path, const char *data, size_t size) {
  struct stat info;
  bool special = stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  std::string temporary = special ? path : path + ".tmp" + std::to_string(getpid());
  errno = 0;
  std::FILE *file = std::fopen(temporary.c_str(), "wb");
  bool good = file && std::fwrite(data, 1, size, file) == size;
  if (file)
    good &= std::fclose(file) == 0;
  if (good && (special || std::rename(temporary.c_str(), path.c_str()) == 0))
    return process::exitFine;
  std::string why = std::strerror(errno);
  if (file && !special)
    std::remove(temporary.c_str());
  return fail("cannot write " + path + ": " + why, process::exitInput);
}

int writeText(const Options &options, const std::string &text) {
  if (options.output.empty() || options.output == "-") {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
      return process::exitFine;
    return fail(std::string("cannot write to stdout: ") + std::strerror(errno), process::exitInput);
  }
  return writeFile(options.output, text.data(), text.size());
}

std::string outputPath(const Options &options) {
  if (!options.output.empty())
    return options.output;
  std::string stem = options.input.substr(options.input.find_last_of('/') + 1);
  return stem.substr(0, stem.rfind('.')) + ".tnb";
}

int statusOf(Outcome outcome) {
  return outcome == Outcome::Done           ? process::exitFine
         : outcome == Outcome::InputAtFault ? process::exitInput
                                            : process::exitBug;
}

int run(const Options &options) {
  TypedInput input;
  ModuleInput formulas;
  bool isModule = isModuleFile(options.input);
  if (int status = isModule ? readFormulas(options, formulas) : readTyped(options, input))
    return status;
  if (options.emit == "ast") {
    std::string text;
    for (const auto &instance : input.instances)
      text += dump(*instance);
    return writeText(options, text);
  }
  std::mutex mutex;
  FormulaSource source = [&](mlir::ModuleOp module) {
    reportTo(*module.getContext(), mutex);
    if (isModule)
      return addFormulas(formulas, module);
    for (const auto &instance : input.instances)
      importTree(*instance, module);
    return true;
  };

  PipelineOptions pipeline;
  pipeline.threads = options.threads;
  pipeline.source = isModule ? formulas.text : input.module->source().text;
  std::vector<std::string> targets = options.targets;
  std::optional<Stage> stage;
  if (!options.emit.empty()) {
    if (options.emit == "formula" || options.emit == "kernels" || options.emit == "legalized" ||
        options.emit == "plan") {
      stage = options.emit == "formula"   ? Stage::Formula
              : options.emit == "kernels" ? Stage::Kernels
              : options.emit == "plan"    ? Stage::Plan
                                          : Stage::Legalized;
      if (targets.empty())
        targets = {"native"};
    } else {
      stage = Stage::Code;
      if (targets.empty())
        targets = {options.emit == "asm" || options.emit == "host" ? "native" : options.emit};
    }
    pipeline.threads = 1;
  }
  std::string error;
  if (!selectProfiles(targets, pipeline.profiles, error))
    return fail(error, process::exitUsage);
  if (stage) {
    std::vector<StageText> texts;
    Outcome outcome = emitStage(source, pipeline, *stage, texts);
    std::string all;
    for (const StageText &text : texts)
      all += (text.title.empty() ? "" : "// " + text.title + "\n") + text.text + (texts.size() > 1 ? "\n" : "");
    int status = writeText(options, all);
    return outcome == Outcome::Done ? status : statusOf(outcome);
  }
  std::vector<char> bytes;
  if (Outcome outcome = compilePackage(source, pipeline, bytes); outcome != Outcome::Done)
    return statusOf(outcome);
  std::string path = outputPath(options);
  if (int status = writeFile(path, bytes.data(), bytes.size()))
    return status;
  if (options.writeDependencies || !options.dependencies.empty()) {
    std::string rule = path + ":";
    for (const std::string &file : isModule ? std::vector<std::string>{options.input} : input.module->files())
      rule += " " + file;
    rule += "\n";
    std::string to = options.dependencies.empty() ? path + ".d" : options.dependencies;
    if (int status = writeFile(to, rule.data(), rule.size()))
      return status;
  }
  return process::exitFine;
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  CLI::App app("tenonc - compiles operators into a package (.tnb) that holds code for every kind of device");
  app.footer(std::string(footer) + "\n" + exitStatusText);
  app.add_option("input", options.input, "a .tn file, or an MLIR module: .mlir or .mlirbc")->required();
  app.add_option("-o,--output", options.output,
                 "the file to write (default: the input's name with .tnb, or stdout for --emit)");
  app.add_option("--emit", options.emit, "print a stage instead of writing a package")
      ->check(CLI::IsMember(
          {"ast", "formula", "kernels", "legalized", "plan", "host", "asm", "opencl", "spirv-opencl", "spirv-vulkan"}));
  app.add_option("--target", options.targets,
                 "targets or profiles to compile for (default: all): host, opencl, spirv-opencl, spirv-vulkan, "
                 "a profile such as opencl-cpu-256, or native: this machine's host profile")
      ->delimiter(',');
  app.add_option("--types", options.types, "types to instantiate: f32,f16 for every type variable, or T=f32")
      ->delimiter(',');
  app.add_option("-I", options.importDirs, "folders where imports are looked for")
      ->expected(1)
      ->allow_extra_args(false);
  app.add_flag("--MD", options.writeDependencies, "write the files that were read, as a make rule, to OUTPUT.d (-MD)");
  app.add_option("--MF", options.dependencies, "where --MD writes (-MF)");
  app.add_option("-j,--threads", options.threads, "threads (default: one a core)")->check(CLI::Range(1u, 256u));
  // -MD and -MF are spelled as compilers do; CLI11 knows one-letter and two-dash names only.
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    arguments.push_back(argument == "-MD" || argument == "-MF" ? "-" + argument : argument);
  }
  std::vector<char *> pointers{argv[0]};
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  if (std::optional<int> status = parseCommandLine(app, static_cast<int>(pointers.size()), pointers.data()))
    return *status;
  return run(options);
}
