#include "core/alarms.hpp"

namespace foster::core {
namespace {

// Ties go by id, so that the order of a replay is the order of the first time.
bool is_before(const auto& one, const auto& other) {
  return one.at != other.at ? one.at < other.at : one.id < other.id;
}

}  // namespace

void Alarms::set(InstanceId id, std::optional<Instant> at) {
  if (id >= where_.size()) {
    if (!at) return;
    where_.resize(id + 1, kNowhere);
  }
  const std::uint32_t where = where_[id];
  if (!at) {
    if (where != kNowhere) remove(where);
    return;
  }
  if (where == kNowhere) {
    heap_.push_back({*at, id});
    where_[id] = static_cast<std::uint32_t>(heap_.size() - 1);
    rise(heap_.size() - 1);
  } else if (heap_[where].at != *at) {
    heap_[where].at = *at;
    rise(where);
    sink(where_[id]);
  }
}

std::optional<Instant> Alarms::earliest() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

std::optional<InstanceId> Alarms::take_due(Instant now) {
  if (heap_.empty() || heap_.front().at > now) return std::nullopt;
  const InstanceId id = heap_.front().id;
  remove(0);
  return id;
}

void Alarms::put(std::size_t where, Entry entry) {
  heap_[where] = entry;
  where_[entry.id] = static_cast<std::uint32_t>(where);
}

void Alarms::rise(std::size_t where) {
  const Entry entry = heap_[where];
  while (where > 0 && is_before(entry, heap_[(where - 1) / 2])) {
    put(where, heap_[(where - 1) / 2]);
    where = (where - 1) / 2;
  }
  put(where, entry);
}

void Alarms::sink(std::size_t where) {
  const Entry entry = heap_[where];
  for (std::size_t child = 2 * where + 1; child < heap_.size(); child = 2 * where + 1) {
    if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
    if (!is_before(heap_[child], entry)) break;
    put(where, heap_[child]);
    where = child;
  }
  put(where, entry);
}

void Alarms::remove(std::size_t where) {
  where_[heap_[where].id] = kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (where == heap_.size()) return;
  put(where, last);
  rise(where);
  sink(where_[last.id]);
}

}  // namespace foster::core
