//===- OneDnn.cpp - oneDNN as a peer --------------------------------------------===//
//
// Primitives are made once, outside what is timed. The peer's name shows oneDNN's implementation, since it falls back
// to reference code without a word.
//
//===------------------------------------------------------------------------===//
#include "Peers.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <memory>

namespace tenon::bench {

std::string getOneDnnVersion() {
  const dnnl_version_t *version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

namespace {

/// A primitive with its memory; the result's is set at every call, which costs nothing.
struct Call {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::primitive primitive;
  dnnl::memory result;
  std::unordered_map<int, dnnl::memory> arguments;

  dnnl::memory wrap(const dnnl::memory::desc &type, const float *data) const {
    return {type, engine, const_cast<float *>(data)};
  }
};

Peer makePeer(const std::shared_ptr<Call> &call, const dnnl::memory::desc &type, const char *implementation) {
  call->result = dnnl::memory(type, call->engine, nullptr);
  call->arguments.emplace(DNNL_ARG_DST, call->result);
  return {std::string("oneDNN ") + implementation, [call](float *result) {
            call->result.set_data_handle(result);
            call->primitive.execute(call->stream, call->arguments);
            call->stream.wait();
          }};
}

} // namespace

Peer makeOneDnnSoftmax(const float *x, int64_t rows, int64_t columns) try {
  auto call = std::make_shared<Call>();
  dnnl::memory::desc type({rows, columns}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::ab);
  dnnl::softmax_forward::primitive_desc primitive({dnnl::prop_kind::forward_inference, type, 1}, call->engine);
  call->primitive = dnnl::softmax_forward(primitive);
  call->arguments.emplace(DNNL_ARG_SRC, call->wrap(type, x));
  return makePeer(call, type, primitive.impl_info_str());
} catch (const dnnl::error &error) {
  throw Failure{std::string("oneDNN softmax: ") + error.what()};
}

Peer makeOneDnnAdd(const float *x, const float *y, int64_t count) try {
  auto call = std::make_shared<Call>();
  dnnl::memory::desc type({count}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  dnnl::binary::primitive_desc primitive({dnnl::algorithm::binary_add, type, type, type}, call->engine);
  call->primitive = dnnl::binary(primitive);
  call->arguments.emplace(DNNL_ARG_SRC_0, call->wrap(type, x));
  call->arguments.emplace(DNNL_ARG_SRC_1, call->wrap(type, y));
  return makePeer(call, type, primitive.impl_info_str());
} catch (const dnnl::error &error) {
  throw Failure{std::string("oneDNN add: ") + error.what()};
}

Peer makeOneDnnChain(const float *x, const float *g, int64_t count) try {
  auto call = std::make_shared<Call>();
  dnnl::memory::desc type({count}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  dnnl::post_ops after;
  after.append_binary(dnnl::algorithm::binary_add, type);
  after.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0);
  after.append_eltwise(1, dnnl::algorithm::eltwise_exp, 0, 0);
  after.append_eltwise(1, dnnl::algorithm::eltwise_linear, 1, -1);
  after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  dnnl::binary::primitive_desc primitive({dnnl::algorithm::binary_mul, type, type, type}, attributes, call->engine);
  call->primitive = dnnl::binary(primitive);
  call->arguments.emplace(DNNL_ARG_SRC_0, call->wrap(type, x));
  call->arguments.emplace(DNNL_ARG_SRC_1, call->wrap(type, g));
  call->arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, call->wrap(type, x));
  return makePeer(call, type, primitive.impl_info_str());
} catch (const dnnl::error &error) {
  throw Failure{std::string("oneDNN chain: ") + error.what()};
}

} // namespace tenon::bench
