// Whether the supervisor still listens. Pure decisions; the reaper looks and does the deeds.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "reaper/keep_alive.hpp"

namespace foster::reaper {

/// A supervisor that has ended is easy to see; one that hangs is not. It owes two things: to take the messages of
/// the reaper, and to accept the connections of clients. While it owes nothing there is no deadline, and nobody is
/// woken. A message is looked after once more a second later; found untaken, it is the beginning of a patience of ten
/// seconds, a minute for a supervisor that has not said `up`. Every message that is taken begins it anew. A
/// client that still waits a second after it knocked is answered by a message that has to be taken.
class Attention {
 public:
  static constexpr std::chrono::milliseconds kSecondLook{1000};
  static constexpr std::chrono::milliseconds kPatience{10'000};
  static constexpr std::chrono::milliseconds kPatienceAtStart{60'000};

  /// What can be seen of the supervisor.
  struct Sight {
    std::size_t untaken = 0;    ///< Bytes of messages in the channel.
    std::uint64_t applied = 0;  ///< The last exit it has dealt with.
    bool is_up = false;
  };

  /// After every turn of the loop. @return Whether it hangs, and should be replaced.
  [[nodiscard]] bool is_lost(const Sight& sight, Instant now) noexcept;

  /// A client knocks. Whoever polls for clients stops until `wants_clients`.
  void client_waits(Instant now) noexcept {
    if (!client_since_) client_since_ = now;
  }
  /// Whether a client that knocks is news.
  [[nodiscard]] bool wants_clients() const noexcept { return !client_since_; }
  /// Whether it is time to see if the client still waits; afterwards the next one is news.
  [[nodiscard]] bool is_time_for_client(Instant now) noexcept;

  /// When to look again without being woken by anything else.
  [[nodiscard]] std::optional<Instant> next_look() const noexcept;

  /// The supervisor has ended; the next one owes nothing yet.
  void forget() noexcept { *this = {}; }

 private:
  std::optional<Instant> owes_since_;
  std::optional<Instant> client_since_;
  std::optional<Instant> due_;  // of what it owes
  Sight seen_;
};

}  // namespace foster::reaper
