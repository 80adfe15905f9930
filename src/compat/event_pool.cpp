#include "compat/event_pool.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/utf8.hpp"

namespace foster::compat {

bool EventPool::wants(EventType type) const {
  return std::ranges::any_of(settings_.events, [&](EventType wanted) { return includes(wanted, type); });
}

EventPool::Discarded EventPool::take(Event event, std::uint64_t serial) {
  const Discarded discarded = make_room();
  memory_.buffer.push_back({.event = std::move(event), .serial = serial, .pool_serial = memory_.next_serial++});
  return discarded;
}

EventPool::Discarded EventPool::take_back(PooledEvent event) {
  const Discarded discarded = make_room();
  memory_.buffer.push_front(std::move(event));
  return discarded;
}

PooledEvent EventPool::take_next() {
  PooledEvent event = std::move(memory_.buffer.front());
  memory_.buffer.pop_front();
  return event;
}

EventPool::Discarded EventPool::make_room() {
  if (memory_.buffer.size() < settings_.buffer_size) return std::nullopt;
  return take_next().serial;
}

std::string envelope(std::string_view identifier, std::string_view pool, const PooledEvent& event) {
  const std::string& payload = event.event.payload;
  return fmt::format("ver:3.0 server:{} serial:{} pool:{} poolserial:{} eventname:{} len:{}\n{}", identifier,
                     event.serial, pool, event.pool_serial, name_of(event.event.type), config::code_points(payload),
                     payload);
}

}  // namespace foster::compat
