// What an instance writes, on its way to its logs: an Output for each stream that goes to a place of its own, and the
// copies of their FIFOs that the reaper keeps.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "core/action.hpp"
#include "reaper/wire.hpp"
#include "supervisor/output.hpp"
#include "supervisor/spawn_plan.hpp"
#include "sys/channel.hpp"

namespace foster::supervisor {

/// In the order in which they are set up.
inline constexpr std::array kStreams{core::Stream::out, core::Stream::err};

/// Told of output as its policy says; it must not come back to any output before it has returned.
using OutputTap = std::function<void(core::InstanceId, core::Stream, const ToldOutput&)>;

class Outputs {
 public:
  /// All of it outlives this.
  struct Tools {
    Loop& loop;
    const OutputPlace& place;
    sys::Channel& channel;  ///< To the reaper.
    const OutputTap& tap;
  };
  /// What the reaper keeps of a run that is taken up again.
  struct Held {
    std::optional<BorrowedFd> out;
    std::optional<BorrowedFd> err;
  };

  Outputs(const Tools& tools, core::InstanceId id) : tools_(tools), id_(id) {}

  /// What is opened from now on is for a start that may fail.
  void begin_start();
  /// It has failed: what was opened for it is closed, so that it takes no descriptors from those that run.
  void give_up_start();

  /// Makes them what the definition says: what has its place already goes on, what is not wanted any more is closed.
  ///
  /// @param writer A process of this instance that runs.
  /// @errors Of a FIFO or of the directory of a log.
  [[nodiscard]] Result<> prepare(const core::Service& service, unsigned index, std::optional<Pid> writer,
                                 const Held& held = {});

  /// What comes from now on is of a new run.
  void begin_run();
  /// Gives that run its ends.
  /// @errors Of a FIFO whose name was taken away and cannot be made again.
  [[nodiscard]] Result<> lend(const core::Service& service, RunResources& resources);

  /// Takes what was written so far.
  void drain();
  /// Nothing more comes of this run. Drain first.
  void end_run();
  /// Empties the logs, but for rotated files. @errors Of the first that could not be.
  [[nodiscard]] Result<> clear();
  /// Looks up the names of the logs again.
  void reopen();
  /// Of this run, for the history: what it wrote to stderr says more, where that is apart.
  [[nodiscard]] std::string last_words() const;
  /// Live settings of a changed definition.
  void update(const core::Service& service);
  /// The instance goes: the reaper need not keep anything.
  void release();

  /// Null: the stream has no place of its own.
  [[nodiscard]] Output* find(core::Stream stream) { return slot(stream).output.get(); }
  [[nodiscard]] const Output* find(core::Stream stream) const {
    return streams_[static_cast<std::size_t>(stream)].output.get();
  }

 private:
  struct One {
    std::unique_ptr<Output> output;
    bool is_held = false;  ///< The reaper keeps the FIFO, too.
    bool is_new = false;   ///< Since `begin_start`.
  };

  [[nodiscard]] One& slot(core::Stream stream) { return streams_[static_cast<std::size_t>(stream)]; }
  [[nodiscard]] Result<> open(const core::Service& service, unsigned index, core::Stream stream,
                              std::optional<Pid> writer, std::optional<BorrowedFd> held);
  void close(core::Stream stream);
  /// A FIFO's content is gone with its last descriptor: the reaper gets one, for the time that we may be away.
  void hold();
  void send(reaper::MessageKind kind, std::span<const BorrowedFd> fds = {});

  Tools tools_;
  core::InstanceId id_;
  std::array<One, kStreams.size()> streams_;
};

}  // namespace foster::supervisor
