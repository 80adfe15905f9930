#include "supervisor/supervisord/going_down.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/supervisord/to_model.hpp"
#include "sys/clock.hpp"

namespace foster::supervisor::supervisord {
namespace {

using namespace std::chrono_literals;
using config::supervisord::LogLevel;
using config::supervisord::service_name;

// What listeners have in their hands when their turn to stop comes, they may finish: as long as Supervisor's loop takes
// for a turn.
constexpr core::Duration kPatience = 1s;
constexpr core::Duration kBetweenLooks = 20ms;

bool is_down(core::State state) {
  return state == core::State::stopped || state == core::State::exited || state == core::State::failed;
}

}  // namespace

std::vector<core::InstanceId> members_that_live(const core::Fleet& fleet, const Group& group) {
  std::vector<core::InstanceId> living;
  for (const Process& process : group.processes) {
    const auto id = fleet.find(service_name(process));
    if (id && !is_down(fleet.view(*id).state)) living.push_back(*id);
  }
  std::ranges::reverse(living);
  return living;
}

GoingDown::GoingDown(Tools tools) : tools_(std::move(tools)), patience_(tools_.loop, [this] { look(); }) {}

void GoingDown::go_on() {
  if (std::exchange(is_due_, true)) return;
  tools_.loop.post([this] {
    is_due_ = false;
    look();
  });
}

void GoingDown::look() {
  const core::Fleet& fleet = tools_.engine.fleet();
  const auto& active = tools_.groups.active();
  for (auto group = active.rbegin(); group != active.rend(); ++group) {
    const auto living = members_that_live(fleet, **group);
    if (living.empty()) continue;
    std::vector<core::InstanceId> to_stop;
    std::ranges::copy_if(living, std::back_inserter(to_stop),
                         [&fleet](core::InstanceId id) { return fleet.view(id).wanted; });
    if (!to_stop.empty() && !is_still_talking(**group)) stop(to_stop);
    return;
  }
  tools_.all_are_down();
}

void GoingDown::stop(const std::vector<core::InstanceId>& members) {
  std::string names;
  for (const core::InstanceId id : members) names += (names.empty() ? "" : ", ") + tools_.engine.fleet().view(id).name;
  tools_.log(LogLevel::info, fmt::format("waiting for {} to die", names));
  const core::Cause cause{.kind = core::CauseKind::shutdown, .detail = "group by group", .exit = std::nullopt};
  tools_.engine.report(members, core::event::Stop{cause});
}

bool GoingDown::is_still_talking(const Group& group) {
  const core::Instant now(sys::monotonic_now());
  if (!group.pool || tools_.events.is_quiet(group.name)) {
    patience_ends_.reset();
    return false;
  }
  if (!patience_ends_) patience_ends_ = now + kPatience;
  if (*patience_ends_ <= now) {
    patience_ends_.reset();
    return false;
  }
  patience_.arm(now + kBetweenLooks);
  return true;
}

}  // namespace foster::supervisor::supervisord
