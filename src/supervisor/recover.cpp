#include "supervisor/recover.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

bool is_declared(const core::Model& model, const core::InstanceRecord& record) {
  const auto found = std::ranges::find_if(model.services,
                                          [&](const core::Service& service) { return service.name == record.service; });
  return found != model.services.end();
}

/// Empty for a process that has ended; any other obstacle says nothing about it.
template <class Open>
Result<std::optional<sys::ProcessHandle>> open_if_alive(Open open) {
  auto opened = open();
  if (opened) return std::optional(std::move(*opened));
  if (opened.error().code == ESRCH) return std::optional<sys::ProcessHandle>();
  return Failure(opened.error());
}

}  // namespace

std::array<std::uint64_t, 2> pack(const RunNotes& notes) {
  const auto reaper = static_cast<std::uint64_t>(notes.reaper) << 32U;
  return {static_cast<std::uint64_t>(notes.first_pid), reaper | notes.run};
}

RunNotes unpack_notes(const std::array<std::uint64_t, 2>& notes) {
  return {.first_pid = static_cast<pid_t>(notes[0]),
          .run = static_cast<core::Run>(notes[1]),
          .reaper = static_cast<pid_t>(notes[1] >> 32U)};
}

Result<Remembered> remember(const ledger::Ledger& ledger, const core::Model& model, Pid reaper, Undeclared undeclared) {
  Remembered remembered;
  const auto slots = ledger.occupied();
  if (!slots) return Failure(slots.error());
  for (const ledger::Slot slot : *slots) {
    auto entry = ledger.load(slot);
    if (!entry && entry.error().code != EBADMSG) return Failure(entry.error());
    if (!entry) {
      remembered.unknown.push_back(to_string(entry.error()));
    } else if (undeclared == Undeclared::are_unknown && !is_declared(model, entry->record)) {
      remembered.unknown.push_back(std::string(entry->record.service) + ": not in the applied config");
    } else {
      if (unpack_notes(entry->notes).reaper != reaper.number()) {
        entry->record.flags = static_cast<std::uint8_t>(entry->record.flags & ~core::kFleetIsShuttingDown);
      }
      remembered.ids.push_back(slot);
      remembered.entries.push_back(*entry);
    }
  }
  return remembered;
}

std::vector<std::uint64_t> not_happened(const std::vector<journal::EventRecord>& events, const core::Fleet& fleet) {
  std::vector<std::uint64_t> ids;
  for (const journal::EventRecord& event : events) {
    if (event.monotonic != events.back().monotonic) continue;
    const auto last = std::ranges::find_if(events.rbegin(), events.rend(), [&](const journal::EventRecord& other) {
      return other.instance == event.instance;
    });
    const auto id = fleet.find(event.instance);
    // One that is retired has no record.
    const bool has_happened =
        id ? fleet.view(*id).state == last->to && fleet.view(*id).run == last->run : last->to == core::State::stopped;
    if (!has_happened) ids.push_back(event.id);
  }
  return ids;
}

Result<> Recovery::take_up(const Remembered& remembered) {
  for (std::size_t n = 0; n < remembered.ids.size(); ++n) {
    const core::InstanceId id = remembered.ids[n];
    const ledger::Entry& entry = remembered.entries[n];
    if (!core::may_be_alive(static_cast<core::State>(entry.record.state))) continue;
    const RunNotes notes = unpack_notes(entry.notes);
    const bool has_begun = notes.run == entry.record.run && notes.first_pid != 0;
    if (auto taken = has_begun ? take_up_begun(id, entry, notes) : take_up_pending(id, entry); !taken) return taken;
    // One after the other: where descriptors are few, there is no room for all of them twice.
    inherited_.fifos.erase(id);
    inherited_.stderr_fifos.erase(id);
  }
  return {};
}

Result<> Recovery::take_up_begun(core::InstanceId id, const ledger::Entry& entry, const RunNotes& notes) {
  const sys::ProcessIdentity& identity = entry.main_process;
  std::optional<sys::ProcessHandle> process;
  if (identity.pid != 0) process = take_kept(id, identity);
  if (identity.pid != 0 && !process) {
    auto opened = open_if_alive([&] { return sys::ProcessHandle::open(identity); });
    if (!opened) return Failure(opened.error());
    process = std::move(*opened);
  }
  // Of one that had ended before it could be proved only the number is known; its exit comes under it.
  const pid_t main_pid = identity.pid != 0 ? identity.pid : entry.record.main_pid;
  executor_.adopt(id, notes.run, notes.first_pid, main_pid, std::move(process), held_fifos(id));
  // Only a process that ran already is known before it is taken over: the one who did so was lost in between.
  const bool is_starting = static_cast<core::State>(entry.record.state) == core::State::starting;
  if (is_starting && entry.record.main_pid == 0 && identity.pid != 0) {
    engine_.report(id, core::event::Spawned{notes.run, Pid(identity.pid)});
    engine_.report(id, core::event::Ready{notes.run, "it ran already"});
  }
  return {};
}

