//===- Training.h - training the network on one device ----------------------===//
//
// Owns the network's weights and the order of launches. Everything that computes is an operator of digits.tn.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Data.h"

#include <functional>
#include <string>
#include <vector>

struct TrainingOptions {
  int64_t heldOut = 0; ///< So many examples at the end are not trained on, only tested with.
  int64_t hidden = 32;
  int64_t batch = 32;
  int epochs = 30;
  float rate = 0.1f;
  uint32_t seed = 1;
};

struct TrainingResult {
  double accuracy = 0;        ///< Share of the held-out digits that are read rightly.
  double loss = 0;            ///< On the held-out digits.
  double secondsPerEpoch = 0; ///< Mean of all epochs but the first, which builds kernels; data stay on the device.
  std::vector<float> probabilities; ///< Of the held-out digits, ten each.
};

/// Trains on the current device with the package at `package`. `progress` is told each epoch that is done. Throws
/// std::runtime_error with the runtime's message.
TrainingResult train(const std::string &package, const Digits &digits, const TrainingOptions &options,
                     const std::function<void(int epoch)> &progress);
