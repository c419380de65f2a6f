//===- Training.cpp - training the network on one device --------------------===//
//
// Owns the calls of the runtime: a package, tensors in device memory, and one stream that everything runs in.
//
//===------------------------------------------------------------------------===//
#include "Training.h"

#include "tenon/tenon.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>

namespace {

constexpr int64_t classes = 10;

void check(tnError_t error, const std::string &what) {
  if (error != tnSuccess)
    throw std::runtime_error(what + ": " + tnGetLastErrorMessage());
}

template <typename T> constexpr DLDataType dlType = {kDLFloat, 32, 1};
template <> constexpr DLDataType dlType<int32_t> = {kDLInt, 32, 1};

/// A tensor in the device's memory. May be a window on another one's.
template <typename T> class Tensor {
public:
  explicit Tensor(std::vector<int64_t> shape) : shape(std::move(shape)) {
    void *address = nullptr;
    check(tnMalloc(&address, bytes()), "allocating " + std::to_string(bytes()) + " bytes");
    memory = std::shared_ptr<void>(address, tnFree);
    data = static_cast<T *>(address);
  }
  Tensor(std::vector<int64_t> shape, const std::vector<T> &values) : Tensor(std::move(shape)) { set(values); }

  void set(const std::vector<T> &values) {
    check(tnMemcpy(data, values.data(), bytes(), tnMemcpyHostToDevice), "copying to the device");
  }
  std::vector<T> get() const {
    std::vector<T> values(static_cast<size_t>(size()));
    check(tnMemcpy(values.data(), data, bytes(), tnMemcpyDeviceToHost), "copying from the device");
    return values;
  }
  /// Rows `begin` to `begin + count`: device pointers have arithmetic.
  Tensor rows(int64_t begin, int64_t count) const {
    Tensor window = *this;
    window.data += begin * (size() / shape[0]);
    window.shape[0] = count;
    return window;
  }

  DLTensor dl() const {
    return tnTensor(data, dlType<T>, static_cast<int32_t>(shape.size()), const_cast<int64_t *>(shape.data()));
  }

private:
  int64_t size() const { return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>()); }
  size_t bytes() const { return static_cast<size_t>(size()) * sizeof(T); }

  std::vector<int64_t> shape;
  std::shared_ptr<void> memory;
  T *data = nullptr;
};

using Floats = Tensor<float>;
using Ints = Tensor<int32_t>;

/// One argument of a launch: a tensor, or a scalar; null is the scalar's default.
class Argument {
public:
  template <typename T> Argument(const Tensor<T> &tensor) : tensor(tensor.dl()) {}
  Argument(const float *scalar) : scalar(scalar) {}
  void *pointer() { return tensor.ndim < 0 ? const_cast<float *>(scalar) : static_cast<void *>(&tensor); }

private:
  DLTensor tensor = {nullptr, {kDLCPU, 0}, -1, {}, nullptr, nullptr, 0};
  const float *scalar = nullptr;
};

/// The operators of a package, by name.
class Operators {
public:
  explicit Operators(const std::string &path) { check(tnModuleLoad(&module, path.c_str()), "loading " + path); }
  ~Operators() { tnModuleUnload(module); }
  Operators(const Operators &) = delete;
  Operators &operator=(const Operators &) = delete;

  /// Queues a launch; arguments in declared order, results last.
  void launch(const std::string &name, std::vector<Argument> arguments) {
    tnOp_t &op = ops[name];
    if (!op)
      check(tnModuleGetOp(&op, module, name.c_str()), name);
    std::vector<void *> pointers;
    for (Argument &argument : arguments)
      pointers.push_back(argument.pointer());
    check(tnOpLaunch(op, pointers.data(), nullptr), name);
  }

private:
  tnModule_t module = nullptr;
  std::map<std::string, tnOp_t> ops;
};

/// A tensor that is learned: its value and its momentum.
struct Parameter {
  Parameter(std::vector<int64_t> shape, const std::vector<float> &start)
      : value(shape, start), momentum(shape, std::vector<float>(start.size())), gradient(shape) {}

  void update(Operators &ops, float rate) {
    ops.launch("update", {value, momentum, gradient, &rate, static_cast<const float *>(nullptr), value, momentum});
  }

  Floats value, momentum, gradient;
};

std::vector<float> randomWeights(std::mt19937 &generator, int64_t inputs, int64_t outputs) {
  std::normal_distribution<float> normal(0, std::sqrt(2.0f / static_cast<float>(inputs)));
  std::vector<float> weights(static_cast<size_t>(inputs * outputs));
  for (float &weight : weights)
    weight = normal(generator);
  return weights;
}

