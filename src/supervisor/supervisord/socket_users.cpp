#include "supervisor/supervisord/socket_users.hpp"

#include <fmt/format.h>

namespace foster::supervisor::supervisord {
namespace {

bool has_process(core::State state) {
  return state == core::State::starting || state == core::State::running || state == core::State::stopping;
}

}  // namespace

std::optional<Message> SocketUsers::note(const std::string& url, core::InstanceId id, core::State state) {
  auto& users = users_[url];
  const bool was_open = !users.empty();
  if (has_process(state)) {
    users.insert(id);
  } else {
    users.erase(id);
  }
  const bool is_open = !users.empty();
  if (!is_open) users_.erase(url);
  if (is_open == was_open) return std::nullopt;
  return Message{Level::info, fmt::format("{} socket {}", is_open ? "Creating" : "Closing", url)};
}

}  // namespace foster::supervisor::supervisord
