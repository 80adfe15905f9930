// Everything that is to be known of one process beside the table: for inspect and lint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "insight/predict.hpp"
#include "insight/view.hpp"
#include "sys/proc_details.hpp"
#include "sys/procfs.hpp"

namespace foster::insight {

/// A file that holds the process's number.
struct PidfileFact {
  std::string path;
  bool is_locked = false;  ///< By somebody, with flock, fcntl or an open file description lock.
};

struct SocketFact {
  int descriptor = -1;
  std::string text;  ///< "tcp 127.0.0.1:80 listening"; "socket" where the kernel's lists do not have it.
};

/// An empty optional is always "cannot be seen": another user's process, or one that has gone meanwhile.
struct Facts {
  std::optional<sys::ProcessStatus> status = {};
  std::optional<std::vector<sys::DescriptorLink>> descriptors = {};
  std::vector<SocketFact> sockets = {};
  std::vector<PidfileFact> pidfiles = {};
  std::optional<std::string> directory = {};
  std::optional<std::string> root = {};
  std::optional<std::string> program = {};
  std::optional<std::string> cgroup = {};
  std::vector<sys::LimitLine> limits = {};
  std::vector<std::pair<std::string, std::string>> namespaces = {};  ///< {"pid", "pid:[4026531836]"}
  std::vector<std::string> capabilities = {};                        ///< Effective ones: "net_bind_service".

  /// Where a descriptor leads; null when it is closed or cannot be seen.
  [[nodiscard]] const std::string* descriptor(int number) const noexcept;
};

/// Reads them. Looks for pidfiles where they are usually kept and among the open files.
[[nodiscard]] Facts read_facts(const Process& process);

/// Whether such a target of a descriptor is a terminal.
[[nodiscard]] bool is_terminal_path(std::string_view target) noexcept;

/// What `predict` wants to know, read from this machine when it asks. Valid as long as the facts.
[[nodiscard]] Surroundings read_surroundings(const Process& process, const Facts& facts);

/// logind's KillUserProcesses as its files say, of which the last counts; a commented line tells the built-in default.
/// Pure. Empty: no file says anything.
[[nodiscard]] std::optional<bool> kill_user_processes(const std::vector<std::string>& files);

}  // namespace foster::insight
