// Events on their way into the database, where a SIGKILL cannot reach them: a file in the runtime directory, written
// before anybody waits for a disk. No thread; the journal's lock holds for it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "journal/event_record.hpp"

namespace foster::journal {

/// Each event is one write behind the others, with a checksum: what was cut short counts as not written. The file never
/// holds more than what is not stored yet, and the last number that was given, so that the next supervisor counts on
/// without opening the database.
class Spool {
 public:
  /// What an earlier one has left.
  struct Found {
    std::vector<EventRecord> events;  ///< Perhaps stored already, the oldest of them first.
    std::uint64_t last_id = 0;        ///< The last that was given.
    bool are_numbered = false;        ///< Their ids follow those in the database.
  };
  struct Opened;

  /// Goes on in the file, or makes one where there is none, or none that this build can read.
  /// @errors From the file system.
  [[nodiscard]] static Result<Opened> open(std::string path);

  /// @errors From the file system: `ENOSPC`. Then nothing of it is there.
  [[nodiscard]] Result<> append(const EventRecord& event);

  /// In place of everything: these are not stored yet, and no others. Another file of the same name, at once.
  /// @errors From the file system; then it stays as it was.
  [[nodiscard]] Result<> keep(std::span<const EventRecord> events, std::uint64_t last_id, bool are_numbered);

  /// Everything is stored.
  void clear(std::uint64_t last_id, bool are_numbered);

  /// Bytes of events.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  Spool(std::string path, UniqueFd file) noexcept : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  UniqueFd file_;
  std::size_t size_ = 0;
};

struct Spool::Opened {
  Spool spool;
  std::optional<Found> found;  ///< Empty: there was none.
};

}  // namespace foster::journal
