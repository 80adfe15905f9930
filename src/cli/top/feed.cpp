#include "cli/top/feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace foster::cli::top {
namespace {

using namespace std::chrono_literals;

constexpr Moment kEach = 1s;
// Things happen together: one question is enough for them.
constexpr Moment kAfterAnEvent = 100ms;
constexpr Moment kRetry = 250ms;
constexpr Moment kSlow = 3s;

pollfd readable(const std::optional<Exchange>& exchange) {
  return {exchange ? exchange->fd().get() : -1, POLLIN, 0};
}

}  // namespace

std::string absence_text(const Client& client, const std::string& foster, const Error& error) {
  if (error.code != ENOENT && error.code != ECONNREFUSED) {
    return fmt::format("{} cannot be asked: {}", foster, to_string(error));
  }
  if (client.may_be_alive()) return fmt::format("{} does not answer just now; its services run on", foster);
  return fmt::format("{} has ended; waiting for it to come back", foster);
}

void Feed::look(Moment now) {
  looked_ = now;
  if (!events_ && now >= next_events_) follow_events(now);
  if (!list_ && now >= next_list_) ask(now);
  if (list_ && now - asked_ > kSlow) {
    lost_ = fmt::format("{} has not answered for {} s", foster_,
                        std::chrono::duration_cast<std::chrono::seconds>(now - asked_).count());
  }
}

void Feed::follow_events(Moment now) {
  parser_ = {};
  auto exchange = client_.begin({.target = "/v1/events"});
  if (exchange) events_ = std::move(*exchange);
  next_events_ = now + kRetry;
}

void Feed::ask(Moment now) {
  body_.clear();
  auto exchange = client_.begin({.target = target_});
  asked_ = now;
  next_list_ = now + (exchange ? kEach : kRetry);
  if (exchange) {
    list_ = std::move(*exchange);
  } else {
    lost_ = absence_text(client_, foster_, exchange.error());
  }
}

void Feed::pump_events(Moment now) {
  if (!events_) return;
  const auto state = events_->pump([&](const Piece& piece) {
    parser_.take(piece.bytes, [&](const FeedEvent&) { next_list_ = std::min(next_list_, asked_ + kAfterAnEvent); });
  });
  if (state == Exchange::State::going) return;
  events_.reset();
  next_events_ = now + kRetry;
  // Whatever ended the stream is worth a look.
  next_list_ = std::min(next_list_, now + kAfterAnEvent);
}

std::optional<std::vector<Row>> Feed::pump(Moment now) {
  pump_events(now);
  if (!list_) return std::nullopt;
  const auto state = list_->pump([&](const Piece& piece) { body_ += piece.bytes; });
  if (state == Exchange::State::going) return std::nullopt;
  const std::string body = body_.empty() ? list_->body() : body_;
  const unsigned status = list_->status();
  list_.reset();
  if (state == Exchange::State::lost) {
    next_list_ = now + kRetry;
    return std::nullopt;
  }
  auto rows = read_rows(body);
  if (status != 200 || !rows) {
    const auto problem = read_problem(body);
    lost_ = problem ? problem->message : fmt::format("{} answered with HTTP status {}", foster_, status);
    return std::nullopt;
  }
  lost_.clear();
  return rows;
}

void Feed::watch(std::vector<pollfd>& fds) const {
  fds.push_back(readable(events_));
  fds.push_back(readable(list_));
}

Moment Feed::next() const {
  // An answer that is late is waited for, and how late it is is told each second.
  Moment next = list_ ? looked_ + kEach : next_list_;
  if (!events_) next = std::min(next, next_events_);
  return next;
}

}  // namespace foster::cli::top
