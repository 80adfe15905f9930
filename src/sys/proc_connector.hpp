// The kernel's news of every process of the machine (netlink, CN_IDX_PROC), for root in the initial namespaces.
#pragma once

#include <utility>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "sys/process_event.hpp"

namespace foster::sys {

/// What has come since the last reading.
struct ConnectorNews {
  std::vector<ProcessEvent> events;
  /// More came than the socket could keep: between these events, or before them, others are missing.
  enum class Completeness : bool { complete, has_gaps } completeness = Completeness::complete;
};

/// A listener. Every fork, exec and exit of the machine comes to it, so that whoever has one reads it without delay.
class ProcConnector {
 public:
  struct Options {
    int buffer_bytes = 2 * 1024 * 1024;  ///< For some thousand events that nobody has read yet.
  };

  /// @errors `EPERM` not root, or root of a user namespace; `ENOTSUP` switched off, a kernel without it, or a
  /// container:
  ///         its numbers of processes would not be ours.
  /// @blocks Until the kernel has answered, up to a second.
  [[nodiscard]] static Result<ProcConnector> open(const Options& options);
  [[nodiscard]] static Result<ProcConnector> open() { return open(Options{}); }

  ProcConnector(ProcConnector&&) noexcept = default;
  ProcConnector& operator=(ProcConnector&&) = delete;
  /// Tells the kernel that nobody listens any more: older ones go on making events otherwise.
  ~ProcConnector();

  /// Readable: there is news.
  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }

  /// What is there, at most some thousand events at once. Does not block. Whoever takes a look at all processes after
  /// gaps has missed nothing.
  /// @errors of recv(2), but for lost events, which are told in the result.
  [[nodiscard]] Result<ConnectorNews> read();

 private:
  explicit ProcConnector(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  [[nodiscard]] Result<> ask_for_events();

  UniqueFd fd_;
};

}  // namespace foster::sys
