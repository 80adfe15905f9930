// The output of one instance on the loop: from its FIFO to its log file, for as long as the instance
// exists, whatever becomes of its runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <foster/result.hpp>

#include "core/model.hpp"
#include "logs/log_place.hpp"
#include "logs/pump.hpp"
#include "logs/system_log_lines.hpp"
#include "supervisor/loop.hpp"
#include "sys/fifo.hpp"

namespace foster::supervisor {

/// Where FIFOs and logs are.
struct OutputPlace {
  BorrowedFd fifos;
  std::string fifo_directory;
  logs::LogDirectory logs;
  std::shared_ptr<sys::SystemLog> system_log;
};

using logs::OutputPart;
using logs::ToldOutput;

/// One output: what it is and where it goes.
struct OutputPlan {
  std::string name;       ///< Who writes, for the system's log.
  std::string path;       ///< Of the log file, whose directory exists; empty: there is none.
  std::string fifo_name;  ///< The slot's, so that a recovered supervisor finds it.
  sys::FifoAccess access = sys::FifoAccess::owner;
  core::LogPolicy policy;
  std::optional<Pid>
      writer;  ///< A process that runs and writes to it: where the name was removed, its own end is taken.
  /// Told what the policy says: of `events` what is written, of `capture` the messages. It must not come back here.
  std::function<void(const ToldOutput&)> tap;
};

class Output {
 public:
  /// Makes the FIFO or finds the one that is there, with what waits in it.
  [[nodiscard]] static Result<std::unique_ptr<Output>> open(Loop& loop, const OutputPlace& place, OutputPlan plan);

  /// Makes a FIFO of that name and goes on with it. Nobody may write to the old one any more.
  [[nodiscard]] Result<> renew(sys::FifoAccess access);

  /// What holds its content, as does every copy of it.
  [[nodiscard]] BorrowedFd fd() const { return pump_.fd(); }

  /// The end for a new run. @errors The name does not mean this FIFO any more: others have removed it.
  [[nodiscard]] Result<UniqueFd> open_for_service() const;

  /// Moves everything that is there now: before the next run starts, and before an exit is told.
  void drain();

  /// What comes from now on is of a new run.
  void begin_run() { run_bytes_ = 0; }
  /// Nothing more comes of this one. Drain first.
  void end_run();
  /// The last lines of this run, few and short, for the history. Drain first.
  [[nodiscard]] std::string last_words() const;

  /// Empties the log, but for rotated files.
  [[nodiscard]] Result<> clear();
  /// Looks the log's name up again, from the root.
  void reopen();

  /// What of it can be changed at any time.
  void set_policy(const core::LogPolicy& policy);
  /// Whether it goes where such an output would, and in the same way.
  [[nodiscard]] bool is_as(const std::string& path, const core::LogPolicy& policy) const {
    return path == plan_.path && !core::differs_in_way(policy, plan_.policy);
  }
  [[nodiscard]] const std::string& path() const { return plan_.path; }
  [[nodiscard]] const logs::LogPlace& log() const { return log_; }
  /// Why output cannot be stored at the moment; empty when it can.
  [[nodiscard]] const std::optional<Error>& stuck() const { return pump_.stuck(); }
  /// How many bytes were given up because they could not be stored.
  [[nodiscard]] std::uint64_t dropped() const { return pump_.losses().total(); }

  /// Calls `more` at each growth, until the returned token is destroyed.
  using Token = std::shared_ptr<std::function<void()>>;
  [[nodiscard]] Token on_growth(std::function<void()> more);

 private:
  Output(Loop& loop, const OutputPlace& place, OutputPlan plan, logs::LogPlace log, sys::FifoReader fifo);
  [[nodiscard]] Result<> sift(const OutputPlace& place);

  void pump_some();
  void try_again_later();
  void tell();
  void hear(const ToldOutput& told);
  void watch();

  Loop& loop_;
  BorrowedFd fifos_;
  logs::LogDirectory logs_;
  OutputPlan plan_;
  logs::LogPlace log_;  ///< Outlives the pump, which writes into its directory.
  logs::Pump pump_;
  std::optional<logs::SystemLogLines> system_log_;
  std::vector<std::weak_ptr<std::function<void()>>> followers_;
  std::unique_ptr<Timer> retry_;
  core::Duration pause_{};
  std::uint64_t run_bytes_ = 0;  ///< Moved for this run, as far as this supervisor has seen it.
  std::uint64_t arrived_ = 0;    ///< At the last try: what waits and what was dropped.
  std::optional<Watch> watch_;
};

/// The FIFO of a slot, for stdout and, unless that is kept apart, stderr.
[[nodiscard]] std::string fifo_name(std::uint32_t slot, core::Stream stream = core::Stream::out);

/// The file beside a FIFO that counts what could not be stored.
[[nodiscard]] std::string losses_name(const std::string& fifo_name);
/// The one that holds what must be looked at before it is stored.
[[nodiscard]] std::string staged_name(const std::string& fifo_name);

/// What a config's policy means to the files.
[[nodiscard]] logs::Rotation rotation_of(const core::LogPolicy& policy);

}  // namespace foster::supervisor
