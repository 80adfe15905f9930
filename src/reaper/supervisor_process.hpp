// The supervisor as the reaper sees it: a program that is started again and again.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>

#include "reaper/held_fds.hpp"
#include "reaper/launch.hpp"

namespace foster::reaper {

/// What every supervisor is started with. argv is
/// {"foster: supervisor", "--channel", "N", "--lock", "N", "--listener", "N", "--kept", "N", arguments…}, and for the
/// first one
/// "--ready-fd", "N" before the arguments; an option is left out where there is no such descriptor. Signals are at
/// their defaults and unblocked, the process group is the reaper's, and no parent-death signal is set: a supervisor
/// survives its reaper, and notices by its channel.
struct SupervisorRecipe {
  std::string program{};  ///< For execve. When it has gone, the file the reaper itself runs is used.
  std::vector<std::string> arguments{};
  UniqueFd channel{};                    ///< The supervisor's end; kept open here too.
  UniqueFd lock{};                       ///< The instance's lock, or none; kept open here too.
  UniqueFd ready{};                      ///< For the first one alone, or none; closed here once it has started.
  std::optional<rlimit64> file_limit{};  ///< RLIMIT_NOFILE as it was found.
};

/// Prepared by the constructor; nothing after it takes heap.
class SupervisorProcess {
 public:
  explicit SupervisorProcess(SupervisorRecipe recipe);
  SupervisorProcess(const SupervisorProcess&) = delete;
  SupervisorProcess& operator=(const SupervisorProcess&) = delete;
  ~SupervisorProcess() = default;

  /// Starts one, which inherits what is held: it may be the last to hold it. There must be none. @return Whether it
  /// runs; `wait_status_of_failure` is its end if not.
  [[nodiscard]] bool start(const HeldFds& held) noexcept;

  /// The one that runs, or has ended and was not asked for its end.
  [[nodiscard]] std::optional<Pid> pid() const noexcept { return pid_; }

  /// Keeps a supervisor's listening socket and hands it to the next one, so that clients who come between the two
  /// find an open door. In place of what was kept.
  void keep_listener(UniqueFd socket) noexcept;

  /// The kept one; clients that nobody has accepted make it readable.
  [[nodiscard]] std::optional<BorrowedFd> listener() const noexcept;

  /// The instance's lock is another file from now on, under the same number.
  void replace_lock(BorrowedFd lock) noexcept;

  /// One that an earlier program of this process has started.
  void adopt(Pid pid) noexcept {
    pid_ = pid;
    started_before_ = true;
  }

  /// What the next program of this process needs of all this.
  [[nodiscard]] const SupervisorRecipe& recipe() const noexcept { return recipe_; }

  /// SIGKILL to the one that runs. Its end is still to be taken.
  void kill() const noexcept;

  /// Its wait status once it has ended; it is reaped, and `pid` is empty from then on.
  [[nodiscard]] std::optional<int> take_end() noexcept;

  /// As if it had exited with 127.
  static constexpr int wait_status_of_failure = 127 << 8;

 private:
  /// Words with the array of pointers that execve wants.
  class Words {
   public:
    explicit Words(std::vector<std::string> words);
    Words(const Words&) = delete;
    Words& operator=(const Words&) = delete;
    ~Words() = default;
    [[nodiscard]] char* const* get() const noexcept { return pointers_.data(); }

   private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
  };

  SupervisorRecipe recipe_;
  UniqueFd listener_;  // its number never changes: the arguments name it
  UniqueFd kept_;      // the list of what is held, in memory
  bool has_listener_ = false;
  Words first_argv_;
  Words later_argv_;
  std::vector<int> inherited_;        // with room for all that is held
  std::size_t always_inherited_ = 0;  // as many of them; behind them the one for the first supervisor alone
  bool started_before_ = false;
  std::optional<Pid> pid_;
};

}  // namespace foster::reaper
