// A real reaper in a process of its own, with a stand-in as its supervisor.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>

#include "ledger/ledger.hpp"

namespace foster::reaper::testing {

/// This test program, for execve.
[[nodiscard]] std::string own_path();

/// Looks again and again, until the patience is over. @return Whether it came true.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::seconds patience = std::chrono::seconds(60));

/// Live children and dead ones, as /proc shows them.
struct Children {
  std::vector<pid_t> alive;
  std::size_t zombies = 0;
};
[[nodiscard]] Children children_of(pid_t parent);

/// A process that leaves `count` orphans behind, each of which exits with a code from 0 to 99, and then ends.
/// It is a child of the caller, which becomes a subreaper first: the first orphans are quicker than a reaper's start.
void start_nursery(int count);

/// The same in the calling process, which ends with it. Its orphans go to the next subreaper.
[[noreturn]] void be_nursery(int count);

/// One line of the stand-in's log, in words.
using Line = std::vector<std::string>;

class ReaperUnderTest {
 public:
  enum class Namespace { ours, own };

  struct Setup {
    std::vector<std::string> stand_in{};       ///< Options of the stand-in but for --log.
    std::function<void()> before_run = [] {};  ///< In the reaper's process, before it becomes one.
    std::string program = own_path();
    UniqueFd lock{};
    UniqueFd ready_fd{};
    std::function<void(ledger::Ledger&)> prepare_ledger{};  ///< When given, the ledger was there before.
    Namespace pid_namespace = Namespace::ours;              ///< own: the reaper is pid 1 of a new one.
  };

  explicit ReaperUnderTest(Setup setup);
  ReaperUnderTest(const ReaperUnderTest&) = delete;
  ReaperUnderTest& operator=(const ReaperUnderTest&) = delete;
  ~ReaperUnderTest();

  /// False when the kernel gives us no pid namespace.
  [[nodiscard]] bool is_possible() const { return pid_ > 0; }
  /// Seen from here, also in a namespace.
  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;

  /// The stand-in's log so far.
  [[nodiscard]] std::vector<Line> log() const;
  /// Lines that begin with this word.
  [[nodiscard]] std::vector<Line> log(const std::string& kind) const;
  [[nodiscard]] bool eventually_logged(const std::string& kind, std::size_t count = 1) const;
  /// The pid of the newest stand-in; waits for the `count`-th, and throws if it does not come.
  [[nodiscard]] pid_t stand_in(std::size_t count = 1) const;

  [[nodiscard]] ledger::Ledger ledger() const;
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// Waits until of all its children only the supervisor lives, and at least one other is a zombie that stays.
  [[nodiscard]] bool eventually_only_zombies() const;

  /// Waits for the end of the reaper. @return Its exit code; 128 + n for a signal; empty if it lives on.
  [[nodiscard]] std::optional<int> exit_code();

 private:
  [[nodiscard]] int run(Setup& setup) const;

  std::filesystem::path directory_;
  pid_t outer_ = 0;  // our child: the reaper, or its parent outside the namespace
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
};

}  // namespace foster::reaper::testing
