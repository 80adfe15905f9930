#include "supervisor/supervisord/event_pools.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

using compat::EventType;
using compat::ListenerState;
using compat::ProcessState;

constexpr std::array kTicks{EventType::tick_5, EventType::tick_60, EventType::tick_3600};
constexpr std::size_t kMostMemory = 256 << 20;
constexpr std::size_t kMostHeard = 4096;

std::vector<EventType> types_of(const config::supervisord::EventPool& pool) {
  std::vector<EventType> types;
  for (const std::string& name : pool.events) {
    if (const auto type = compat::event_type_from(name)) types.push_back(*type);  // others were refused as a config
  }
  return types;
}

std::int64_t seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool is_expected(const EventProcess& process, const core::Cause& cause) {
  const auto* exited = cause.exit ? std::get_if<Exited>(&*cause.exit) : nullptr;
  return exited != nullptr && std::ranges::find(process.exit_codes, exited->code) != process.exit_codes.end();
}

}  // namespace

struct EventPools::Member {
  std::string service;
  std::string name;
  compat::Listener listener;
  std::optional<compat::PooledEvent> event;
  bool is_sending = false;
  bool is_deaf = false;      ///< It has closed its stdin: no event for this run.
  std::string heard;         ///< What it said last, unless it was sent something since.
  bool is_taken_up = false;  ///< It may have said something while nobody listened, or may be heard saying it again.
};

struct EventPools::Pool {
  compat::EventPool events;
  std::vector<Member> members;
};

EventPools::EventPools(Tools tools) : tools_(std::move(tools)), timer_(tools_.loop, [this] { tick(); }) {}

EventPools::~EventPools() {
  *alive_ = false;
}

// -- Groups --

void EventPools::take_up(std::vector<EventGroup> groups) {
  EventMemory remembered;
  if (const auto text = sys::read_file(tools_.path, kMostMemory)) {
    auto read = event_memory_from(*text);
    if (read) remembered = std::move(*read);
    if (!read) tools_.log(LogLevel::error, to_string(read.error()));
  }
  next_serial_ = remembered.next_serial;
  last_row_ = remembered.last_row;
  ticks_ = remembered.ticks;
  known_ = remembered.outputs;
  outputs_ = remembered.outputs;
  for (EventGroup& group : groups) add_quietly(std::move(group), remembered);
  arm();
  if (!pools_.empty()) changed();
}

void EventPools::add_quietly(EventGroup group, const EventMemory& remembered) {
  for (const EventProcess& process : group.processes) {
    const auto told = remembered.processes.find(process.service);
    told_[process.service] =
        told != remembered.processes.end() ? told->second : ToldProcess{.state = tools_.state_of(process.service)};
  }
  if (group.pool) {
    const auto found = remembered.pools.find(group.name);
    const PoolMemory memory = found != remembered.pools.end() ? found->second : PoolMemory{};
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(group.pool->buffer_size, 1));
    auto pool = std::make_unique<Pool>(
        Pool{.events = compat::EventPool({.name = group.name, .events = types_of(*group.pool), .buffer_size = size},
                                         {.next_serial = memory.next_serial, .buffer = memory.buffer}),
             .members = {}});
    for (const EventProcess& process : group.processes) {
      Member member;
      member.service = process.service;
      member.name = process.name;
      if (const auto known = memory.listeners.find(process.service); known != memory.listeners.end()) {
        member.listener = compat::Listener(known->second.conversation);
        member.event = known->second.event;
        member.is_sending = known->second.is_sending;
        member.heard = known->second.heard;
        member.is_taken_up = true;
        if (member.is_sending) member.listener.send_again();
      }
      pool->members.push_back(std::move(member));
    }
    pools_.push_back(std::move(pool));
  }
  EventGroup& kept = groups_[group.name] = std::move(group);
  for (const EventProcess& process : kept.processes) places_[process.service] = {.group = &kept, .process = &process};
}

void EventPools::add(EventGroup group) {
  const std::string name = group.name;
  add_quietly(std::move(group), {});
  arm();
  emit(compat::group_event(EventType::process_group_added, name));
}

