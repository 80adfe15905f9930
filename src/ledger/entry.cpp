#include "ledger/entry.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "core/cause.hpp"
#include "core/state.hpp"

namespace foster::ledger {
namespace {

bool is_terminated(std::span<const char> text) noexcept {
  return std::find(text.begin(), text.end(), '\0') != text.end();
}

// A switch without default: a cause that is added must be added here, or this does not compile.
bool is_known(core::CauseKind kind) noexcept {
  switch (kind) {
    case core::CauseKind::none:
    case core::CauseKind::configured:
    case core::CauseKind::requested:
    case core::CauseKind::dependency:
    case core::CauseKind::spawned:
    case core::CauseKind::spawn_failed:
    case core::CauseKind::became_ready:
    case core::CauseKind::not_ready_in_time:
    case core::CauseKind::ended:
    case core::CauseKind::restart_due:
    case core::CauseKind::limit_reached:
    case core::CauseKind::stop_timed_out:
    case core::CauseKind::watchdog:
    case core::CauseKind::definition_changed:
    case core::CauseKind::removed:
    case core::CauseKind::shutdown:
    case core::CauseKind::essential_failed:
    case core::CauseKind::recovered:
      return true;
  }
  return false;
}

bool is_exit_status(const core::InstanceRecord& record) noexcept {
  constexpr std::uint8_t kValid = 1;
  if (record.exit_kind != kValid) return true;
  return WIFEXITED(record.exit_status) || WIFSIGNALED(record.exit_status);
}

/// FNV-1a over everything but the checksum itself. It finds a stranger's bytes, not an adversary's.
std::uint32_t checksum(const StoredEntry& stored) noexcept {
  std::uint32_t sum = 2166136261U;
  for (const std::byte byte : std::as_bytes(std::span(&stored, 1)).first(offsetof(StoredEntry, checksum))) {
    sum = (sum ^ static_cast<std::uint32_t>(byte)) * 16777619U;
  }
  return sum;
}

bool is_free(const StoredEntry& stored) noexcept {
  const auto bytes = std::as_bytes(std::span(&stored, 1));
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

Result<> validate(const Entry& entry) {
  const core::InstanceRecord& record = entry.record;
  const auto refuse = [](const char* member) { return failure("ledger entry", EBADMSG, member); };
  constexpr std::uint8_t kLastExitKind = 2;
  if (!is_terminated(record.service) || record.service[0] == '\0') return refuse("service");
  if (!is_terminated(record.cause_detail)) return refuse("cause_detail");
  if (record.state >= core::kStates) return refuse("state");
  if (record.wanted > 1) return refuse("wanted");
  if (!is_known(static_cast<core::CauseKind>(record.cause_kind))) return refuse("cause_kind");
  if (record.exit_kind > kLastExitKind) return refuse("exit_kind");
  if (!is_exit_status(record)) return refuse("exit_status");
  if (record.failure_count > core::kMaxFailures) return refuse("failure_count");
  if (record.main_pid < 0) return refuse("main_pid");
  if (entry.main_process.pid < 0) return refuse("main_process");
  return {};
}

StoredEntry encode(const Entry& entry) noexcept {
  StoredEntry stored;
  // Padding too: the checksum covers every byte.
  std::memset(static_cast<void*>(&stored), 0, sizeof stored);
  std::memcpy(&stored.record, &entry.record, sizeof stored.record);
  stored.main_process.pid = entry.main_process.pid;
  stored.main_process.start_time = entry.main_process.start_time;
  stored.main_process.inode = entry.main_process.inode;
  stored.notes = entry.notes;
  stored.marker = kEntryMarker;
  stored.checksum = checksum(stored);
  return stored;
}

Result<Entry> decode(const StoredEntry& stored) {
  if (is_free(stored)) return failure("ledger entry", ENOENT);
  if (stored.marker != kEntryMarker) return failure("ledger entry", EBADMSG, "marker");
  if (stored.checksum != checksum(stored)) return failure("ledger entry", EBADMSG, "checksum");
  const Entry entry{stored.record, stored.main_process, stored.notes};
  if (auto valid = validate(entry); !valid) return Failure(std::move(valid).error());
  return entry;
}

}  // namespace foster::ledger
