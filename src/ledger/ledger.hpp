// The crash-proof table of instances: a file in the runtime directory that outlives every process of foster. It
// says who runs and what was wanted; it decides nothing.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "ledger/entry.hpp"
#include "ledger/layout.hpp"
#include "sys/pidfd.hpp"

namespace foster::ledger {

/// The open ledger of one instance of foster. Reaper and supervisor have it open together; every change is made
/// by one of them alone: the supervisor writes slots, the reaper the fields that count it.
///
/// A SIGKILL at any instruction leaves every word and every entry either old or new. It is not meant to survive
/// a power cut: no process would have survived that either.
class Ledger {
 public:
  enum class Found : std::uint8_t {
    fresh,      ///< There was none, or one of an earlier boot: all slots are free.
    same_boot,  ///< It was there, and what it says may still run.
  };

  /// The file's name within the runtime directory.
  static constexpr const char* kFileName = "ledger";

  /// Opens the ledger, or makes a new one in place of none or of one from another boot. The caller holds the
  /// instance's lock.
  /// @param instance_name At most 159 bytes.
  /// @param boot_id What names this boot (`sys::boot_id`); at most 63 bytes.
  /// @errors `ENOTSUP` written by a newer foster (the detail tells the version); `EBADMSG` not a ledger, or
  ///         damaged; `EINVAL` another instance's, or a text too long; otherwise of the file system: `ENOSPC`.
  ///         None of them changes the file.
  [[nodiscard]] static Result<Ledger> open(BorrowedFd directory, std::string_view instance_name,
                                           std::string_view boot_id);

  /// One that somebody else has examined and opened.
  /// @errors Those of mmap(2); `EBADMSG` it is too short.
  [[nodiscard]] static Result<Ledger> of_file(UniqueFd file);

  /// Writes all of it to a new file of that name in the directory, and goes on there: the old one has lost its name.
  /// Whoever else has it open must be told.
  /// @errors From the file system; then the old one stays in use.
  [[nodiscard]] Result<> move_to(BorrowedFd directory);
  [[nodiscard]] BorrowedFd file() const noexcept { return file_; }

  [[nodiscard]] Found found() const noexcept { return found_; }
  [[nodiscard]] std::string_view instance_name() const noexcept;

  // --- Claims: one 64-bit word a slot, {ticket in the high half, pid in the low one}. None of these fails.

  /// For a child's claim (sys/clone.hpp, ClaimTicket). Valid as long as the ledger.
  [[nodiscard]] ClaimWord* claim_word(Slot slot) noexcept;
  /// Opens a new ticket, and returns the value that a child must find to claim the slot. What was claimed before
  /// is forgotten: whoever publishes knows that nobody runs.
  std::uint64_t publish(Slot slot) noexcept;
  /// The process that claimed the slot, alive or not.
  [[nodiscard]] std::optional<Pid> claimed_by(Slot slot) const noexcept;
  /// Closes an open ticket, so that a child on its way from a dead supervisor loses. If the child was quicker, the
  /// word stays as it is, and this is its pid.
  [[nodiscard]] std::optional<Pid> revoke(Slot slot) noexcept;
  /// Nobody runs: forgets the pid and closes the ticket.
  void clear(Slot slot) noexcept;

  // --- Entries.

  /// Replaces the slot's entry, all of it or nothing.
  /// @errors `EBADMSG` it would be refused when read; `ENOSPC` the file system is full.
  [[nodiscard]] Result<> store(Slot slot, const Entry& entry);
  /// @errors `ENOENT` the slot is free; `EBADMSG` the entry is damaged (the detail names slot and member).
  [[nodiscard]] Result<Entry> load(Slot slot) const;
  /// Frees the slot. Its claim word keeps counting.
  [[nodiscard]] Result<> erase(Slot slot);
  /// Slots that are not free, in order; damaged entries are among them.
  [[nodiscard]] Result<std::vector<Slot>> occupied() const;

  // --- The header.

  /// The reaper that watches over this instance, empty when none has begun. Compare by opening the identity.
  [[nodiscard]] std::optional<sys::ProcessIdentity> reaper() const noexcept;
  void set_reaper(const sys::ProcessIdentity& identity) noexcept;
  [[nodiscard]] std::optional<Pid> supervisor_pid() const noexcept;
  void set_supervisor_pid(std::optional<Pid> pid) noexcept;
  /// How often a supervisor was started in place of one that had ended.
  [[nodiscard]] std::uint64_t recoveries() const noexcept;
  void count_recovery() noexcept;
  /// Tells the runs of this life of the instance from those of an earlier one: the same for every reaper and
  /// supervisor from one start with nothing to the next.
  [[nodiscard]] std::uint64_t stamp() const noexcept;
  void set_stamp(std::uint64_t stamp) noexcept;
  /// How often a supervisor was ended because it hung.
  [[nodiscard]] std::uint64_t hangs() const noexcept;
  void count_hang() noexcept;
  /// The newest exit (reaper/wire.hpp, Exited::sequence) that was applied. A new reaper counts on from here.
  [[nodiscard]] std::uint64_t last_exit_sequence() const noexcept;
  void set_last_exit_sequence(std::uint64_t sequence) noexcept;

 private:
  struct Unmap {
    void operator()(Shared* shared) const noexcept;
  };
  using Mapping = std::unique_ptr<Shared, Unmap>;

  Ledger(UniqueFd file, Mapping shared, Found found) noexcept;
  [[nodiscard]] static Result<Ledger> map(UniqueFd file, Found found);

  UniqueFd file_;
  Mapping shared_;
  Found found_;
};

}  // namespace foster::ledger