void EventPools::remove(const std::string& name) {
  const auto group = groups_.find(name);
  if (group == groups_.end()) return;
  std::erase_if(pools_, [&](const auto& pool) { return pool->events.settings().name == name; });
  for (const EventProcess& process : group->second.processes) {
    told_.erase(process.service);
    places_.erase(process.service);
    outputs_.erase(process.service);
    known_.erase(process.service);
  }
  groups_.erase(group);
  arm();
  emit(compat::group_event(EventType::process_group_removed, name));
  if (pools_.empty()) forget_stored();
}

void EventPools::clear() {
  pools_.clear();
  told_.clear();
  places_.clear();
  outputs_.clear();
  known_.clear();
  groups_.clear();
  arm();
  forget_stored();
}

// Nobody is left to be told.
void EventPools::forget_stored() const {
  (void)::unlink(tools_.path.c_str());
}

std::pair<EventPools::Pool*, EventPools::Member*> EventPools::listener_of(const std::string& service) {
  for (const auto& pool : pools_) {
    const auto found = std::ranges::find(pool->members, service, &Member::service);
    if (found != pool->members.end()) return {pool.get(), &*found};
  }
  return {};
}

bool EventPools::is_quiet(const std::string& group) const {
  return std::ranges::none_of(pools_, [&](const auto& pool) {
    if (pool->events.settings().name != group) return false;
    return std::ranges::any_of(pool->members, [&](const Member& member) {
      const auto told = told_.find(member.service);
      const bool is_up = told != told_.end() && told->second.state == ProcessState::running;
      const bool could_take = member.listener.state() != ListenerState::unknown && !member.is_deaf;
      return is_up && could_take && (member.event || pool->events.next() != nullptr);
    });
  });
}

// -- What happens --

void EventPools::emit(const compat::Event& event) {
  tell(event);
  store();
}

void EventPools::tell(const compat::Event& event) {
  std::optional<std::uint64_t> serial;
  for (const auto& pool : pools_) {
    if (!pool->events.wants(event.type)) continue;
    if (!serial) serial = next_serial_++;
    tell_discarded(*pool, pool->events.take(event, *serial));
  }
  if (serial) changed();
}

void EventPools::note(const api::EventRow& row) {
  if (row.id <= last_row_) return;
  last_row_ = row.id;
  const auto place = places_.find(row.name);
  if (place == places_.end()) return;
  const ProcessStep step{.from = row.from,
                         .to = row.to,
                         .cause = row.cause.kind,
                         .has_ended = row.cause.kind == core::CauseKind::ended && row.cause.exit,
                         .is_expected = is_expected(*place->second.process, row.cause),
                         .pid = tools_.pid_of(row.name)};
  const auto events = events_of(place->second.source(), step, told_[row.name]);
  if (pools_.empty()) return;
  for (const compat::Event& event : events) {
    tell(event);
    follow(row.name, event.type);
  }
  changed();
}

// Whoever ends gives back what it was busy with; whoever begins has said nothing yet.
void EventPools::follow(const std::string& service, EventType event) {
  if (event == EventType::process_state_running || event == EventType::process_state_stopping) return;
  const auto [pool, member] = listener_of(service);
  if (pool == nullptr) return;
  take_back(*pool, *member);
  member->is_deaf = false;
  member->heard.clear();
  if (event == EventType::process_state_starting) member->listener.begin();
}

bool EventPools::is_known(const std::string& service, compat::Channel channel, logs::OutputMark until) const {
  const auto found = known_.find(service);
  if (found == known_.end()) return false;
  const bool is_out = channel == compat::Channel::standard_output;
  const logs::OutputMark& known = is_out ? found->second.out : found->second.err;
  return known.stream != 0 && known.stream == until.stream && until.end <= known.end;
}

void EventPools::mark(const std::string& service, compat::Channel channel, logs::OutputMark until) {
  ToldMarks& marks = outputs_[service];
  (channel == compat::Channel::standard_output ? marks.out : marks.err) = until;
}

