//===- Op.cpp - tnOp..., tnLaunchKernel ----------------------------------------------------------===//
#include "api/Api.h"

#include "core/Launch.h"
#include "core/Tensor.h"

using namespace tenon;

static Status describeParam(tnOpParam &info, const LoadedOperator &op, int index) {
  const auto &instances = *op.table.instances();
  const auto &params = *instances.Get(0)->params();
  if (index < 0 || static_cast<uint32_t>(index) >= params.size())
    return error(tnErrorInvalidValue, "index is %d, %s has %u parameters", index, op.name(), params.size());
  const package::Param &param = *params.Get(index);
  info = {};
  info.name = param.name()->c_str();
  info.text = param.text() ? param.text()->c_str() : info.name;
  info.kind = static_cast<tnOpParamKind>(param.kind());
  info.isResult = param.is_result();
  info.hasDefault = param.has_default();
  info.defaultBits = param.default_bits();
  for (uint32_t d = 0; param.dims() && d < param.dims()->size(); ++d) {
    bool pack = param.dims()->Get(d)->kind() == package::DimKind::Pack;
    info.hasPack |= pack;
    info.minDims += !pack;
  }
  if (param.kind() == package::ParamKind::Size) {
    info.types[info.numTypes++] = {kDLInt, 64, 1};
    return {};
  }
  for (const package::Instance *instance : instances) {
    DLDataType type = toDLPack(instance->params()->Get(index)->dtype());
    bool known = false;
    for (int i = 0; i < info.numTypes; ++i)
      known |= info.types[i].code == type.code && info.types[i].bits == type.bits;
    if (!known && info.numTypes < 16)
      info.types[info.numTypes++] = type;
  }
  return {};
}

extern "C" {

tnError_t tnOpLaunch(tnOp_t op, void **args, tnStream_t stream) {
  return api("tnOpLaunch", [&] {
    LoadedOperator *what;
    TENON_TRY(toOperator(op, what));
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return launchOperator(*what, args, *on);
  });
}

tnError_t tnOpInferShapes(tnOp_t op, void **args) {
  return api("tnOpInferShapes", [&] {
    LoadedOperator *what;
    TENON_TRY(toOperator(op, what));
    return inferShapes(*what, args);
  });
}

tnError_t tnOpGetWorkspaceSize(size_t *bytes, tnOp_t op, void **args) {
  return api("tnOpGetWorkspaceSize", [&] {
    TENON_TRY(checkOut(bytes, "bytes"));
    LoadedOperator *what;
    TENON_TRY(toOperator(op, what));
    uint64_t size = 0;
    TENON_TRY(workspaceSize(*what, args, size));
    *bytes = size;
    return Status();
  });
}

tnError_t tnOpGetParamCount(int *count, tnOp_t op) {
  return api("tnOpGetParamCount", [&] {
    TENON_TRY(checkOut(count, "count"));
    LoadedOperator *what;
    TENON_TRY(toOperator(op, what));
    *count = static_cast<int>(what->table.instances()->Get(0)->params()->size());
    return Status();
  });
}

tnError_t tnOpGetParam(tnOpParam *info, tnOp_t op, int index) {
  return api("tnOpGetParam", [&] {
    TENON_TRY(checkOut(info, "info"));
    LoadedOperator *what;
    TENON_TRY(toOperator(op, what));
    return describeParam(*info, *what, index);
  });
}

tnError_t tnLaunchKernel(tnFunction_t function, tnDim3 grid, tnDim3 block, void **args, size_t shared,
                         tnStream_t stream) {
  return api("tnLaunchKernel", [&] {
    Function *what;
    TENON_TRY(toFunction(function, what));
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return launchFunction(*what, grid, block, args, shared, *on);
  });
}
}
