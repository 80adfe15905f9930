// A pool of event listeners without its processes: what it wants to hear of, and what waits for one that is ready.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compat/event.hpp"

namespace foster::compat {

/// An event on its way to one pool. Whoever gets it again sees the same numbers.
struct PooledEvent {
  Event event;
  std::uint64_t serial = 0;       ///< Among all events that any pool took.
  std::uint64_t pool_serial = 0;  ///< Among those of this pool.
  friend bool operator==(const PooledEvent&, const PooledEvent&) = default;
};

class EventPool {
 public:
  struct Settings {
    std::string name = {};
    std::vector<EventType> events = {};
    std::size_t buffer_size = 10;  ///< At least 1.
  };
  /// What a pool goes on with.
  struct Memory {
    std::uint64_t next_serial = 0;
    std::deque<PooledEvent> buffer = {};
  };
  /// The serial of an event that had to make room; empty: none had to.
  using Discarded = std::optional<std::uint64_t>;

  explicit EventPool(Settings settings) : settings_(std::move(settings)) {}
  EventPool(Settings settings, Memory memory) : settings_(std::move(settings)), memory_(std::move(memory)) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const Memory& memory() const { return memory_; }

  [[nodiscard]] bool wants(EventType type) const;
  /// It waits behind all others. The oldest makes room where there is none.
  [[nodiscard]] Discarded take(Event event, std::uint64_t serial);
  /// It waits before all others. The oldest of those makes room where there is none.
  [[nodiscard]] Discarded take_back(PooledEvent event);

  /// The next to be sent; null: none waits.
  [[nodiscard]] const PooledEvent* next() const { return memory_.buffer.empty() ? nullptr : &memory_.buffer.front(); }
  /// Only where there is a next.
  [[nodiscard]] PooledEvent take_next();

 private:
  [[nodiscard]] Discarded make_room();

  Settings settings_;
  Memory memory_;
};

/// What is written to a listener's stdin. The length in it counts characters, as listeners in Python read them.
[[nodiscard]] std::string envelope(std::string_view identifier, std::string_view pool, const PooledEvent& event);

}  // namespace foster::compat
