// Exits as the reaper tells them: peeked, applied, then consumed. An exit is handled at least once,
// and a replay is recognised.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include <foster/signal.hpp>

#include "reaper/wire.hpp"
#include "supervisor/loop.hpp"
#include "sys/channel.hpp"

namespace foster::supervisor {

class Exits {
 public:
  using Handler = std::move_only_function<void(const reaper::Exited&)>;

  struct Callbacks {
    std::function<void()> orphan_reaped;                      ///< A child of the reaper that nobody expected has ended.
    std::function<void(const reaper::Signalled&)> signalled;  ///< Somebody signalled the reaper.
    std::function<void()> applied;                            ///< Everything up to `sequence` is handled.
    std::function<void()> reaper_lost;
  };

  /// Exits up to `last_applied` are replays. Nothing is read before `start`.
  Exits(Loop& loop, sys::Channel& channel, std::uint64_t last_applied, Callbacks callbacks);

  /// Handles what is queued, then goes on as more arrives.
  void start();
  /// Handles what is queued now, at most so many: services that end as fast as they are started again
  /// must not keep everybody else waiting.
  void drain(unsigned most = kAll);

  /// The last exit whose consequences are stored, or are with the next store: a replay of it must not count.
  [[nodiscard]] std::uint64_t sequence() const { return last_applied_; }
  /// From within a handler: the next thing stored is what follows from this exit.
  void count_as_applied() { last_applied_ = current_; }

  /// Calls `handler` once, when this child of the reaper has ended. Replaces an earlier one.
  void expect(pid_t pid, Handler handler) { expected_[pid] = std::move(handler); }
  void forget(pid_t pid) { expected_.erase(pid); }
  [[nodiscard]] bool is_expected(pid_t pid) const { return expected_.contains(pid); }

 private:
  static constexpr unsigned kAll = 10'000;  ///< More than the channel holds.
  static constexpr unsigned kTurn = 32;

  void handle(const reaper::Message& message);
  void handle_exit(const reaper::Exited& exited);

  Loop& loop_;
  sys::Channel& channel_;
  std::uint64_t last_applied_;
  std::uint64_t current_;
  Callbacks callbacks_;
  std::unordered_map<pid_t, Handler> expected_;
  std::optional<Watch> watch_;
};

}  // namespace foster::supervisor
