#include "cli/top/source.hpp"

#include <fmt/format.h>

#include <utility>

#include "api/target.hpp"
#include "cli/log_follower.hpp"
#include "cli/why_page.hpp"
#include "sys/clock.hpp"

namespace foster::cli::top {
namespace {

using namespace std::chrono_literals;

constexpr Moment kRetry = 250ms;
constexpr std::uint64_t kLinesBefore = 200;
constexpr std::size_t kEvents = 40;
constexpr std::size_t kLines = 20;

std::string refusal_text(const Reply& reply) {
  const auto problem = read_problem(reply.body);
  return problem ? problem->message : fmt::format("foster answered with HTTP status {}", reply.status);
}

class LogSource final : public Source {
 public:
  LogSource(const Client& client, const std::string& name)
      : follower_(client, {.names = {name}, .lines = kLinesBefore, .follow = true}) {}

  void pump(Page& page, Moment now) override {
    if (is_over_) return;
    if (!is_up_) {
      if (now < retry_) return;
      retry_ = now + kRetry;
      is_up_ = follower_.begin().has_value();
      if (!is_up_) return;
    }
    const auto state = follower_.pump([&](std::string_view, std::string_view bytes) { page.append(bytes); });
    if (state == LogFollower::State::refused) page.append(refusal_text(follower_.refusal()) + "\n");
    is_over_ = state == LogFollower::State::refused || state == LogFollower::State::done;
    is_up_ = state == LogFollower::State::going;
    retry_ = now + kRetry;
  }

  void watch(std::vector<pollfd>& fds) const override {
    fds.push_back({is_up_ ? follower_.fd().get() : -1, POLLIN, 0});
  }

  std::optional<Moment> next() const override { return is_up_ || is_over_ ? std::nullopt : std::optional(retry_); }

 private:
  LogFollower follower_;
  bool is_up_ = false;
  bool is_over_ = false;
  Moment retry_{};
};

/// One question, asked until it is answered.
class Inquiry {
 public:
  Inquiry(const Client& client, std::string target) : client_(client), target_(std::move(target)) {}

  /// True once, when the answer is there.
  bool pump(Moment now) {
    if (reply_) return false;
    if (!exchange_) {
      if (now < retry_) return false;
      retry_ = now + kRetry;
      auto exchange = client_.begin({.target = target_});
      if (!exchange) return false;
      exchange_ = std::move(*exchange);
      body_.clear();
    }
    const auto state = exchange_->pump([&](const Piece& piece) { body_ += piece.bytes; });
    if (state == Exchange::State::going) return false;
    const Reply reply{.status = exchange_->status(), .body = body_.empty() ? exchange_->body() : body_};
    exchange_.reset();
    if (state == Exchange::State::done) reply_ = reply;
    return reply_.has_value();
  }

  [[nodiscard]] const std::optional<Reply>& reply() const { return reply_; }
  [[nodiscard]] pollfd watched() const { return {exchange_ ? exchange_->fd().get() : -1, POLLIN, 0}; }
  [[nodiscard]] std::optional<Moment> next() const {
    return reply_ || exchange_ ? std::nullopt : std::optional(retry_);
  }

 private:
  const Client& client_;
  std::string target_;
  std::optional<Exchange> exchange_;
  std::string body_;
  std::optional<Reply> reply_;
  Moment retry_{};
};

class WhySource final : public Source {
 public:
  WhySource(const Client& client, const Row& row)
      : row_(row),
        history_(client, fmt::format("/v1/services/{}/history?n={}", api::percent_encode(row.name), kEvents)),
        log_(client, fmt::format("/v1/services/{}/log?lines={}", api::percent_encode(row.name), kLines)) {}

  void pump(Page& page, Moment now) override {
    const bool has_history = history_.pump(now);
    const bool has_log = log_.pump(now);
    if (!has_history && !has_log && !page.is_empty()) return;
    const auto& events = history_.reply();
    const auto& output = log_.reply();
    page.clear();
    page.append(why_page(row_,
                         events && events->is_ok() ? read_history(events->body).value_or(std::vector<HistoryRow>{})
                                                   : std::vector<HistoryRow>{},
                         output && output->is_ok() ? output->body : std::string(), sys::wall_now(), false));
  }

  void watch(std::vector<pollfd>& fds) const override {
    fds.push_back(history_.watched());
    fds.push_back(log_.watched());
  }

  std::optional<Moment> next() const override {
    const auto one = history_.next();
    const auto other = log_.next();
    return one && other ? std::optional(std::min(*one, *other)) : one ? one : other;
  }

 private:
  Row row_;
  Inquiry history_;
  Inquiry log_;
};

}  // namespace

std::unique_ptr<Source> follow_log(const Client& client, const std::string& name) {
  return std::make_unique<LogSource>(client, name);
}

std::unique_ptr<Source> ask_why(const Client& client, const Row& row) {
  return std::make_unique<WhySource>(client, row);
}

}  // namespace foster::cli::top
