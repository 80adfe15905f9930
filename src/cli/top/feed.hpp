// What foster tells of its services: asked each second, and at once when something has happened. Never waits: a foster
// that is away is asked again.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "cli/event_feed.hpp"
#include "cli/replies.hpp"

namespace foster::cli::top {

using Moment = std::chrono::nanoseconds;  ///< Of sys::monotonic_now.

/// In words, why there is no answer.
[[nodiscard]] std::string absence_text(const Client& client, const std::string& foster, const Error& error);

class Feed {
 public:
  /// @param client Without patience; outlives this.
  /// @param target What to ask: all services, or some.
  Feed(const Client& client, std::string foster, std::string target)
      : client_(client), foster_(std::move(foster)), target_(std::move(target)) {}

  /// Asks what is due to be asked.
  void look(Moment now);
  /// Takes in what is there. The rows, if they have come.
  [[nodiscard]] std::optional<std::vector<Row>> pump(Moment now);

  /// Why there is no answer; empty: there is.
  [[nodiscard]] const std::string& lost() const { return lost_; }
  /// What to poll for.
  void watch(std::vector<pollfd>& fds) const;
  /// When to `look` at the latest.
  [[nodiscard]] Moment next() const;

 private:
  void follow_events(Moment now);
  void ask(Moment now);
  void pump_events(Moment now);

  const Client& client_;
  std::string foster_;
  std::string target_;
  EventFeed parser_;
  std::optional<Exchange> events_;
  std::optional<Exchange> list_;
  std::string body_;
  std::string lost_;
  Moment next_events_{};
  Moment next_list_{};
  Moment asked_{};
  Moment looked_{};
};

}  // namespace foster::cli::top
