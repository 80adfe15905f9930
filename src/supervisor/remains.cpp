#include "supervisor/remains.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "core/fleet.hpp"
#include "ledger/ledger.hpp"
#include "logs/log_place.hpp"
#include "supervisor/definitions.hpp"
#include "supervisor/recover.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/pidfd.hpp"

namespace foster::supervisor {
namespace {

Result<ledger::Ledger> open_ledger(const sys::Directories& directories, const std::string& name) {
  auto directory = sys::open_file(directories.runtime, O_RDONLY | O_DIRECTORY);
  if (!directory) return Failure(directory.error());
  // Opening would make one where there is none.
  if (auto there = sys::open_at(*directory, ledger::Ledger::kFileName, O_RDONLY | O_NOFOLLOW); !there) {
    return Failure(there.error());
  }
  const auto boot = sys::boot_id();
  if (!boot) return Failure(boot.error());
  return ledger::Ledger::open(*directory, name, *boot);
}

bool has_ended(const ledger::Entry& entry) {
  if (entry.main_process.pid == 0) return false;
  const auto process = sys::ProcessHandle::open(entry.main_process);
  return process ? !process->is_alive() : process.error().code == ESRCH;
}

}  // namespace

Result<Remains> read_remains(const sys::Directories& directories) {
  const std::string name = std::filesystem::path(directories.runtime).filename();
  const auto ledger = open_ledger(directories, name);
  if (!ledger) return Failure(ledger.error());
  Remains remains{.has_supervisor = ledger->supervisor_pid().has_value(),
                  .reaper = ledger->reaper().value_or(sys::ProcessIdentity{}).pid,
                  .recoveries = static_cast<unsigned>(ledger->recoveries()),
                  .rows = {}};
  const auto definitions = load_definitions(directories.applied_config(), name);
  if (!definitions) return remains;  // nothing was applied
  const auto remembered = remember(*ledger, definitions->model, Pid(std::max(remains.reaper, 1)), Undeclared::leave);
  if (!remembered) return Failure(remembered.error());
  std::vector<core::InstanceRecord> records;
  for (const ledger::Entry& entry : remembered->entries) records.push_back(entry.record);
  const core::Fleet fleet = core::Fleet::restore(definitions->model, remembered->ids, records, 0);
  for (std::size_t n = 0; n < remembered->ids.size(); ++n) {
    api::InstanceRow row{
        .view = fleet.view(remembered->ids[n]), .log = {}, .since = {}, .cpu = {}, .memory = {}, .status = {}};
    row.since = sys::wall_time_of(row.view.since.time_since_epoch());
    const core::Service& service = fleet.service_of(remembered->ids[n]);
    row.log = logs::log_path(service, row.view.index, core::Stream::out, directories.logs);
    row.stderr_log = logs::log_path(service, row.view.index, core::Stream::err, directories.logs);
    if (row.view.pid && has_ended(remembered->entries[n])) row.status = "its process has ended";
    remains.rows.push_back(std::move(row));
  }
  return remains;
}

}  // namespace foster::supervisor
