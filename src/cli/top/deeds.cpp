#include "cli/top/deeds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/json_codec.hpp"
#include "cli/commands/change.hpp"

namespace foster::cli::top {
namespace {

using namespace std::chrono_literals;

constexpr Moment kRetry = 250ms;
constexpr unsigned kMostTries = 40;

std::string_view done_word(api::Verb verb) {
  switch (verb) {
    case api::Verb::start:
      return "started";
    case api::Verb::stop:
      return "stopped";
    case api::Verb::restart:
      return "restarted";
  }
  return "";
}

std::string names_text(const std::vector<std::string>& names) {
  if (names == std::vector<std::string>{"*"}) return "all services";
  return names.size() == 1 ? names.front() : fmt::format("{} services", names.size());
}

}  // namespace

Message outcome_message(api::Verb verb, const std::string& whom, const Reply& reply) {
  if (!reply.is_ok()) {
    const auto problem = read_problem(reply.body);
    return {Message::Tone::failed, fmt::format("cannot {} {}: {}", api::to_string(verb), whom,
                                               problem ? problem->message : fmt::format("status {}", reply.status))};
  }
  const auto changed = read_changed(reply.body);
  if (!changed) return {Message::Tone::failed, fmt::format("cannot {} {}: no such answer", api::to_string(verb), whom)};
  std::size_t failures = 0;
  const OutcomeRow* first = nullptr;
  for (const OutcomeRow& one : changed->outcomes) {
    if (one.is_ok) continue;
    if (failures++ == 0) first = &one;
  }
  if (first == nullptr) return {Message::Tone::told, fmt::format("{} {}", whom, done_word(verb))};
  std::string text = fmt::format("{} {}", first->name, commands::failure_of(verb));
  if (!first->why.empty()) text += ": " + first->why;
  if (failures > 1) text += fmt::format("; and {} more", failures - 1);
  return {Message::Tone::failed, text};
}

Message Deeds::begin(const wish::Change& change) {
  const std::string whom = names_text(change.names);
  const api::ChangeRequest request{.verb = change.verb, .patterns = change.names, .wait = true};
  Question question{.method = "POST",
                    .target = "/v1/services/" + std::string(api::to_string(change.verb)),
                    .body = api::encode(request)};
  auto exchange = client_.begin(question);
  if (!exchange) {
    return {Message::Tone::failed, fmt::format("cannot {} {}: {}", api::to_string(change.verb), whom,
                                               absence_text(client_, foster_, exchange.error()))};
  }
  deeds_.push_back(
      {.verb = change.verb, .whom = whom, .question = std::move(question), .exchange = std::move(*exchange)});
  return {Message::Tone::told, fmt::format("asked to {} {}", api::to_string(change.verb), whom)};
}

std::optional<Message> Deeds::pump(Moment now) {
  for (auto deed = deeds_.begin(); deed != deeds_.end(); ++deed) {
    if (auto message = pump(*deed, now)) {
      deeds_.erase(deed);
      return message;
    }
  }
  return std::nullopt;
}

std::optional<Message> Deeds::pump(Deed& deed, Moment now) {
  if (!deed.exchange) {
    if (now < deed.retry) return std::nullopt;
    auto exchange = client_.begin(deed.question);
    if (!exchange) return lose(deed, now);
    deed.exchange = std::move(*exchange);
    deed.body.clear();
  }
  const auto state = deed.exchange->pump([&](const Piece& piece) { deed.body += piece.bytes; });
  if (state == Exchange::State::going) return std::nullopt;
  const Reply reply{.status = deed.exchange->status(), .body = deed.body.empty() ? deed.exchange->body() : deed.body};
  deed.exchange.reset();
  return state == Exchange::State::done ? outcome_message(deed.verb, deed.whom, reply) : lose(deed, now);
}

// To start or stop twice is to do it once; a restart would be a second one.
std::optional<Message> Deeds::lose(Deed& deed, Moment now) const {
  deed.retry = now + kRetry;
  if (deed.verb != api::Verb::restart && ++deed.tries < kMostTries) return std::nullopt;
  return Message{Message::Tone::failed,
                 fmt::format("the answer was lost: was {} {}? look at it", deed.whom, done_word(deed.verb))};
}

void Deeds::watch(std::vector<pollfd>& fds) const {
  for (const Deed& deed : deeds_) fds.push_back({deed.exchange ? deed.exchange->fd().get() : -1, POLLIN, 0});
}

std::optional<Moment> Deeds::next() const {
  std::optional<Moment> next;
  for (const Deed& deed : deeds_) {
    if (!deed.exchange) next = std::min(next.value_or(deed.retry), deed.retry);
  }
  return next;
}

}  // namespace foster::cli::top
