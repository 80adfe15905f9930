// Transitions as they happened, for followers: a small ring. For ever they are in the journal.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/service.hpp"

namespace foster::supervisor {

class EventLog {
 public:
  /// Ids grow, also across supervisors; the last one that was given before this one began.
  explicit EventLog(std::uint64_t last_id) : last_id_(last_id) {}

  /// Tells everybody.
  void publish(api::EventRow row);

  /// Follows from the row after `after`; from now on when empty. Rows that left the ring are gone for
  /// followers: the journal has them.
  [[nodiscard]] std::unique_ptr<api::EventCursor> follow(std::optional<std::uint64_t> after);

  /// The last rows of one instance that are still in the ring, oldest first; all for an empty name.
  [[nodiscard]] std::vector<api::EventRow> recent(const std::string& name, std::size_t most) const;

 private:
  class Cursor;

  static constexpr std::size_t kKept = 256;

  std::deque<api::EventRow> ring_;
  std::uint64_t last_id_;
  std::vector<Cursor*> cursors_;
};

}  // namespace foster::supervisor
