// The durable history of events. No call of the supervisor's thread waits for a disk, except
// opening, asking and flushing, which say so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <foster/result.hpp>
#include "journal/database.hpp"
#include "journal/event_record.hpp"

namespace foster::journal {

/// Appended events wait in memory for one writer thread, which stores them in batches. It lives only while there is
/// something to do: after a moment without events it closes the file and ends, and nothing wakes up any more.
///
/// While the disk refuses (full, read-only, gone), events stay in memory up to `Options::pending_most`, then the
/// oldest are dropped and counted; storing is tried again every `Options::retry_after`. A journal that could
/// not be opened begins with id 1, and goes on behind the ids in the file once it can.
///
/// @threads One at a time, except for the writer inside.
class Journal {
 public:
  struct Options {
    std::uint64_t keep = 100'000;                 ///< Events; older ones are pruned now and then.
    std::size_t pending_most = 10'000;            ///< Events in memory while they cannot be stored.
    std::chrono::milliseconds gather{20};         ///< How long the first event of a batch waits for others.
    std::chrono::milliseconds idle_after{1'000};  ///< Without an event for this long, the file is closed.
    std::chrono::milliseconds retry_after{5'000};
    std::string spool{};  ///< A file that keeps what is not stored yet from a SIGKILL; empty: none.
  };

  struct Opened;

  /// Takes up what the spool of an earlier journal still has; it waits for `release`, and the database is opened when
  /// it is needed. Without such a spool, opens or makes the database at `path`. One that cannot be read as a database
  /// is moved aside and a new one made. A disk that refuses, or a database of a newer foster, which is left alone, is
  /// no error: the journal begins in memory, says so in `stuck`, and goes on from there.
  ///
  /// @blocks On the disk, where there is no spool.
  [[nodiscard]] static Opened open(std::string path, Options options);
  [[nodiscard]] static Opened open(std::string path);

  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  /// Stores what is pending, as `flush` does, for at most a second.
  ~Journal();

  /// Takes the event, gives it the next id, and returns that. Never waits for the disk.
  std::uint64_t append(EventRecord event);

  /// As `append`, but only into the spool: it is stored after `release`. For what is about to happen.
  std::uint64_t note(EventRecord event);
  /// All that was noted has happened.
  void release();
  /// What waits to be released or stored, oldest first.
  [[nodiscard]] std::vector<EventRecord> pending() const;
  /// These have not happened after all. Only what was not released can be taken back.
  void retract(const std::vector<std::uint64_t>& ids);

  /// Stored and pending events, oldest first. Includes everything appended before. While the file cannot be read
  /// (`stuck` says why), the answer is what is in memory.
  /// @errors `ETIMEDOUT` the disk does not answer at all.
  /// @blocks On the disk, for some milliseconds; up to 5 seconds when it hangs.
  [[nodiscard]] Result<std::vector<EventRecord>> history(const Query& query) const;

  /// Waits until everything appended before is stored, and in the file even after a loss of power.
  /// @errors `ETIMEDOUT`, or why it cannot be stored.
  /// @blocks Up to `patience`.
  [[nodiscard]] Result<> flush(std::chrono::milliseconds patience);

  /// Id of the newest event; 0: there was none.
  [[nodiscard]] std::uint64_t last_id() const;
  /// Events lost because the disk refused for too long.
  [[nodiscard]] std::uint64_t dropped() const;
  /// Why events cannot be stored at the moment; empty when they can.
  [[nodiscard]] std::optional<Error> stuck() const;
  /// Where a damaged file was moved, if one was met since the opening.
  [[nodiscard]] std::optional<std::string> moved_aside() const;

 private:
  class Impl;
  explicit Journal(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;
};

/// What opening found.
struct Journal::Opened {
  Journal journal;
  std::optional<std::string> moved_aside;  ///< A damaged file was there; this is its name now.
  std::optional<Error> stuck;              ///< The disk refuses; events are kept in memory.
};

}  // namespace foster::journal
