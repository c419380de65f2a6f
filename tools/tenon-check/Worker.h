//===- Worker.h - checking in a process of its own --------------------------===//
//
// Owns the two sides of a worker: the process that loads drivers and checks, and the one that starts it, reads its
// rows, and goes on without what made a driver crash. Does not own the checking.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "tenon-check/Check.h"

namespace tenon::check {

/// An instance with the tests that are about it.
struct Task {
  const Instance *instance;
  std::vector<const Test *> tests;
};

/// The worker: checks the tasks from..to, and prints each task's number before and its rows after it.
void work(Checker &checker, const std::vector<Task> &tasks, size_t from, size_t to);

/// The other side. `command` starts a worker for devices and a range that are appended. Rows are passed on task by
/// task. The worker's exit status where it refused to work, else 0.
int supervise(const std::vector<std::string> &command, const std::vector<Task> &tasks,
              const std::vector<Device> &devices, const std::function<void(std::vector<Row>)> &report,
              std::string &error);

} // namespace tenon::check
