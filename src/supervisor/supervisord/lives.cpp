#include "supervisor/supervisord/lives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace foster::supervisor::supervisord {
namespace {

std::int64_t seconds_of(std::chrono::system_clock::time_point when) {
  return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

}  // namespace

int exit_code_of(const ExitStatus& exit) {
  const auto* exited = std::get_if<Exited>(&exit);
  return exited != nullptr ? exited->code : -1;
}

bool is_expected(const ExitStatus& exit, const std::vector<std::uint8_t>& exit_codes) {
  return std::ranges::find(exit_codes, exit_code_of(exit)) != exit_codes.end();
}

Turn Lives::note(const api::EventRow& row, const std::vector<std::uint8_t>& exit_codes) {
  using core::State;
  Entry& entry = entries_[row.name];
  switch (row.to) {
    case State::starting:
      entry = {.life = {.start = seconds_of(row.time), .stop = entry.life.stop}};
      return Turn::begun;
    case State::running:
      entry.was_running = true;
      return Turn::succeeded;
    case State::stopping:
      return row.cause.kind == core::CauseKind::ended && row.cause.exit ? note_end(entry, row, exit_codes) : Turn::none;
    case State::stopped:
    case State::exited:
    case State::failed:
    case State::backoff:
      break;
    case State::waiting:
      return Turn::none;
  }
  if (row.from == State::starting) return Turn::no_spawn;
  if (row.from != State::stopping || entry.is_told) return Turn::none;
  entry.is_told = true;
  entry.life.stop = seconds_of(row.time);
  if (row.cause.exit) entry.life.exit_status = exit_code_of(*row.cause.exit);
  return Turn::stopped;
}

Turn Lives::note_end(Entry& entry, const api::EventRow& row, const std::vector<std::uint8_t>& exit_codes) {
  entry.is_told = true;
  entry.life.stop = seconds_of(row.time);
  if (!entry.was_running) {
    entry.life.spawn_error = "Exited too quickly (process log may have details)";
    return Turn::too_quick;
  }
  const int code = exit_code_of(*row.cause.exit);
  entry.life.exit_status = code;
  if (!is_expected(*row.cause.exit, exit_codes)) entry.life.spawn_error = fmt::format("Bad exit code {}", code);
  return Turn::ended;
}

void Lives::set_spawn_error(std::string_view name, std::string text) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) found->second.life.spawn_error = std::move(text);
}

const Life* Lives::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found != entries_.end() ? &found->second.life : nullptr;
}

void Lives::forget(std::string_view name) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) entries_.erase(found);
}

}  // namespace foster::supervisor::supervisord
