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
#include "logs/pump.hpp"
#include "supervisor/log_place.hpp"
#include "supervisor/loop.hpp"
#include "sys/fifo.hpp"

namespace foster::supervisor {

/// Where FIFOs and logs are.
struct OutputPlace {
  BorrowedFd fifos;
  std::string fifo_directory;
  LogDirectory logs;
};

class Output {
 public:
  /// Makes the FIFO or finds the one that is there, with what waits in it.
  ///
  /// @param path      Of the log file; its directory exists.
  /// @param fifo_name Names the FIFO; the slot's, so that a recovered supervisor finds it.
  /// @param writer    A process that runs and writes to it: where the name was removed, its own end is taken.
  [[nodiscard]] static Result<std::unique_ptr<Output>> open(Loop& loop, const OutputPlace& place, std::string path,
                                                            std::string fifo_name, sys::FifoAccess access,
                                                            const core::LogPolicy& policy, std::optional<Pid> writer);

  /// Whether the name still means this FIFO: others may have removed it.
  [[nodiscard]] bool has_name() const;
  /// Makes a FIFO of that name and goes on with it. Nobody may write to the old one any more.
  [[nodiscard]] Result<> renew(sys::FifoAccess access);

  /// What holds its content.
  [[nodiscard]] BorrowedFd fd() const { return pump_.fd(); }

  /// The end for a new run, and for the reaper to keep.
  [[nodiscard]] Result<UniqueFd> open_for_service() const;

  /// Moves everything that is there now: before the next run starts, and before an exit is told.
  void drain();

  /// What comes from now on is of a new run.
  void begin_run() { run_bytes_ = 0; }
  /// The last lines of this run, few and short, for the history. Drain first.
  [[nodiscard]] std::string last_words() const;

  void set_policy(const core::LogPolicy& policy);
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const LogPlace& log() const { return log_; }
  /// Why output cannot be stored at the moment; empty when it can.
  [[nodiscard]] const std::optional<Error>& stuck() const { return pump_.stuck(); }
  /// How many bytes were given up because they could not be stored.
  [[nodiscard]] std::uint64_t dropped() const { return pump_.losses().total(); }

  /// Calls `more` at each growth, until the returned token is destroyed.
  using Token = std::shared_ptr<std::function<void()>>;
  [[nodiscard]] Token on_growth(std::function<void()> more);

 private:
  Output(Loop& loop, BorrowedFd fifos, std::string fifo_name, logs::Pump pump, std::string path, LogPlace log,
         core::WhenLogFull when_full);

  void pump_some();
  void try_again_later();
  void tell();
  void watch();

  Loop& loop_;
  BorrowedFd fifos_;
  std::string fifo_name_;
  LogPlace log_;  ///< Outlives the pump, which writes into its directory.
  logs::Pump pump_;
  std::string path_;
  std::vector<std::weak_ptr<std::function<void()>>> followers_;
  core::WhenLogFull when_full_;
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

/// What a config's policy means to the files.
[[nodiscard]] logs::Rotation rotation_of(const core::LogPolicy& policy);

}  // namespace foster::supervisor
