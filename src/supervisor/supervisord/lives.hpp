// What Supervisor's clients are told of a process and the core does not keep: when it was last started and stopped, and
// what was wrong. Made of transitions, those of the history included.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/service.hpp"

namespace foster::supervisor::supervisord {

struct Life {
  std::int64_t start = 0;  ///< Seconds since the epoch; 0: never.
  std::int64_t stop = 0;
  std::string spawn_error = {};
  int exit_status = 0;  ///< 0 while there is none; -1: ended by a signal.
};

/// How a transition looks to Supervisor.
enum class Turn : std::uint8_t {
  none,
  begun,      ///< A run begins.
  no_spawn,   ///< It could not be started.
  succeeded,  ///< It is running.
  too_quick,  ///< It ended before it was.
  ended,      ///< It ended by itself, having been running.
  stopped,    ///< It ended because it had to.
};

class Lives {
 public:
  /// What has happened, to a process that should end with one of these codes.
  Turn note(const api::EventRow& row, const std::vector<std::uint8_t>& exit_codes);
  /// Why the run that has just failed to begin did.
  void set_spawn_error(std::string_view name, std::string text);

  /// By the name of the service; empty where nothing ever happened.
  [[nodiscard]] const Life* find(std::string_view name) const;
  void forget(std::string_view name);

 private:
  struct Entry {
    Life life;
    bool was_running = false;  ///< The run that is, or was last.
    bool is_told = false;      ///< Its end.
  };
  static Turn note_end(Entry& entry, const api::EventRow& row, const std::vector<std::uint8_t>& exit_codes);

  // All are looked for whenever somebody asks for them all, by whatever text is at hand.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

/// -1: by a signal, or nobody knows.
[[nodiscard]] int exit_code_of(const ExitStatus& exit);
[[nodiscard]] bool is_expected(const ExitStatus& exit, const std::vector<std::uint8_t>& exit_codes);

}  // namespace foster::supervisor::supervisord
