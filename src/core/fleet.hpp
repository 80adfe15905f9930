// All instances of a model: the pure heart. Commands and facts go in, actions come out; nothing is
// done here. Level-triggered: after every input, what is wanted is compared with what is.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/action.hpp"
#include "core/event.hpp"
#include "core/model.hpp"
#include "core/record.hpp"
#include "core/time.hpp"

namespace foster::core {

/// One instance as others may see it.
struct InstanceView {
  InstanceId id;
  std::string service;
  unsigned index;
  std::string name;  ///< "web" or "web:0".
  State state;
  bool wanted;
  Run run;  ///< 0 before the first one.
  unsigned restarts;
  std::optional<Pid> pid;           ///< Of the main process, while one lives.
  Instant since;                    ///< When the state was entered.
  std::optional<Instant> ready;     ///< Since when it is ready.
  std::optional<Instant> deadline;  ///< Next try, ready by or stopped by.
  std::optional<ExitStatus> exit;   ///< Of the last run that ended.
  Cause cause;
};

/// One line of a plan: what a changed model does to one service.
struct ServiceChange {
  enum class Kind : std::uint8_t { add, remove, restart, update, unchanged };
  Kind kind;
  std::string service;
  std::string why;  ///< "command, environment changed".
};

class Instance;

class Fleet {
 public:
  /// An empty fleet. The seed makes the jitter reproducible.
  explicit Fleet(std::uint64_t seed);
  Fleet(Fleet&&) noexcept;
  Fleet& operator=(Fleet&&) noexcept;
  ~Fleet();

  /// The fleet as its records describe it, after the supervisor was lost. `records[i]` belongs to the
  /// instance with id `ids[i]`. Nothing is decided yet: report what became of each run by `handle`,
  /// then call `tick`.
  [[nodiscard]] static Fleet restore(Model model, std::span<const InstanceId> ids,
                                     std::span<const InstanceRecord> records, std::uint64_t seed);

  /// What `apply` would do, without doing it.
  [[nodiscard]] std::vector<ServiceChange> plan(const Model& wanted) const;
  /// Makes `wanted` the model: adds, removes, restarts and updates only what changed.
  [[nodiscard]] Actions apply(Model wanted, const Cause& cause, Instant now);

  /// An event of one instance. Unknown ids and events of old runs are ignored.
  [[nodiscard]] Actions handle(InstanceId id, const Event& event, Instant now);
  /// Several wishes at once (`foster stop '*'`): order among them is the dependencies' business.
  [[nodiscard]] Actions handle(std::span<const InstanceId> ids, const Event& event, Instant now);
  /// Stops everything in order; ends in action::Exit with this code. A second call kills at once.
  [[nodiscard]] Actions shut_down(int code, const Cause& cause, Instant now);
  /// Everything due by now.
  [[nodiscard]] Actions tick(Instant now);

  /// When `tick` is wanted next; empty: not before another input.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] const Model& model() const;
  [[nodiscard]] const Service& service_of(InstanceId id) const;
  [[nodiscard]] std::vector<InstanceId> ids() const;
  [[nodiscard]] std::optional<InstanceId> find(std::string_view instance_name) const;
  /// Ids whose service or instance name matches the glob (fnmatch-like `*`, `?`, `[…]`); a service name
  /// stands for all its workers.
  [[nodiscard]] std::vector<InstanceId> match(std::string_view glob) const;
  [[nodiscard]] InstanceView view(InstanceId id) const;
  /// The same without a copy, of use until the next input; core/step.hpp has what it tells.
  [[nodiscard]] const Instance& instance(InstanceId id) const;
  [[nodiscard]] bool is_shutting_down() const;

  /// What to store in the ledger for this instance.
  [[nodiscard]] InstanceRecord record(InstanceId id) const;
  /// Ids whose record changed since the last call.
  [[nodiscard]] std::vector<InstanceId> take_changed();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace foster::core