void EventPools::hear(const std::string& service, compat::Channel channel, std::string_view text,
                      logs::OutputMark until) {
  if (pools_.empty()) return;
  const bool is_out = channel == compat::Channel::standard_output;
  if (const auto [pool, member] = listener_of(service); pool != nullptr && is_out) {
    return hear_listener(*pool, *member, text);
  }
  const auto place = places_.find(service);
  if (place == places_.end()) return;
  const EventProcess& process = *place->second.process;
  const bool is_told = is_out ? process.tells_stdout : process.tells_stderr;
  if (!is_told || !is_wanted(is_out ? EventType::process_log_stdout : EventType::process_log_stderr)) return;
  if (is_known(service, channel, until)) return;
  mark(service, channel, until);
  emit(compat::log_event(place->second.source(), channel, tools_.pid_of(service), text));
}

void EventPools::hear_captured(const std::string& service, compat::Channel channel, std::string_view text,
                               logs::OutputMark until) {
  const auto place = places_.find(service);
  if (pools_.empty() || place == places_.end() || is_known(service, channel, until)) return;
  mark(service, channel, until);
  emit(compat::communication_event(place->second.source(), channel, tools_.pid_of(service), text));
}

void EventPools::hear_listener(Pool& pool, Member& member, std::string_view text) {
  const std::string heard(text.size() <= kMostHeard ? text : std::string_view());
  if (std::exchange(member.is_taken_up, false) && !member.heard.empty() && text.starts_with(member.heard)) {
    text.remove_prefix(member.heard.size());
  }
  member.heard = heard;
  const auto said = member.listener.hear(text);
  if (said.answer == compat::EventAnswer::bad_result) {
    tools_.log(LogLevel::warn, fmt::format("{}: bad result line: '{}'", member.name, said.bad_line));
  } else if (said.answer == compat::EventAnswer::rejected) {
    tools_.log(LogLevel::warn, fmt::format("{}: event was rejected", member.name));
  } else if (said.answer) {
    tools_.log(LogLevel::debug, fmt::format("{}: event was processed", member.name));
  }
  for (const auto& [from, to] : said.changes) {
    tools_.log(LogLevel::debug, fmt::format("{}: {} -> {}", member.name, name_of(from), name_of(to)));
    if (to != ListenerState::unknown) continue;
    tools_.log(LogLevel::warn,
               fmt::format("{}: has entered the UNKNOWN state and will no longer receive events, this usually "
                           "indicates the process violated the eventlistener protocol",
                           member.name));
  }
  if (said.answer == compat::EventAnswer::processed) {
    member.event.reset();
  } else if (said.answer) {
    take_back(pool, member);
  }
  changed();
  store();
}

// -- To the listeners --

// Before they are sent anything: what they answer to that begins like what they said before.
void EventPools::hear_what_was_missed() {
  for (const auto& pool : pools_) {
    for (Member& member : pool->members) {
      if (!member.is_taken_up) continue;
      tools_.drain(member.service);
      member.is_taken_up = false;
    }
  }
}

void EventPools::take_back(Pool& pool, Member& member) {
  member.is_sending = false;
  if (member.event) tell_discarded(pool, pool.events.take_back(*std::exchange(member.event, std::nullopt)));
}

void EventPools::tell_discarded(const Pool& pool, const compat::EventPool::Discarded& discarded) const {
  if (!discarded) return;
  tools_.log(LogLevel::error, fmt::format("pool {} event buffer overflowed, discarding event {}",
                                          pool.events.settings().name, *discarded));
}

// To the first that is ready, in the order of the config.
void EventPools::assign(Pool& pool) {
  for (Member& member : pool.members) {
    if (pool.events.next() == nullptr) return;
    const bool is_ready = told_[member.service].state == ProcessState::running &&
                          member.listener.state() == ListenerState::ready && !member.is_deaf;
    if (!is_ready) continue;
    member.event = pool.events.take_next();
    member.is_sending = true;
    member.listener.send();
    member.heard.clear();
  }
}

