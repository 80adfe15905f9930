// The bytes of the ledger file. A header page and one claim word a slot are mapped and shared; the records behind
// them are read and written, so that a process pays memory only for the slots it looks at.
// Looking for how to use it? ledger/ledger.hpp
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/record.hpp"
#include "sys/pidfd.hpp"

namespace foster::ledger {

inline constexpr std::uint64_t kMagic = 0x726567646c747366;  ///< "fstldger" in the file.
inline constexpr std::uint32_t kLayoutVersion = 1;
inline constexpr std::uint32_t kSlots = 4096;
inline constexpr std::size_t kPageSize = 4096;  ///< Of the layout; a kernel with larger pages keeps it too.
inline constexpr std::size_t kEntrySize = 512;

/// Zero-terminated texts of the header.
inline constexpr std::size_t kBootIdSize = 64;
inline constexpr std::size_t kInstanceNameSize = 160;

/// Shared between processes, so nothing of an atomic may live beside it.
using ClaimWord = std::atomic<std::uint64_t>;
static_assert(ClaimWord::is_always_lock_free && sizeof(ClaimWord) == 8);
static_assert(std::atomic<std::int32_t>::is_always_lock_free && sizeof(std::atomic<std::int32_t>) == 4);

/// The first page. Magic, version and boot id stay where they are in every future layout: by them a build
/// recognises a ledger that it cannot read.
struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slots;
  std::uint32_t claims_offset;
  std::uint32_t claim_size;
  std::uint32_t entries_offset;
  std::uint32_t entry_size;
  std::array<char, kBootIdSize> boot_id;
  std::array<char, kInstanceNameSize> instance_name;
  // Below: changed while others look.
  std::atomic<std::int32_t> reaper_pid;  ///< 0: none. Written last, so that the two after it belong to it.
  std::atomic<std::int32_t> supervisor_pid;
  std::atomic<std::uint64_t> reaper_start_time;
  std::atomic<std::uint64_t> reaper_inode;
  std::atomic<std::uint64_t> recoveries;
  std::atomic<std::uint64_t> last_exit_sequence;
  std::atomic<std::uint64_t> hangs;
  std::atomic<std::uint64_t> stamp;
};
static_assert(std::is_standard_layout_v<Header>);
static_assert(offsetof(Header, magic) == 0);
static_assert(offsetof(Header, version) == 8);
static_assert(offsetof(Header, slots) == 12);
static_assert(offsetof(Header, claims_offset) == 16);
static_assert(offsetof(Header, claim_size) == 20);
static_assert(offsetof(Header, entries_offset) == 24);
static_assert(offsetof(Header, entry_size) == 28);
static_assert(offsetof(Header, boot_id) == 32);
static_assert(offsetof(Header, instance_name) == 96);
static_assert(offsetof(Header, reaper_pid) == 256);
static_assert(offsetof(Header, supervisor_pid) == 260);
static_assert(offsetof(Header, reaper_start_time) == 264);
static_assert(offsetof(Header, reaper_inode) == 272);
static_assert(offsetof(Header, recoveries) == 280);
static_assert(offsetof(Header, last_exit_sequence) == 288);
static_assert(offsetof(Header, hangs) == 296);
static_assert(offsetof(Header, stamp) == 304);
static_assert(sizeof(Header) == 312);

/// What is mapped.
struct Shared {
  alignas(kPageSize) Header header;
  alignas(kPageSize) std::array<ClaimWord, kSlots> claims;
};
static_assert(std::is_standard_layout_v<Shared>);
inline constexpr std::size_t kClaimsOffset = 4096;
inline constexpr std::size_t kEntriesOffset = 36864;
inline constexpr std::size_t kFileSize = kEntriesOffset + kSlots * kEntrySize;
static_assert(offsetof(Shared, claims) == kClaimsOffset);
static_assert(sizeof(Shared) == kEntriesOffset && kEntriesOffset % kPageSize == 0);

/// One slot's record as it is stored. All zero bytes: the slot is free.
struct StoredEntry {
  core::InstanceRecord record;
  sys::ProcessIdentity main_process;
  std::array<std::uint64_t, 2> notes;
  std::uint32_t marker;  ///< kEntryMarker in an occupied slot.
  std::uint32_t checksum;
};
inline constexpr std::uint32_t kEntryMarker = 0x59544e45;
static_assert(std::is_trivially_copyable_v<StoredEntry>);
static_assert(sizeof(core::InstanceRecord) == 464 && sizeof(sys::ProcessIdentity) == 24);
static_assert(offsetof(StoredEntry, main_process) == 464);
static_assert(offsetof(StoredEntry, notes) == 488);
static_assert(offsetof(StoredEntry, marker) == 504);
static_assert(offsetof(StoredEntry, checksum) == 508);
static_assert(sizeof(StoredEntry) == kEntrySize);
// No entry crosses a page.
static_assert(kPageSize % kEntrySize == 0);

// The record's own members: a change there is a change of the file.
static_assert(offsetof(core::InstanceRecord, service) == 0);
static_assert(offsetof(core::InstanceRecord, index) == 64);
static_assert(offsetof(core::InstanceRecord, state) == 68);
static_assert(offsetof(core::InstanceRecord, wanted) == 69);
static_assert(offsetof(core::InstanceRecord, phase) == 70);
static_assert(offsetof(core::InstanceRecord, cause_kind) == 71);
static_assert(offsetof(core::InstanceRecord, run) == 72);
static_assert(offsetof(core::InstanceRecord, restarts) == 76);
static_assert(offsetof(core::InstanceRecord, attempt) == 80);
static_assert(offsetof(core::InstanceRecord, failure_count) == 84);
static_assert(offsetof(core::InstanceRecord, main_pid) == 88);
static_assert(offsetof(core::InstanceRecord, exit_status) == 92);
static_assert(offsetof(core::InstanceRecord, exit_kind) == 96);
static_assert(offsetof(core::InstanceRecord, flags) == 97);
static_assert(offsetof(core::InstanceRecord, jitter_seed) == 100);
static_assert(offsetof(core::InstanceRecord, since) == 104);
static_assert(offsetof(core::InstanceRecord, deadline) == 112);
static_assert(offsetof(core::InstanceRecord, ready_since) == 120);
static_assert(offsetof(core::InstanceRecord, watchdog_deadline) == 128);
static_assert(offsetof(core::InstanceRecord, watchdog_period) == 136);
static_assert(offsetof(core::InstanceRecord, failures) == 144);
static_assert(offsetof(core::InstanceRecord, cause_detail) == 272);

}  // namespace foster::ledger
