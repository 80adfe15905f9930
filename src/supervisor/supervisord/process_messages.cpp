#include "supervisor/supervisord/process_messages.hpp"

#include "core/step.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "config/supervisord/to_model.hpp"

namespace foster::supervisor::supervisord {

void ProcessMessages::note(const api::EventRow& row, core::InstanceId id, const Process& process, Turn turn,
                           std::string_view spawn_error) {
  const auto add = [&](std::optional<Message> message) {
    pending_.push_back({.name = row.name, .message = std::move(message)});
  };
  const SharedGroup group = tools_.groups.find_active(process.group);
  auto told = group && group->socket ? sockets_.note(group->socket->url, id, row.to) : std::nullopt;
  if (told && turn == Turn::begun) add(std::exchange(told, std::nullopt));
  if (turn == Turn::begun) add(std::nullopt);
  if (auto message = message_of(turn, process, row.cause.exit, spawn_error)) add(std::move(message));
  if (turn == Turn::too_quick || turn == Turn::ended || turn == Turn::stopped) add(child_quit());
  if (row.to == core::State::failed) add(gave_up(process));
  if (row.to == core::State::stopping && turn == Turn::none) note_signal(row, id, process);
  const bool is_given_up = row.from == core::State::backoff && row.to == core::State::stopped;
  if (is_given_up && row.cause.kind == core::CauseKind::requested) add(stopping_in_backoff(process));
  if (told) add(std::move(told));
}

void ProcessMessages::take_up() {
  const core::Fleet& fleet = tools_.fleet();
  for (const SharedGroup& group : tools_.groups.active()) {
    for (const Process& process : group->processes) {
      const auto id = fleet.find(config::supervisord::service_name(process));
      if (id && group->socket) (void)sockets_.note(group->socket->url, *id, fleet.view(*id).state);
    }
  }
}

void ProcessMessages::note_signal(const api::EventRow& row, core::InstanceId id, const Process& process) {
  const auto pid = tools_.fleet().instance(id).pid();
  if (!pid) return;
  const bool is_killed = row.from == core::State::stopping;
  const auto add = [&](Message message) { pending_.push_back({.name = row.name, .message = std::move(message)}); };
  if (is_killed) add(killing(process, pid->number()));
  const bool is_for_all = is_killed ? process.killasgroup : process.stopasgroup;
  add(stopping(process, pid->number(), is_killed ? *Signal::from_number(SIGKILL) : process.stopsignal,
               is_for_all ? Whom::group : Whom::process));
}

void ProcessMessages::settled() {
  for (const Pending& one : std::exchange(pending_, {})) {
    if (one.message) {
      tools_.log(one.message->level, one.message->text);
    } else {
      tell_spawned(one.name);
    }
  }
}

// By its name: a reload may have removed it meanwhile.
void ProcessMessages::tell_spawned(const std::string& name) {
  const auto id = tools_.fleet().find(name);
  const Process* process = tools_.groups.find(name);
  const auto pid = id ? tools_.fleet().instance(*id).pid() : std::nullopt;
  if (!pid || process == nullptr) return;
  tools_.has_begun(*id);
  const Message message = spawned(*process, pid->number());
  tools_.log(message.level, message.text);
}

}  // namespace foster::supervisor::supervisord
