#include "cli/log_follower.hpp"

#include <poll.h>

#include "api/target.hpp"
#include "cli/session.hpp"

namespace foster::cli {

LogFollower::LogFollower(const Client& client, LogQuery query) : client_(client), query_(std::move(query)) {
  for (const auto& [name, position] : query_.from) places_[name] = {.position = position};
}

std::string LogFollower::target() const {
  std::string text = with_names("/v1/logs", query_.names);
  const auto add = [&](const std::string& parameter) {
    text += text.find('?') == std::string::npos ? '?' : '&';
    text += parameter;
  };
  if (query_.follow) add("follow=1");
  // Once it has begun, an instance without a place had written nothing: all it wrote since is new.
  if (query_.lines && !has_begun_) add("lines=" + std::to_string(*query_.lines));
  for (const auto& [name, place] : places_) {
    std::string resumed = name + "=" + place.position;
    if (place.seen != 0) resumed += "~" + std::to_string(place.seen);
    add("resume=" + api::percent_encode(resumed));
  }
  return text;
}

Result<> LogFollower::begin() {
  auto exchange = client_.begin({.target = target()});
  if (!exchange) return Failure(exchange.error());
  exchange_ = std::move(*exchange);
  return {};
}

void LogFollower::note(const Piece& piece) {
  auto found = places_.find(piece.name);
  if (found == places_.end()) {
    // Before its first whole chunk, there is no position to count from.
    if (!piece.ends_chunk || piece.position.empty()) return;
    found = places_.emplace(piece.name, Place{}).first;
  }
  Place& place = found->second;
  if (piece.ends_chunk && !piece.position.empty()) {
    place = {.position = std::string(piece.position), .seen = 0};
  } else {
    place.seen += piece.bytes.size();
  }
}

LogFollower::State LogFollower::pump(const Sink& sink) {
  const auto state = exchange_->pump([&](const Piece& piece) {
    sink(piece.name, piece.bytes);
    note(piece);
  });
  if (exchange_->has_begun()) {
    if (exchange_->status() != 200) return state == Exchange::State::going ? State::going : State::refused;
    has_begun_ = true;
  }
  if (state == Exchange::State::going) return State::going;
  if (state == Exchange::State::done && !query_.follow) return State::done;
  // A stream that should go on has ended: foster is going down, or its supervisor is being replaced.
  return begin() ? State::going : State::gone;
}

LogFollower::State LogFollower::finish(const Sink& sink, const std::function<bool()>& is_enough) {
  for (;;) {
    const State state = pump(sink);
    if (state != State::going || is_enough()) return state;
    pollfd ready{fd().get(), POLLIN, 0};
    (void)::poll(&ready, 1, -1);  // interrupted: pump finds nothing
  }
}

}  // namespace foster::cli
