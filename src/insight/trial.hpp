// A program started for show: in a terminal of its own, as a shell would, to see how it becomes a daemon; and ended
// again.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <foster/exit_status.hpp>
#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "insight/changes.hpp"

namespace foster::insight {

/// How it went.
struct TrialResult {
  std::optional<Pid> daemon = {};           ///< Who is left, or stayed in the foreground; empty: nobody.
  std::optional<ExitStatus> launcher = {};  ///< Of the program as it was started; empty: it has not ended.
  std::optional<Error> problem = {};        ///< Why it could not even be executed.
  std::vector<std::string> seen = {};       ///< "sh (4712) was forked by 4711", "4712 made session 4712"…, in order.
};

/// One program under watch. This process becomes a subreaper, so that whatever the program leaves behind comes back to
/// it. Destroying it ends all of them: SIGTERM, two seconds, SIGKILL.
///
/// @threads Only where no other thread runs: it forks.
class Trial {
 public:
  /// @errors "exec X", `ENOENT`, `EACCES`; `EAGAIN` no process or no terminal to be had.
  [[nodiscard]] static Result<Trial> start(const std::vector<std::string>& argv);

  Trial(Trial&& other) noexcept;
  Trial& operator=(Trial&&) = delete;
  ~Trial();

  /// Watches until the program has ended and what it left is at rest, or for `patience`.
  /// @blocks As long.
  [[nodiscard]] TrialResult watch(std::chrono::milliseconds patience);

  /// The target of a descriptor that it was given and should close.
  [[nodiscard]] const std::string& planted() const noexcept { return planted_; }
  /// What it wrote to its terminal.
  [[nodiscard]] const std::string& output() const noexcept { return output_; }

 private:
  Trial() = default;
  void look(TrialResult& result);
  void drain();
  [[nodiscard]] std::vector<const Process*> offspring(const ProcessTable& table) const;

  UniqueFd terminal_;
  UniqueFd told_;    ///< From the stand-in for a shell: the launcher's pid, then its wait status.
  UniqueFd marker_;  ///< Our end of the planted descriptor.
  std::string planted_;
  std::string output_;
  pid_t shell_ = -1;
  pid_t launcher_ = -1;
  std::optional<int> status_;
  Known known_;
};

}  // namespace foster::insight