void EventPools::send(Pool& pool, Member& member) {
  const auto written =
      tools_.write(member.service, compat::envelope(tools_.identifier(), pool.events.settings().name, *member.event));
  member.is_sending = false;
  is_changed_ = true;
  if (written) {
    tools_.log(LogLevel::debug, fmt::format("event {} sent to listener {}", member.event->serial, member.name));
    return;
  }
  const int code = written.error().code;
  member.is_deaf = code == ENXIO || code == EPIPE;
  // Somebody else may have it.
  tools_.log(LogLevel::debug, fmt::format("event {} cannot be sent to listener {}: {}", member.event->serial,
                                          member.name, to_string(written.error())));
  auto conversation = member.listener.memory();
  conversation.state = ListenerState::ready;
  member.listener = compat::Listener(std::move(conversation));
  take_back(pool, member);
}

void EventPools::changed() {
  is_changed_ = true;
  if (std::exchange(is_keep_due_, true)) return;
  tools_.loop.post([this, alive = alive_] {
    if (!*alive) return;
    is_keep_due_ = false;
    keep();
  });
}

void EventPools::keep() {
  // What is assigned is stored, then sent, and that is stored: whoever is lost between the two sends it again.
  hear_what_was_missed();
  for (const auto& pool : pools_) assign(*pool);
  if (!std::exchange(is_changed_, false) || pools_.empty()) return;
  write_memory();
  for (const auto& pool : pools_) {
    for (Member& member : pool->members) {
      if (member.is_sending) send(*pool, member);
    }
  }
  if (!is_changed_) return;
  const bool is_somebody_deaf = std::ranges::any_of(pools_, [](const auto& pool) {
    return pool->events.next() != nullptr && std::ranges::any_of(pool->members, &Member::is_deaf);
  });
  if (is_somebody_deaf) return changed();
  is_changed_ = false;
  write_memory();
}

void EventPools::store() {
  if (is_changed_ && is_listened_to()) write_memory();
}

void EventPools::write_memory() {
  // Where it cannot be stored, listeners are told all the same: what is old comes again after a loss.
  const auto stored = sys::replace_file(tools_.path, to_json(memory()));
  if (!stored) tools_.log(LogLevel::error, to_string(stored.error()));
}

EventMemory EventPools::memory() const {
  EventMemory memory{
      .next_serial = next_serial_, .last_row = last_row_, .ticks = ticks_, .processes = told_, .outputs = outputs_};
  for (const auto& pool : pools_) {
    const compat::EventPool::Memory& events = pool->events.memory();
    PoolMemory& kept = memory.pools[pool->events.settings().name];
    kept = {.next_serial = events.next_serial, .buffer = events.buffer};
    for (const Member& member : pool->members) {
      kept.listeners[member.service] = {.conversation = member.listener.memory(),
                                        .event = member.event,
                                        .is_sending = member.is_sending,
                                        .heard = member.heard};
    }
  }
  return memory;
}

// -- Ticks --

bool EventPools::is_wanted(EventType type) const {
  return std::ranges::any_of(pools_, [&](const auto& pool) { return pool->events.wants(type); });
}

void EventPools::tick() {
  const std::int64_t now = seconds(tools_.now());
  for (const EventType type : kTicks) {
    const std::int64_t slice = now / compat::period_of(type);
    const auto last = ticks_.find(type);
    if (last == ticks_.end() || std::exchange(last->second, slice) == slice) continue;
    emit(compat::tick_event(type, now));
  }
  arm();
}

// One timer, for the next tick that somebody wants.
void EventPools::arm() {
  const auto now = tools_.now();
  std::optional<std::chrono::system_clock::time_point> next;
  for (const EventType type : kTicks) {
    if (!is_wanted(type)) {
      ticks_.erase(type);
      continue;
    }
    const std::int64_t slice = ticks_.try_emplace(type, seconds(now) / compat::period_of(type)).first->second;
    const std::chrono::system_clock::time_point due{std::chrono::seconds((slice + 1) * compat::period_of(type))};
    if (!next || due < *next) next = due;
  }
  if (!next) return timer_.cancel();
  // A clock that was set back makes nobody wait longer than from now to the next.
  constexpr auto kLongest = std::chrono::hours(1);
  const auto wait = std::min<std::chrono::system_clock::duration>(*next - now, kLongest);
  timer_.arm(core::Instant(sys::monotonic_now() + std::chrono::duration_cast<core::Duration>(wait)));
}

}  // namespace foster::supervisor::supervisord
