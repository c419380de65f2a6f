//===- PackageWriter.cpp ----------------------------------------------------===//
#include "compiler/package/PackageWriter.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace mlir;
using namespace tenon;

static StringRef text(DictionaryAttr entry, StringRef name) { return cast<StringAttr>(entry.get(name)).getValue(); }
static int64_t number(DictionaryAttr entry, StringRef name) { return cast<IntegerAttr>(entry.get(name)).getInt(); }

static std::unique_ptr<package::ParamT> describeParam(DictionaryAttr entry, formula::DimsOp sizes, PlanBuilder &plan) {
  auto param = std::make_unique<package::ParamT>();
  param->name = text(entry, "name").str();
  param->text = text(entry, "text").str();
  StringRef kind = text(entry, "kind");
  param->kind = kind == "tensor"   ? package::ParamKind::Tensor
                : kind == "scalar" ? package::ParamKind::Scalar
                                   : package::ParamKind::Size;
  param->is_result = entry.contains("result");
  if (param->kind == package::ParamKind::Size)
    param->symbol = number(entry, "symbol");
  else
    param->dtype = static_cast<package::DType>(number(entry, "dtype"));
  if (entry.contains("default")) {
    param->has_default = true;
    param->default_bits = number(entry, "default");
  }
  for (Attribute attribute : cast<ArrayAttr>(entry.get("dims"))) {
    auto dim = cast<DictionaryAttr>(attribute);
    StringRef dimKind = text(dim, "kind");
    uint32_t value = number(dim, "value");
    if (dimKind == "expr")
      param->dims.emplace_back(package::DimKind::Check, *plan.fromValue(sizes.getSizes()[value]));
    else
      param->dims.emplace_back(dimKind == "bind" ? package::DimKind::Bind : package::DimKind::Pack, value);
  }
  return param;
}

std::unique_ptr<package::InstanceT> tenon::describeInstance(formula::OperatorOp op, PlanBuilder &plan) {
  auto instance = std::make_unique<package::InstanceT>();
  for (Attribute type : op.getTypes())
    instance->types.push_back(static_cast<package::DType>(cast<IntegerAttr>(type).getInt()));
  for (Attribute attribute : op.getSymbols()) {
    auto entry = cast<DictionaryAttr>(attribute);
    auto symbol = std::make_unique<package::SymbolT>();
    symbol->name = text(entry, "name").str();
    StringRef kind = text(entry, "kind");
    symbol->kind = kind == "size"        ? package::SymbolKind::Size
                   : kind == "parameter" ? package::SymbolKind::SizeParam
                                         : package::SymbolKind::Pack;
    instance->symbols.push_back(std::move(symbol));
  }
  formula::DimsOp sizes;
  for (formula::DimsOp found : op.getBody().front().getOps<formula::DimsOp>())
    sizes = found;
  for (Attribute attribute : op.getParams())
    instance->params.push_back(describeParam(cast<DictionaryAttr>(attribute), sizes, plan));
  for (formula::CheckOp found : op.getBody().front().getOps<formula::CheckOp>()) {
    auto check = std::make_unique<package::CheckT>();
    check->condition = *plan.fromValue(found.getCondition());
    check->message = found.getMessage().str();
    for (Value value : found.getValues())
      check->values.push_back(*plan.fromValue(value));
    if (auto place = dyn_cast<FileLineColLoc>(found.getLoc()))
      check->line = place.getLine();
    instance->checks.push_back(std::move(check));
  }
  return instance;
}

std::vector<char> tenon::writePackage(const package::PackageT &package) {
  package::PackageT copy(package);
  copy.format = packageFormat;
  copy.content_hash = copy.file_bytes = 1; // A zero would not be stored; both are put in place below.
  flatbuffers::FlatBufferBuilder builder(1 << 20);
  package::FinishPackageBuffer(builder, package::Package::Pack(builder, &copy));
  std::vector<char> bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  auto *written = flatbuffers::GetMutableRoot<flatbuffers::Table>(bytes.data());
  auto put = [&](flatbuffers::voffset_t field, uint64_t value) {
    std::memcpy(reinterpret_cast<uint8_t *>(written) + written->GetOptionalFieldOffset(field), &value, sizeof(value));
  };
  put(package::Package::VT_FILE_BYTES, bytes.size());
  put(package::Package::VT_CONTENT_HASH, 0);
  put(package::Package::VT_CONTENT_HASH, XXH64(bytes.data(), bytes.size(), 0));
  return bytes;
}
