//===- Module.cpp - tnModule... ------------------------------------------------------------------===//
#include "api/Api.h"

using namespace tenon;

static Status load(tnModule_t *module, std::shared_ptr<const PackageFile> file) {
  Context *context;
  TENON_TRY(currentContext(context));
  auto loaded = std::make_shared<LoadedModule>(*context, std::move(file));
  *module = toHandle(loaded.get());
  addHandle(loaded.get(), HandleKind::Module);
  context->addModule(std::move(loaded));
  return {};
}

extern "C" {

tnError_t tnModuleLoad(tnModule_t *module, const char *path) {
  return api("tnModuleLoad", [&] {
    TENON_TRY(checkOut(module, "module"));
    TENON_TRY(checkOut(path, "path"));
    *module = nullptr;
    std::shared_ptr<const PackageFile> file;
    TENON_TRY(PackageFile::openFile(path, file));
    return load(module, std::move(file));
  });
}

tnError_t tnModuleLoadData(tnModule_t *module, const void *image, size_t size) {
  return api("tnModuleLoadData", [&] {
    TENON_TRY(checkOut(module, "module"));
    TENON_TRY(checkOut(image, "image"));
    *module = nullptr;
    auto *bytes = static_cast<const uint8_t *>(image);
    std::shared_ptr<const PackageFile> file;
    TENON_TRY(PackageFile::open({bytes, bytes + size}, "package in memory", file));
    return load(module, std::move(file));
  });
}

tnError_t tnModuleUnload(tnModule_t module) {
  return api("tnModuleUnload", [&] {
    LoadedModule *loaded;
    TENON_TRY(toModule(module, loaded));
    return loaded->context.removeModule(*loaded);
  });
}

tnError_t tnModuleGetOp(tnOp_t *op, tnModule_t module, const char *name) {
  return api("tnModuleGetOp", [&] {
    TENON_TRY(checkOut(op, "op"));
    TENON_TRY(checkOut(name, "name"));
    *op = nullptr;
    LoadedModule *loaded;
    TENON_TRY(toModule(module, loaded));
    LoadedOperator *found;
    TENON_TRY(loaded->findOperator(name, found));
    *op = toHandle(found);
    return Status();
  });
}

tnError_t tnModuleGetOpCount(int *count, tnModule_t module) {
  return api("tnModuleGetOpCount", [&] {
    TENON_TRY(checkOut(count, "count"));
    LoadedModule *loaded;
    TENON_TRY(toModule(module, loaded));
    *count = static_cast<int>(loaded->package().operators()->size());
    return Status();
  });
}

tnError_t tnModuleGetOpName(const char **name, tnModule_t module, int index) {
  return api("tnModuleGetOpName", [&] {
    TENON_TRY(checkOut(name, "name"));
    LoadedModule *loaded;
    TENON_TRY(toModule(module, loaded));
    const auto &operators = *loaded->package().operators();
    if (index < 0 || static_cast<uint32_t>(index) >= operators.size())
      return error(tnErrorInvalidValue, "index is %d, the module has %u operators", index, operators.size());
    *name = operators.Get(index)->name()->c_str();
    return Status();
  });
}

tnError_t tnModuleGetFunction(tnFunction_t *function, tnModule_t module, const char *name) {
  return api("tnModuleGetFunction", [&] {
    TENON_TRY(checkOut(function, "function"));
    TENON_TRY(checkOut(name, "name"));
    *function = nullptr;
    LoadedModule *loaded;
    TENON_TRY(toModule(module, loaded));
    Function *found;
    TENON_TRY(loaded->findFunction(name, found));
    *function = toHandle(found);
    return Status();
  });
}
}
