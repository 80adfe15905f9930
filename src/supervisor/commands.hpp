// Implements what can be asked (api/service.hpp) on the fleet.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/service.hpp"
#include "journal/journal.hpp"
#include "supervisor/definitions.hpp"
#include "supervisor/engine.hpp"
#include "supervisor/event_log.hpp"
#include "supervisor/executor.hpp"
#include "supervisor/upgrade.hpp"
#include "supervisor/waiters.hpp"
#include "sys/runtime_dir.hpp"

namespace foster::supervisor {

class Commands final : public api::ControlService {
 public:
  /// What the commands work on; all of it outlives them.
  struct Tools {
    Loop& loop;
    Engine& engine;
    Executor& executor;
    Waiters& waiters;
    EventLog& events;
    const journal::Journal& journal;
    Origin& origin;  ///< Of the fleet's model.
    sys::Directories directories;
    OutputPlace place;
    std::function<api::Info()> info;
    std::function<bool()> stands_in;  ///< For a supervisord, whose clients alone change the configuration.
    Upgrade& upgrade;
    std::function<void()> tell;  ///< What has happened and is not told yet.
  };

  explicit Commands(Tools tools) : tools_(std::move(tools)) {}

  [[nodiscard]] api::Info info() const override;
  [[nodiscard]] api::Answer<std::vector<api::InstanceRow>> list(
      const std::vector<std::string>& patterns) const override;
  void change(api::ChangeRequest request, const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) override;
  void signal(std::vector<std::string> patterns, Signal signal, const api::Actor& actor,
              api::Done<std::vector<api::Outcome>> done) override;
  void apply(api::ApplyRequest request, const api::Actor& actor, api::Done<api::Applied> done) override;
  void run(api::RunRequest request, const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) override;
  void adopt(api::AdoptRequest request, const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) override;
  void upgrade(api::UpgradeRequest request, const api::Actor& actor, api::Done<api::Upgraded> done) override;
  void shut_down(const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) override;
  [[nodiscard]] api::Answer<std::vector<api::EventRow>> history(const std::string& name,
                                                                std::size_t most) const override;
  [[nodiscard]] api::Answer<std::unique_ptr<api::LogCursor>> open_log(const api::LogRequest& request) override;
  [[nodiscard]] std::unique_ptr<api::EventCursor> follow_events(std::optional<std::uint64_t> after) override;

  /// The config that was applied last, again: SIGHUP. Problems are only told in the journal.
  void reload();

  /// What is applied, to be changed and put in force.
  [[nodiscard]] Definitions in_force() const;
  /// Stores the definitions, then makes them the model; nothing happens if they cannot be stored.
  [[nodiscard]] Result<> put_in_force(Definitions definitions, const core::Cause& cause);

 private:
  using Ids = std::vector<core::InstanceId>;

  [[nodiscard]] const core::Fleet& fleet() const { return tools_.engine.fleet(); }
  [[nodiscard]] api::Answer<Ids> match(const std::vector<std::string>& patterns) const;
  [[nodiscard]] api::InstanceRow row(core::InstanceId id) const;
  [[nodiscard]] std::string owner_of(Pid pid) const;
  void wait_for(Ids ids, Goal goal, bool wait, api::Done<std::vector<api::Outcome>> done);

  Tools tools_;
};

}  // namespace foster::supervisor
