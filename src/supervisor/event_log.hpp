// Transitions as they happen: kept in a small ring for followers, handed to the journal for ever.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/service.hpp"

namespace foster::supervisor {

class EventLog {
 public:
  /// Called for each new row, to store it; gives the row its id, which grows, also across supervisors.
  using Store = std::function<std::uint64_t(const api::EventRow&)>;

  explicit EventLog(Store store) : store_(std::move(store)) {}

  /// Stores the transition and tells everybody.
  void publish(const core::Transition& transition, std::string name, std::chrono::system_clock::time_point time,
               std::optional<core::RunEnd> end = {});

  /// Follows from the row after `after`; from now on when empty. Rows that left the ring are gone for
  /// followers: the journal has them.
  [[nodiscard]] std::unique_ptr<api::EventCursor> follow(std::optional<std::uint64_t> after);

  /// The last rows of one instance that are still in the ring, oldest first; all for an empty name.
  [[nodiscard]] std::vector<api::EventRow> recent(const std::string& name, std::size_t most) const;

 private:
  class Cursor;

  static constexpr std::size_t kKept = 256;

  Store store_;
  std::deque<api::EventRow> ring_;
  std::uint64_t last_id_ = 0;
  std::vector<Cursor*> cursors_;
};

}  // namespace foster::supervisor
