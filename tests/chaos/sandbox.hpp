// One foster with directories of its own, and every process that came of it, as /proc shows them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace foster::chaos {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

[[nodiscard]] std::uint64_t now_ns();
/// Paces the story: no condition is waited for.
void rest(std::chrono::microseconds how_long);
[[nodiscard]] bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience);

/// A process of the sandbox.
struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  std::uint64_t start_time = 0;
  char state = '?';
  std::string role;      ///< "reaper" or "supervisor", by its first word; otherwise empty.
  std::string instance;  ///< FOSTER_INSTANCE; empty: not of a service.
  std::string tag;       ///< FOSTER_RUN
};

/// A command of foster that has begun.
struct Command {
  pid_t pid = 0;
  std::string name;
  std::string output_path;
  Clock::time_point begun;
  std::uint64_t begun_ns = 0;
};

struct Outcome {
  int code = 0;  ///< 128 + n for a signal; 124: not in time.
  std::string output;
};

/// Its destructor kills whatever is left of the sandbox, after the oracle has looked.
class Sandbox {
 public:
  explicit Sandbox(std::string foster);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  [[nodiscard]] Command begin(const std::vector<std::string>& arguments);
  [[nodiscard]] bool has_ended(const Command& command);
  [[nodiscard]] Outcome finish(const Command& command, std::chrono::milliseconds patience = 60s);
  Outcome run(const std::vector<std::string>& arguments, std::chrono::milliseconds patience = 60s);

  /// Everything alive that bears this sandbox's mark. @threads Any.
  [[nodiscard]] std::vector<Process> processes() const;
  [[nodiscard]] std::optional<Process> find_role(const std::string& role) const;
  /// Also zombies.
  [[nodiscard]] static std::optional<char> state_of(pid_t pid);

  /// Takes up the ends of our own children: commands, and whoever lost his parent. @threads Any.
  void reap();

  /// The body of an answer of the API; empty when there was none in time.
  [[nodiscard]] std::string get(const std::string& target, std::chrono::milliseconds patience = 30s) const;

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }
  [[nodiscard]] std::string socket() const { return path("run/chaos/control.sock"); }
  [[nodiscard]] std::string logs() const { return path("log/chaos"); }
  [[nodiscard]] std::string witnesses() const { return path("witness"); }
  /// Keeps the directories, for whoever wants to look.
  void keep() { is_kept_ = true; }

  std::string foster;  ///< The binary that commands run.

 private:
  /// A process that does what the destructor does, when we are killed.
  void post_warden();
  void kill_everything();

  UniqueFd alive_;  ///< Closed with us.
  testing::TemporaryDirectory directory_;
  std::vector<std::string> environment_;
  std::mutex mutex_;
  std::map<pid_t, int> ended_;
  unsigned commands_ = 0;
  bool is_kept_ = false;
};

}  // namespace foster::chaos
