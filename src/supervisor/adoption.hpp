// A process that something else has started: chosen by pid or pidfile, proved fit to be supervised, and described.
#pragma once

#include <functional>
#include <string>

#include <foster/ids.hpp>

#include "api/service.hpp"
#include "sys/pidfd.hpp"

namespace foster::supervisor {

/// What must not be adopted.
struct AdoptionLimits {
  Pid reaper;
  /// Name of the instance that this process is, or was started by; empty: none.
  std::function<std::string(Pid)> owner;
};

/// The process, held. Refused, with a sentence that says why: no such process, one that has ended, a kernel thread,
/// process 1, foster itself, one that is supervised already or that we may not signal; and a pidfile that holds no
/// pid, or was written before the process with its pid was started.
[[nodiscard]] api::Answer<sys::ProcessHandle> find_adoptee(const api::AdoptRequest& request,
                                                           const AdoptionLimits& limits);

/// A service that is this process and nothing more: never restarted by itself, with the command line and the directory
/// it has now, should somebody start it again. JSON, as for `foster run`.
[[nodiscard]] std::string definition_of(Pid pid);

}  // namespace foster::supervisor
