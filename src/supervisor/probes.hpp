// From a service's way to become ready to the probe that watches for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <foster/exit_status.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "core/model.hpp"
#include "supervisor/output.hpp"
#include "supervisor/probe.hpp"

namespace foster::supervisor {

/// What a probe may use. The references outlive it.
struct ProbeTools {
  Loop& loop;
  BorrowedFd fifos;
  std::string fifo_name;
  Output* output = nullptr;
  /// Starts a helper of the service; `done` is called when it has ended.
  std::function<Result<Pid>(const std::vector<std::string>& argv, std::function<void(ExitStatus)> done)> spawn_helper;
  ProbeDone ready;
};

/// Empty where nothing need be watched: notify, forking, none.
[[nodiscard]] std::unique_ptr<Probe> make_probe(const core::Readiness& readiness, ProbeTools tools);

/// The end of a readiness FIFO (s6's notification fd) for a new run. It is emptied first: what an
/// old run has said does not count.
[[nodiscard]] Result<UniqueFd> open_ready_fifo(BorrowedFd fifos, const std::string& fifo_name);

/// Removes the FIFOs of a slot; those that are not there are no error.
void remove_fifos(BorrowedFd fifos, std::uint32_t slot);

}  // namespace foster::supervisor
