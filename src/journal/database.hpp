// The journal's file: its schema, and every statement on it. No thread, no queue. Includes nothing of SQLite, so that
// it stays in the .cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <foster/result.hpp>
#include "journal/event_record.hpp"

struct sqlite3;

namespace foster::journal {

/// Which events to look up, and how many.
struct Query {
  std::string instance{};                ///< Empty: all.
  std::optional<std::uint64_t> after{};  ///< Only events with a higher id, the oldest of them; empty: the newest.
  std::size_t most = 100;
};

/// An open database, for one thread at a time. Each call is a transaction.
class Database {
 public:
  /// Opens or makes it, and brings an older schema up to date.
  /// @errors `EPROTO` of a newer foster; `EBADMSG` damaged, or no database at all; `ENOSPC`, `EROFS`, `EACCES`, `EIO`
  ///         and the like as SQLite found them.
  [[nodiscard]] static Result<Database> open(const std::string& path);

  /// @errors As `open`; nothing of it is stored then.
  [[nodiscard]] Result<> append(std::span<const EventRecord> events);

  /// Oldest first.
  [[nodiscard]] Result<std::vector<EventRecord>> find(const Query& query);

  /// 0 when there is none.
  [[nodiscard]] Result<std::uint64_t> last_id();

  /// Removes all but the newest `keep`.
  [[nodiscard]] Result<> prune(std::uint64_t keep);

  /// Moves what is in the write-ahead log into the database, and makes it survive a loss of power.
  [[nodiscard]] Result<> checkpoint();

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept;
  };
  explicit Database(sqlite3* database, std::string path) noexcept : database_(database), path_(std::move(path)) {}
  [[nodiscard]] Result<> run(const char* sql);
  [[nodiscard]] Result<std::int64_t> number(const char* sql);
  [[nodiscard]] Result<> bring_up_to_date();
  [[nodiscard]] Result<> change_schema(const std::string& sql, int version);
  [[nodiscard]] Result<> insert(std::span<const EventRecord> events);
  [[nodiscard]] Failure failed(const char* step) const;

  std::unique_ptr<sqlite3, Close> database_;
  std::string path_;
};

/// Renames a damaged database and its companions to PATH.corrupt-N, N being the first free number.
/// @return The new name.
[[nodiscard]] Result<std::string> set_aside(const std::string& path);

}  // namespace foster::journal