Result<> Recovery::take_up_pending(core::InstanceId id, const ledger::Entry& entry) {
  // Between publishing the ticket and hearing of the pid: either the child has claimed it and runs, or
  // it never will.
  const core::Run run = entry.record.run;
  auto pid = ledger_.claimed_by(id);
  if (!pid) pid = ledger_.revoke(id);
  if (!pid) {
    ledger_.clear(id);
    engine_.report(id, core::event::SpawnLost{run});
    return {};
  }
  auto opened = open_if_alive([&] { return sys::ProcessHandle::open(*pid); });
  if (!opened) return Failure(opened.error());
  std::optional<sys::ProcessHandle> process = std::move(*opened);
  // A child of ours keeps its number until we have heard of its end. Under another reaper it may have gone, and its
  // number to somebody else.
  const bool may_be_stranger = unpack_notes(entry.notes).reaper != reaper_.number();
  if (process && may_be_stranger && !executor_.is_of_run(id, run, *pid)) process.reset();
  if (may_be_stranger && !process) {
    // It ran, and has ended; what it has started may live on.
    executor_.adopt(id, run, 0, 0, std::nullopt, held_fifos(id));
    executor_.find(id)->is_foreign = true;
    engine_.report(id, core::event::Spawned{run, *pid});
    engine_.report(id, core::event::MainExited{run, ExitUnknown{}, pid});
    return {};
  }
  executor_.adopt(id, run, pid->number(), pid->number(), std::move(process), held_fifos(id));
  engine_.report(id, core::event::Spawned{run, *pid});
  return {};
}

Outputs::Held Recovery::held_fifos(core::InstanceId id) const {
  const auto find = [id](const auto& fifos) {
    const auto found = fifos.find(id);
    return found != fifos.end() ? std::optional<BorrowedFd>(found->second) : std::nullopt;
  };
  return {.out = find(inherited_.fifos), .err = find(inherited_.stderr_fifos)};
}

// It may have ended, and even been reaped: the kernel tells of its end as long as the descriptor lives.
std::optional<sys::ProcessHandle> Recovery::take_kept(core::InstanceId id, const sys::ProcessIdentity& identity) {
  const auto found = inherited_.processes.find(id);
  if (found == inherited_.processes.end() || !found->second) return std::nullopt;
  auto process = sys::ProcessHandle::adopt(Pid(identity.pid), std::move(found->second));
  if (!process) return std::nullopt;
  const bool has_inode = identity.inode != 0;
  const bool is_same = has_inode ? process->cheap_identity().inode == identity.inode
                                 : identity.start_time != 0 && process->identity().start_time == identity.start_time;
  return is_same ? std::optional(std::move(*process)) : std::nullopt;
}

/// The reaper tells before it reaps: a zombie of its own will be told of. Whoever is not proved may be any child of it
/// that has the number now.
bool Recovery::will_be_told(core::InstanceId id, const Instance& instance, const std::vector<Pid>& children) const {
  if (!instance.process) return false;
  const bool may_be_reaped = inherited_.processes.contains(id);
  if (may_be_reaped && instance.process->identity().start_time == 0) return false;
  const Pid pid(instance.main_pid);
  if (std::ranges::find(children, pid) != children.end()) return true;
  // The list may lack a few while others end.
  const auto stat = sys::read_stat(pid);
  return stat && stat->ppid == reaper_.number();
}

void Recovery::account_for(const Remembered& remembered, Exits& exits) {
  const std::vector<Pid> children = sys::children_of(reaper_);  // of all at once: one after the other takes its time
  for (const core::InstanceId id : remembered.ids) {
    const Instance* it = executor_.find(id);
    if (it == nullptr || it->main_pid == 0 || !exits.is_expected(it->main_pid)) continue;
    if (will_be_told(id, *it, children)) continue;
    // Reaped since we looked: then it was told before.
    exits.drain();
    if (!exits.is_expected(it->main_pid)) continue;
    if (it->process) {
      executor_.watch_foreign(id);  // if it has ended, its parent may not have taken note yet
    } else {
      executor_.end_untold(id, ExitUnknown{});
    }
  }
  for (const auto& [id, fd] : inherited_.processes) executor_.release_unless_foreign(id);
}

}  // namespace foster::supervisor
