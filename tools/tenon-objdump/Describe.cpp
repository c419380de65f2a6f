//===- Describe.cpp - a package as a tree of words --------------------------===//
//
// Owns walking the format's tables. Every index is checked on the way: a package whose hash is right may still be
// wrong.
//
//===------------------------------------------------------------------------===//
#include "Describe.h"

#include "package/Expressions.h"

namespace tenon {

using namespace package;

namespace {

template <typename T> std::string orEmpty(const T *string) { return string ? string->str() : ""; }

std::string hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string lower(const char *name) { return snakeCase(name); }

/// Describes the plan of a variant.
class PlanDescriber {
public:
  PlanDescriber(const Package &package, const Instance &instance, const Variant &variant)
      : instance(instance), expressions(instance, &variant),
        module(variant.module_() < package.modules()->size() ? package.modules()->Get(variant.module_()) : nullptr) {}

  Json steps(const flatbuffers::Vector<flatbuffers::Offset<Step>> *all, int depth = 0) const {
    Json result = Json::array();
    if (!all)
      return result;
    for (const Step *step : *all) {
      Json entry;
      if (const Launch *launch = step->step_as_Launch()) {
        entry["launch"] = kernelName(launch->kernel());
        Json grid = Json::array(), args = Json::array();
        for (uint32_t extent : *launch->grid())
          grid.push_back(expressions.text(extent));
        for (const Arg *arg : *launch->args())
          args.push_back(argText(*arg));
        entry["grid"] = grid;
        entry["args"] = args;
      } else if (const Branch *branch = step->step_as_Branch()) {
        entry["if"] = expressions.text(branch->condition());
        entry["then"] = steps(branch->then(), depth);
        if (branch->otherwise() && branch->otherwise()->size())
          entry["else"] = steps(branch->otherwise(), depth);
      } else if (const Loop *loop = step->step_as_Loop()) {
        entry["loop"] = "i" + std::to_string(depth);
        entry["count"] = expressions.text(loop->count());
        entry["body"] = steps(loop->body(), depth + 1);
      } else {
        entry["unknown_step"] = static_cast<int>(step->step_type());
      }
      result.push_back(entry);
    }
    return result;
  }

  std::string text(uint32_t id) const { return expressions.text(id); }

private:
  std::string kernelName(uint32_t index) const {
    if (!module || index >= module->kernels()->size())
      return "<no kernel " + std::to_string(index) + ">";
    return module->kernels()->Get(index)->name()->str();
  }
  std::string paramName(uint32_t index) const {
    if (index >= instance.params()->size())
      return "<no parameter " + std::to_string(index) + ">";
    return instance.params()->Get(index)->name()->str();
  }
  std::string argText(const Arg &arg) const {
    switch (arg.kind()) {
    case ArgKind::Tensor:
      return paramName(arg.index());
    case ArgKind::Workspace:
      return "workspace" + std::to_string(arg.index());
    case ArgKind::Scalar:
      return lower(EnumNameArgType(arg.type())) + " " + paramName(arg.index());
    case ArgKind::Expr:
      return lower(EnumNameArgType(arg.type())) + " " + expressions.text(arg.index());
    case ArgKind::Fault:
      return "fault";
    }
    return "<unknown argument>";
  }

