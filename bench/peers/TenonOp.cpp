//===- TenonOp.cpp - an operator on a device, by the ordinary road ----------===//
#include "TenonOp.h"

namespace tenon::bench {

void check(tnError_t error, const std::string &what) {
  if (error != tnSuccess)
    throw Failure{what + ": " + tnGetLastErrorMessage()};
}

DeviceArray::DeviceArray(int device, int64_t count) : device(device), bytes(static_cast<size_t>(count) * 4) {
  check(tnSetDevice(device), "device " + std::to_string(device));
  check(tnMalloc(&memory, bytes), "memory of device " + std::to_string(device));
}

DeviceArray::~DeviceArray() {
  if (tnSetDevice(device) == tnSuccess)
    (void)tnFree(memory);
}

void DeviceArray::write(const float *from) const {
  check(tnSetDevice(device), "device " + std::to_string(device));
  check(tnMemcpy(memory, from, bytes, tnMemcpyHostToDevice), "copy to device " + std::to_string(device));
}

void DeviceArray::read(float *to) const {
  check(tnSetDevice(device), "device " + std::to_string(device));
  check(tnMemcpy(to, memory, bytes, tnMemcpyDeviceToHost), "copy from device " + std::to_string(device));
}

TenonOp::TenonOp(const Case &theCase, const std::string &package, int device, bool isHost,
                 const std::vector<const float *> &inputs)
    : device(device) {
  check(tnSetDevice(device), "device " + std::to_string(device));
  check(tnModuleLoad(&module, package.c_str()), package);
  check(tnModuleGetOp(&op, module, theCase.op.c_str()), package);
  check(tnStreamCreate(&stream), "stream of device " + std::to_string(device));

  shapes = theCase.inputs;
  shapes.push_back(theCase.result);
  result = std::make_unique<DeviceArray>(device, countElements(theCase.result));
  for (size_t i = 0; i < shapes.size(); ++i) {
    bool isResult = i + 1 == shapes.size();
    void *data = isResult ? result->data() : nullptr;
    if (!isResult && isHost) {
      data = const_cast<float *>(inputs[i]);
    } else if (!isResult) {
      copies.push_back(std::make_unique<DeviceArray>(device, countElements(shapes[i])));
      copies.back()->write(inputs[i]);
      data = copies.back()->data();
    }
    tensors.push_back(tnTensor(data, {kDLFloat, 32, 1}, static_cast<int32_t>(shapes[i].size()), shapes[i].data()));
  }
  for (DLTensor &tensor : tensors)
    arguments.push_back(&tensor);
  arguments.insert(arguments.end() - 1, static_cast<size_t>(theCase.defaults), nullptr);
}

TenonOp::~TenonOp() {
  if (tnSetDevice(device) != tnSuccess)
    return;
  if (stream) {
    (void)tnStreamSynchronize(stream);
    (void)tnStreamDestroy(stream);
  }
  if (module)
    (void)tnModuleUnload(module);
}

void TenonOp::run() {
  check(tnOpLaunch(op, arguments.data(), stream), "launch");
  check(tnStreamSynchronize(stream), "launch");
}

size_t TenonOp::getWorkspace() {
  size_t bytes = 0;
  check(tnOpGetWorkspaceSize(&bytes, op, arguments.data()), "workspace");
  return bytes;
}

} // namespace tenon::bench
