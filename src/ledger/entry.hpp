// One slot of the ledger as a value, and its way to and from stored bytes. Pure.
#pragma once

#include <array>
#include <cstdint>

#include <foster/result.hpp>

#include "core/record.hpp"
#include "ledger/layout.hpp"
#include "sys/pidfd.hpp"

namespace foster::ledger {

/// The number of an instance: an index into the ledger's slots.
using Slot = std::uint32_t;

/// What is kept of one instance.
struct Entry {
  core::InstanceRecord record{};
  sys::ProcessIdentity main_process;     ///< All zero: none.
  std::array<std::uint64_t, 2> notes{};  ///< The supervisor's business; kept as they are.
};

/// Whether every member means something: texts end, enumerations name a value, an exit status is one.
/// @errors `EBADMSG`; the detail names the member.
[[nodiscard]] Result<> validate(const Entry& entry);

/// Does not look at the content; `validate` does.
[[nodiscard]] StoredEntry encode(const Entry& entry) noexcept;

/// @errors `ENOENT` the slot is free; `EBADMSG` these bytes are no entry, or one that `validate` refuses.
[[nodiscard]] Result<Entry> decode(const StoredEntry& stored);

}  // namespace foster::ledger