  const Instance &instance;
  Expressions expressions;
  const Module *module;
};

Json checks(const flatbuffers::Vector<flatbuffers::Offset<Check>> *all, const Expressions &expressions) {
  Json result = Json::array();
  if (!all)
    return result;
  for (const Check *check : *all) {
    Json entry = {{"condition", expressions.text(check->condition())}, {"message", check->message()->str()}};
    Json values = Json::array();
    if (check->values())
      for (uint32_t value : *check->values())
        values.push_back(expressions.text(value));
    entry["values"] = values;
    entry["line"] = check->line();
    result.push_back(entry);
  }
  return result;
}

Json describeVariant(const Package &package, const Instance &instance, const Variant &variant) {
  PlanDescriber plan(package, instance, variant);
  Expressions expressions(instance, &variant);
  Json result;
  result["module"] = variant.module_();
  bool known = variant.module_() < package.modules()->size();
  const Module *module = known ? package.modules()->Get(variant.module_()) : nullptr;
  result["profile"] = module ? module->profile()->str() : "<no module " + std::to_string(variant.module_()) + ">";
  Json requires_ = Json::array(), workspace = Json::array();
  if (variant.requires_())
    for (const Requirement *requirement : *variant.requires_())
      requires_.push_back(requirementText(*requirement));
  if (variant.workspace())
    for (const Workspace *buffer : *variant.workspace())
      workspace.push_back(plan.text(buffer->bytes()));
  result["requires"] = requires_;
  result["checks"] = checks(variant.checks(), expressions);
  result["workspace"] = workspace;
  result["plan"] = plan.steps(variant.plan());
  return result;
}

Json describeInstance(const Package &package, const Operator &op, const Instance &instance) {
  Json result;
  result["types"] = instanceTypes(op, instance);
  Json inputs = Json::array(), results = Json::array(), sizes = Json::array();
  for (const Param *param : *instance.params()) {
    Json entry = {{"name", param->name()->str()},
                  {"kind", lower(EnumNameParamKind(param->kind()))},
                  {"text", paramText(instance, *param)}};
    if (param->kind() != ParamKind::Size)
      entry["type"] = typeName(param->dtype());
    (param->is_result() ? results : inputs).push_back(entry);
  }
  if (instance.symbols())
    for (const Symbol *symbol : *instance.symbols())
      sizes.push_back({{"name", symbol->name()->str()}, {"kind", lower(EnumNameSymbolKind(symbol->kind()))}});
  result["inputs"] = inputs;
  result["results"] = results;
  result["sizes"] = sizes;
  result["checks"] = checks(instance.checks(), Expressions(instance));
  Json faults = Json::array(), inplace = Json::array(), variants = Json::array();
  if (instance.faults())
    for (const auto *fault : *instance.faults())
      faults.push_back(fault->str());
  auto name = [&](uint32_t index) {
    return index < instance.params()->size() ? instance.params()->Get(index)->name()->str()
                                             : "<no parameter " + std::to_string(index) + ">";
  };
  if (const auto *pairs = instance.inplace())
    for (uint32_t i = 0; i + 1 < pairs->size(); i += 2)
      inplace.push_back(name(pairs->Get(i)) + " over " + name(pairs->Get(i + 1)));
  for (const Variant *variant : *instance.variants())
    variants.push_back(describeVariant(package, instance, *variant));
  result["faults"] = faults;
  result["inplace"] = inplace;
  result["variants"] = variants;
  return result;
}

// ---- text ---------------------------------------------------------------------------------------------------------

std::string join(const Json &array, const char *between = ", ") {
  std::string text;
  for (const Json &item : array)
    text += (text.empty() ? "" : between) + item.get<std::string>();
  return text;
}

std::string string(const Json &json, const char *key) { return json[key].get<std::string>(); }

void printPlan(std::string &text, const Json &steps, const std::string &indent) {
  for (const Json &step : steps) {
    if (step.contains("launch")) {
      text += indent + "launch " + string(step, "launch") + " grid (" + join(step["grid"]) + ") args (" +
              join(step["args"]) + ")\n";
    } else if (step.contains("if")) {
      text += indent + "if " + string(step, "if") + "\n";
      printPlan(text, step["then"], indent + "  ");
      if (step.contains("else")) {
        text += indent + "else\n";
        printPlan(text, step["else"], indent + "  ");
      }
    } else if (step.contains("loop")) {
      text += indent + "for " + string(step, "loop") + " in 0.." + string(step, "count") + "\n";
      printPlan(text, step["body"], indent + "  ");
    } else {
      text += indent + "<unknown step " + std::to_string(step["unknown_step"].get<int>()) + ">\n";
    }
  }
}

void printChecks(std::string &text, const Json &all, const std::string &indent) {
  for (const Json &check : all) {
    text += indent + "check " + string(check, "condition") + ": \"" + string(check, "message") + "\"";
    if (!check["values"].empty())
      text += " with " + join(check["values"]);
    if (check["line"].get<uint32_t>())
      text += " (line " + std::to_string(check["line"].get<uint32_t>()) + ")";
    text += "\n";
  }
}

std::string signature(const Json &op, const Json &instance) {
  auto texts = [](const Json &params) {
    std::string text;
    for (const Json &param : params)
      text += (text.empty() ? "" : ", ") + string(param, "text");
    return text;
  };
  std::string results = texts(instance["results"]);
  if (instance["results"].size() != 1)
    results = "(" + results + ")";
  return "op " + string(op, "name") + "(" + texts(instance["inputs"]) + ") -> " + results;
}

} // namespace

Json describeOperator(const Package &package, const Operator &op) {
  Json result;
  result["name"] = op.name()->str();
  result["file"] = orEmpty(op.file());
  result["doc"] = orEmpty(op.doc());
  Json instances = Json::array();
  for (const Instance *instance : *op.instances())
    instances.push_back(describeInstance(package, op, *instance));
  result["instances"] = instances;
  return result;
}

Json describeModule(const Module &module, uint32_t index) {
  Json result;
  result["index"] = index;
  result["target"] = targetName(module.target());
  result["profile"] = module.profile()->str();
  result["bytes"] = module.code()->size();
  result["index_bits"] = module.index_bits();
  result["build_options"] = orEmpty(module.build_options());
  result["unvalidated"] = module.unvalidated();
  Json emulations = Json::array(), kernels = Json::array();
  if (module.emulations())
    for (const auto *emulation : *module.emulations())
      emulations.push_back(emulation->str());
  for (const Kernel *kernel : *module.kernels()) {
    Json args = Json::array(), block = Json::array();
    uint32_t buffer = 0;
    for (uint32_t i = 0; i < kernel->args()->size(); ++i) {
      ArgType type = static_cast<ArgType>(kernel->args()->Get(i));
      std::string text = lower(EnumNameArgType(type));
      if (type == ArgType::Buffer) {
        const char *access[] = {"untouched", "read", "written", "read and written"};
        text += buffer < kernel->access()->size() ? std::string(" ") + access[kernel->access()->Get(buffer) & 3]
                                                  : " <no access>";
        ++buffer;
      }
      args.push_back(text);
    }
    for (uint32_t extent : *kernel->block())
      block.push_back(extent);
    kernels.push_back({{"name", kernel->name()->str()},
                       {"block", block},
                       {"args", args},
                       {"argument_block_bytes", kernel->arg_bytes()},
                       {"local_bytes", kernel->local_bytes()}});
  }
  result["emulations"] = emulations;
  result["kernels"] = kernels;
  return result;
}

Json describePackage(const PackageFile &file, const std::string &path) {
  const Package &package = file.get();
  Json result;
  result["file"] = path;
  result["bytes"] = file.size();
  result["format"] = package.format();
  result["hash"] = hex(package.content_hash());
  result["producer"] = orEmpty(package.producer());
  Json operators = Json::array(), modules = Json::array();
  for (const Operator *op : *package.operators())
    operators.push_back(describeOperator(package, *op));
  for (uint32_t i = 0; i < package.modules()->size(); ++i)
    modules.push_back(describeModule(*package.modules()->Get(i), i));
  result["operators"] = operators;
  result["modules"] = modules;
  return result;
}

std::string operatorText(const Json &op) {
  std::string text;
  std::string doc = string(op, "doc");
  for (size_t begin = 0; begin < doc.size();) {
    size_t end = std::min(doc.find('\n', begin), doc.size());
    text += "// " + doc.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  for (const Json &instance : op["instances"]) {
    text += signature(op, instance);
    if (!string(instance, "types").empty())
      text += "    [" + string(instance, "types") + "]";
    text += "\n";
    printChecks(text, instance["checks"], "  ");
    for (const Json &fault : instance["faults"])
      text += "  may find while it runs: \"" + fault.get<std::string>() + "\"\n";
    if (!instance["inplace"].empty())
      text += "  in place: " + join(instance["inplace"]) + "\n";
    for (const Json &variant : instance["variants"]) {
      text += "  variant " + string(variant, "profile") + " (module " +
              std::to_string(variant["module"].get<uint32_t>()) + ")";
      if (!variant["requires"].empty())
        text += " requires " + join(variant["requires"]);
      text += "\n";
      printChecks(text, variant["checks"], "    ");
      for (size_t i = 0; i < variant["workspace"].size(); ++i)
        text += "    workspace" + std::to_string(i) + ": " + variant["workspace"][i].get<std::string>() + " bytes\n";
      printPlan(text, variant["plan"], "    ");
    }
  }
  return text;
}

std::string moduleText(const Json &module) {
  std::string text = "module " + std::to_string(module["index"].get<uint32_t>()) + ": " + string(module, "profile") +
                     " for " + string(module, "target") + ", " + std::to_string(module["bytes"].get<uint64_t>()) +
                     " bytes, index of " + std::to_string(module["index_bits"].get<int>()) + " bits";
  if (!string(module, "build_options").empty())
    text += ", built with " + string(module, "build_options");
  if (module["unvalidated"].get<bool>())
    text += ", not validated";
  text += "\n";
  for (const Json &emulation : module["emulations"])
    text += "  emulates " + emulation.get<std::string>() + "\n";
  for (const Json &kernel : module["kernels"]) {
    std::string block;
    for (const Json &extent : kernel["block"])
      block += (block.empty() ? "" : "x") + std::to_string(extent.get<uint32_t>());
    text += "  kernel " + string(kernel, "name") + " groups of " + block + " args (" + join(kernel["args"]) + ")";
    if (kernel["local_bytes"].get<uint64_t>())
      text += ", " + std::to_string(kernel["local_bytes"].get<uint64_t>()) + " bytes of local memory";
    text += "\n";
  }
  return text;
}

} // namespace tenon
