// A foster of its own with many of the smallest services.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "proc.hpp"
#include "report.hpp"

namespace foster::bench {

class Fleet {
 public:
  /// Writes the config for `count` services; starts nothing.
  explicit Fleet(std::size_t count, std::string extra_keys = {});
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Milliseconds from the command to the last service's main; -1: not all came.
  [[nodiscard]] double up();
  [[nodiscard]] Outcome command(const std::vector<std::string>& words) const;
  /// Reaper and supervisor.
  [[nodiscard]] std::vector<pid_t> own_pids() const;
  [[nodiscard]] Report& report() { return report_; }
  /// Pids by service number, after `up`.
  [[nodiscard]] const std::vector<pid_t>& pids() const { return pids_; }
  void down();

 private:
  std::size_t count_;
  std::string directory_;
  Report report_;
  std::vector<std::string> variables_;
  std::vector<pid_t> pids_;
};

}  // namespace foster::bench
