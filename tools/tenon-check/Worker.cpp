//===- Worker.cpp - checking in a process of its own ------------------------===//
//
// Owns what Worker.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Worker.h"

#include "process/Process.h"
#include "tenon-check/Report.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace tenon::check {

/// Begins the worker's lines, so that what a driver prints is not taken for one.
static const std::string mark = "@tenon-check ";

void work(Checker &checker, const std::vector<Task> &tasks, size_t from, size_t to) {
  for (size_t t = from; t < std::min(to, tasks.size()); ++t) {
    std::printf("\n%sbegin %zu\n", mark.c_str(), t);
    std::fflush(stdout);
    std::string lines;
    for (const Row &row : checker.check(*tasks[t].instance, tasks[t].tests))
      lines += "\n" + mark + lineOf(row) + "\n";
    std::printf("%s\n%send %zu\n", lines.c_str(), mark.c_str(), t);
    std::fflush(stdout);
  }
}

namespace {
/// What one worker did.
struct Work {
  int status = 0;
  std::vector<std::vector<Row>> rows; ///< Of the tasks that it finished.
  std::string error;
};
} // namespace

static Work runWorker(std::vector<std::string> command, const std::vector<const Device *> &devices, size_t from,
                      size_t to) {
  std::string names;
  for (const Device *device : devices)
    names += (names.empty() ? "" : ",") + std::string(device->properties.id);
  command.insert(command.end(), {"--device=" + names, "--worker-range", std::to_string(from), std::to_string(to)});
  Work work;
  std::string output;
  work.status = process::run(command, &output, work.error);
  std::istringstream lines(output);
  std::vector<Row> rows;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(mark))
      continue;
    line = line.substr(mark.size());
    Row row;
    if (line.starts_with("begin ")) {
      rows.clear();
    } else if (line.starts_with("end ")) {
      work.rows.push_back(std::move(rows));
      rows.clear();
    } else if (rowOf(line, row)) {
      rows.push_back(std::move(row));
    }
  }
  return work;
}

static std::string endText(int status) {
  if (status > 128 && status < 128 + 65)
    return std::string("a signal: ") + strsignal(status - 128);
  return "exit status " + std::to_string(status);
}

int supervise(const std::vector<std::string> &command, const std::vector<Task> &tasks,
              const std::vector<Device> &devices, const std::function<void(std::vector<Row>)> &report,
              std::string &error) {
  std::vector<const Device *> all;
  for (const Device &device : devices)
    all.push_back(&device);
  for (size_t next = 0; next < tasks.size();) {
    Work work = runWorker(command, all, next, tasks.size());
    for (std::vector<Row> &rows : work.rows)
      report(std::move(rows));
    next += work.rows.size();
    if (next >= tasks.size())
      break;
    if (work.status < 0 || work.status == process::exitInput || work.status == process::exitUsage) {
      error = work.error;
      return work.status < 0 ? process::exitBug : work.status;
    }
    // It died within a task: each device on its own tells which one it was.
    std::vector<Row> rows;
    for (const Device *device : all) {
      Work alone = all.size() == 1 ? std::move(work) : runWorker(command, {device}, next, next + 1);
      if (all.size() > 1 && !alone.rows.empty()) {
        rows.insert(rows.end(), alone.rows[0].begin(), alone.rows[0].end());
        continue;
      }
      Row row;
      row.op = tasks[next].instance->op->name;
      row.types = typesText(*tasks[next].instance);
      row.device = device->properties.id;
      row.status = Row::Status::Failed;
      // The worker's command line, file first, is close to what repeats it.
      std::string repeat = "tenon-check " + command[1] + " --op=" + row.op;
      for (size_t v = 0; v < tasks[next].instance->types.size(); ++v)
        repeat += " --type " + tasks[next].instance->op->typeVariables[v].name + "=" +
                  getName(tasks[next].instance->types[v]);
      row.failure = Failure{"the process ended in " + endText(alone.status) + " while the operator ran on " +
                                device->properties.driver,
                            "",
                            "",
                            "",
                            "",
                            repeat + " --device=" + row.device,
                            0};
      rows.push_back(std::move(row));
    }
    report(std::move(rows));
    ++next;
  }
  return process::exitFine;
}

} // namespace tenon::check