/// The weights, and what a batch leaves behind on its way through.
class Network {
public:
  Network(Operators &ops, const TrainingOptions &options, std::mt19937 &generator)
      : ops(ops), options(options),
        w1({Digits::pixels, options.hidden}, randomWeights(generator, Digits::pixels, options.hidden)),
        b1({options.hidden}, std::vector<float>(static_cast<size_t>(options.hidden))),
        w2({options.hidden, classes}, randomWeights(generator, options.hidden, classes)),
        b2({classes}, std::vector<float>(classes)), x({options.batch, Digits::pixels}), digit({options.batch}),
        h({options.batch, options.hidden}), z({options.batch, classes}), y({options.batch, classes}),
        gz({options.batch, classes}), gh({options.batch, options.hidden}) {}

  /// One step of gradient descent on the examples that `which` names.
  void step(const Floats &allX, const Ints &allDigits, const Ints &which, int64_t count) {
    Floats x = this->x.rows(0, count), h = this->h.rows(0, count), z = this->z.rows(0, count);
    Floats y = this->y.rows(0, count), gz = this->gz.rows(0, count), gh = this->gh.rows(0, count);
    Ints digit = this->digit.rows(0, count);
    ops.launch("pick", {allX, allDigits, which, x, digit});

    ops.launch("hidden", {x, w1.value, b1.value, h});
    ops.launch("linear", {h, w2.value, b2.value, z});
    ops.launch("softmax", {z, y});

    ops.launch("loss_gradient", {y, digit, gz});
    ops.launch("weight_gradient", {h, gz, w2.gradient});
    ops.launch("bias_gradient", {gz, b2.gradient});
    ops.launch("hidden_gradient", {gz, w2.value, h, gh});
    ops.launch("weight_gradient", {x, gh, w1.gradient});
    ops.launch("bias_gradient", {gh, b1.gradient});

    for (Parameter *parameter : {&w1, &b1, &w2, &b2})
      parameter->update(ops, options.rate);
  }

  TrainingResult test(const Floats &x, const Ints &digit, int64_t count, const std::vector<int32_t> &wanted) {
    Floats h({count, options.hidden}), z({count, classes}), y({count, classes}), loss({});
    Ints predicted({count});
    ops.launch("hidden", {x, w1.value, b1.value, h});
    ops.launch("linear", {h, w2.value, b2.value, z});
    ops.launch("softmax", {z, y});
    ops.launch("loss", {z, digit, loss});
    ops.launch("predict", {y, predicted});
    TrainingResult result;
    result.probabilities = y.get();
    result.loss = loss.get()[0];
    std::vector<int32_t> got = predicted.get();
    int64_t right = 0;
    for (size_t i = 0; i < got.size(); ++i)
      right += got[i] == wanted[i];
    result.accuracy = static_cast<double>(right) / static_cast<double>(count);
    return result;
  }

private:
  Operators &ops;
  const TrainingOptions &options;
  Parameter w1, b1, w2, b2;
  Floats x;
  Ints digit;
  Floats h, z, y, gz, gh;
};

} // namespace

TrainingResult train(const std::string &package, const Digits &digits, const TrainingOptions &options,
                     const std::function<void(int epoch)> &progress) {
  const int64_t heldOut = options.heldOut, count = digits.size() - heldOut;
  if (count < options.batch || heldOut < 1)
    throw std::runtime_error(std::to_string(digits.size()) + " examples, wanted at least " +
                             std::to_string(options.batch + heldOut));
  Operators ops(package);
  std::mt19937 generator(options.seed);
  Network network(ops, options, generator);

  Floats allX({digits.size(), Digits::pixels}, digits.x);
  Ints allDigits({digits.size()}, digits.digit);
  Floats trainX = allX.rows(0, count), testX = allX.rows(count, heldOut);
  Ints trainDigits = allDigits.rows(0, count), testDigits = allDigits.rows(count, heldOut);

  std::vector<int32_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Ints which({count});
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    if (epoch == std::min(1, options.epochs - 1))
      begin = Clock::now();
    std::shuffle(order.begin(), order.end(), generator);
    which.set(order);
    for (int64_t at = 0; at < count; at += options.batch) {
      int64_t size = std::min(options.batch, count - at);
      network.step(trainX, trainDigits, which.rows(at, size), size);
    }
    check(tnDeviceSynchronize(), "training");
    progress(epoch + 1);
  }
  double seconds = std::chrono::duration<double>(Clock::now() - begin).count();

  std::vector<int32_t> wanted(digits.digit.begin() + count, digits.digit.end());
  TrainingResult result = network.test(testX, testDigits, heldOut, wanted);
  result.secondsPerEpoch = seconds / std::max(1, options.epochs - 1);
  return result;
}
