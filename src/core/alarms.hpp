// Which instance has something due, and when: an index of deadlines that allocates nothing in steady state.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/action.hpp"
#include "core/time.hpp"

namespace foster::core {

/// At most one instant for each id; the earliest is found at once. A binary heap that knows where each id is.
class Alarms {
 public:
  /// Sets, moves or (with nothing) removes the alarm of an id.
  void set(InstanceId id, std::optional<Instant> at);

  [[nodiscard]] std::optional<Instant> earliest() const;

  /// Removes and returns an id due by `now`, the earliest first.
  [[nodiscard]] std::optional<InstanceId> take_due(Instant now);

 private:
  struct Entry {
    Instant at;
    InstanceId id;
  };
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  void put(std::size_t where, Entry entry);
  void rise(std::size_t where);
  void sink(std::size_t where);
  void remove(std::size_t where);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> where_;  // by id
};

}  // namespace foster::core
