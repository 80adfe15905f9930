// After a supervisor was lost: the fleet from the ledger, its processes proved and taken up again.
#pragma once

#include <optional>
#include <vector>

#include "core/fleet.hpp"
#include "journal/event_record.hpp"
#include "ledger/ledger.hpp"
#include "reaper/handover.hpp"
#include "supervisor/engine.hpp"
#include "supervisor/executor.hpp"

namespace foster::supervisor {

/// An Entry's notes: which process a run began with, and under which reaper this was written.
struct RunNotes {
  pid_t first_pid = 0;
  core::Run run = 0;
  pid_t reaper = 0;
};
[[nodiscard]] std::array<std::uint64_t, 2> pack(const RunNotes& notes);
[[nodiscard]] RunNotes unpack_notes(const std::array<std::uint64_t, 2>& notes);

/// What an instance is whose service the model does not declare.
enum class Undeclared : std::uint8_t {
  leave,        ///< A change of the config has dismissed it: it is on its way out.
  are_unknown,  ///< The model was not found; nobody knows what it should be.
};

/// What the ledger remembers of the instances of this model. A slot that cannot be read, or whose
/// service is unknown, is left out, and named in `unknown`. A shutdown that was under way goes on under the same reaper
/// only: a new one was started to be up.
/// @errors The ledger cannot be read: then nothing is known, and nothing may be decided.
struct Remembered {
  std::vector<core::InstanceId> ids;
  std::vector<ledger::Entry> entries;
  std::vector<std::string> unknown;
};
[[nodiscard]] Result<Remembered> remember(const ledger::Ledger& ledger, const core::Model& model, Pid reaper,
                                          Undeclared undeclared);

/// Which of these events have not happened after all: those of the last step, of an instance that the ledger knows to
/// be elsewhere. They are written before the ledger is.
[[nodiscard]] std::vector<std::uint64_t> not_happened(const std::vector<journal::EventRecord>& events,
                                                      const core::Fleet& fleet);

/// Takes the runs up again, in two steps around the reading of queued exits: `take_up` before, so that
/// each exit finds its instance; `account_for` after, for processes that ended where no reaper told.
class Recovery {
 public:
  /// @param inherited FIFOs are held until each is open here: the reaper may be lost meanwhile.
  Recovery(ledger::Ledger& ledger, Executor& executor, Engine& engine, Pid reaper, reaper::Inherited inherited)
      : ledger_(ledger), executor_(executor), engine_(engine), reaper_(reaper), inherited_(std::move(inherited)) {}

  /// @errors A process cannot be looked at: whether it lives is not known, and nothing may be decided.
  [[nodiscard]] Result<> take_up(const Remembered& remembered);
  void account_for(const Remembered& remembered, Exits& exits);

 private:
  [[nodiscard]] Result<> take_up_begun(core::InstanceId id, const ledger::Entry& entry, const RunNotes& notes);
  /// What the reaper holds of the output, if it does.
  [[nodiscard]] Outputs::Held held_fifos(core::InstanceId id) const;
  [[nodiscard]] std::optional<sys::ProcessHandle> take_kept(core::InstanceId id, const sys::ProcessIdentity& identity);
  [[nodiscard]] bool will_be_told(core::InstanceId id, const Instance& instance,
                                  const std::vector<Pid>& children) const;
  [[nodiscard]] Result<> take_up_pending(core::InstanceId id, const ledger::Entry& entry);

  ledger::Ledger& ledger_;
  Executor& executor_;
  Engine& engine_;
  Pid reaper_;
  reaper::Inherited inherited_;  ///< With empty descriptors for processes that were taken.
};

}  // namespace foster::supervisor
