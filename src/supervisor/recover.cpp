#include "supervisor/recover.hpp"

#include <algorithm>
#include <utility>

#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

bool is_declared(const core::Model& model, const core::InstanceRecord& record) {
  const auto found = std::ranges::find_if(model.services,
                                          [&](const core::Service& service) { return service.name == record.service; });
  return found != model.services.end();
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

Remembered remember(const ledger::Ledger& ledger, const core::Model& model, Pid reaper) {
  Remembered remembered;
  const auto slots = ledger.occupied();
  if (!slots) return remembered;
  for (const ledger::Slot slot : *slots) {
    auto entry = ledger.load(slot);
    if (!entry) {
      remembered.unknown.push_back(to_string(entry.error()));
    } else if (!is_declared(model, entry->record)) {
      remembered.unknown.push_back(std::string(entry->record.service) + ": not in the applied config");
    } else {
      if (unpack_notes(entry->notes).reaper != reaper.number()) {
        entry->record.flags = static_cast<std::uint8_t>(entry->record.flags & ~core::kFleetIsShuttingDown);
      }
      remembered.ids.push_back(slot);
      remembered.entries.push_back(std::move(*entry));
    }
  }
  return remembered;
}

void Recovery::take_up(const Remembered& remembered) {
  for (std::size_t n = 0; n < remembered.ids.size(); ++n) {
    const core::InstanceId id = remembered.ids[n];
    const ledger::Entry& entry = remembered.entries[n];
    if (!core::may_be_alive(static_cast<core::State>(entry.record.state))) continue;
    const RunNotes notes = unpack_notes(entry.notes);
    if (notes.run == entry.record.run && notes.first_pid != 0) {
      take_up_begun(id, entry, notes);
    } else {
      take_up_pending(id, entry.record.run);
    }
  }
}

void Recovery::take_up_begun(core::InstanceId id, const ledger::Entry& entry, const RunNotes& notes) {
  const sys::ProcessIdentity& identity = entry.main_process;
  std::optional<sys::ProcessHandle> process;
  if (identity.pid != 0) {
    if (auto opened = sys::ProcessHandle::open(identity)) process = std::move(*opened);
  }
  executor_.adopt(id, notes.run, notes.first_pid, identity.pid, std::move(process));
}

void Recovery::take_up_pending(core::InstanceId id, core::Run run) {
  // Between publishing the ticket and hearing of the pid: either the child has claimed it and runs, or
  // it never will.
  auto pid = ledger_.claimed_by(id);
  if (!pid) pid = ledger_.revoke(id);
  if (!pid) {
    engine_.report(id, core::event::SpawnLost{run});
    return;
  }
  std::optional<sys::ProcessHandle> process;
  if (auto opened = sys::ProcessHandle::open(*pid)) process = std::move(*opened);
  executor_.adopt(id, run, pid->number(), pid->number(), std::move(process));
  engine_.report(id, core::event::Spawned{run, *pid});
}

void Recovery::account_for(const Remembered& remembered, Exits& exits) {
  for (const core::InstanceId id : remembered.ids) {
    const Instance* it = executor_.find(id);
    if (it == nullptr || it->main_pid == 0 || !exits.is_expected(it->main_pid)) continue;
    // The reaper tells before it reaps: a zombie of its own will be told of.
    const auto stat = sys::read_stat(Pid(it->main_pid));
    const bool will_be_told = stat && stat->ppid == reaper_.number();
    if (will_be_told) continue;
    // Reaped since we looked: then it was told before.
    exits.drain();
    if (!exits.is_expected(it->main_pid)) continue;
    if (it->process && it->process->is_alive()) {
      executor_.watch_foreign(id);
    } else {
      engine_.report(id, core::event::MainExited{it->run, ExitUnknown{}, Pid(it->main_pid)});
    }
  }
}

}  // namespace foster::supervisor
