#include "journal/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "journal/stored_exit.hpp"

namespace foster::journal {
namespace {

constexpr int kSchemaVersion = 2;

constexpr const char* kSchema = R"(
CREATE TABLE event (
  id        INTEGER PRIMARY KEY,
  wall      INTEGER NOT NULL,  -- microseconds since 1970
  monotonic INTEGER NOT NULL,  -- nanoseconds since boot
  instance  TEXT    NOT NULL,
  run       INTEGER NOT NULL,
  state     INTEGER NOT NULL,  -- from * 256 + to, as core::State numbers them
  cause     INTEGER NOT NULL,  -- core::CauseKind
  detail    TEXT    NOT NULL,
  exit      INTEGER,           -- stored_exit.hpp
  user      INTEGER,           -- microseconds, of a run that ended; so is all that follows
  system    INTEGER,           -- microseconds
  memory    INTEGER,           -- bytes, at most
  output    TEXT               -- last lines; null where no run ended
);
CREATE INDEX event_of_instance ON event (instance, id);
)";

// What each version added to the one before it; the first is the number of the version that has it.
struct Step {
  int version;
  const char* sql;
};
constexpr Step kSteps[] = {
    {2,
     "ALTER TABLE event ADD COLUMN user INTEGER; ALTER TABLE event ADD COLUMN system INTEGER;"
     "ALTER TABLE event ADD COLUMN memory INTEGER; ALTER TABLE event ADD COLUMN output TEXT;"},
};

/// SQLite is configured once, before its first use: no memory set apart that may never be needed.
void configure_once() {
  static const bool configured = [] {
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
    return true;  // too late is no harm: the defaults work too
  }();
  (void)configured;
}

/// SQLite's reasons as the errno values that tell the same.
int errno_of(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_ERROR:  // our statements are right, so the tables they meet are not ours
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return EBADMSG;
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_READONLY:
      return EROFS;
    case SQLITE_NOMEM:
      return ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return EBUSY;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return EACCES;
    case SQLITE_TOOBIG:
      return E2BIG;
    case SQLITE_CANTOPEN:
      return system_errno != 0 ? system_errno : EACCES;
    default:
      return system_errno != 0 ? system_errno : EIO;
  }
}

/// A prepared statement, finalised with its owner.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) { code_ = sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { (void)sqlite3_finalize(statement_); }  // repeats the error of the last step

  [[nodiscard]] bool is_ready() const noexcept { return code_ == SQLITE_OK; }

  void bind(int index, std::int64_t value) { (void)sqlite3_bind_int64(statement_, index, value); }
  /// The text must outlive the next step.
  void bind(int index, std::string_view text) {
    (void)sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind_null(int index) { (void)sqlite3_bind_null(statement_, index); }

  /// SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step() { return sqlite3_step(statement_); }
  void reset() { (void)sqlite3_reset(statement_); }

  [[nodiscard]] std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] bool is_null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] std::string text(int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr ? std::string()
                            : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int code_ = SQLITE_OK;
};

core::State decode_state(std::int64_t stored) {
  return stored >= 0 && stored < static_cast<std::int64_t>(core::kStates) ? static_cast<core::State>(stored)
                                                                          : core::State::stopped;
}

void bind_end(Statement& statement, const std::optional<core::RunEnd>& end) {
  for (const int index : {10, 11, 12, 13}) statement.bind_null(index);
  if (!end) return;
  statement.bind(13, end->last_output);
  if (!end->use) return;
  statement.bind(10, end->use->user_time.count());
  statement.bind(11, end->use->system_time.count());
  if (const auto bytes = end->use->most_resident_bytes) statement.bind(12, static_cast<std::int64_t>(*bytes));
}

void bind_event(Statement& statement, const EventRecord& event) {
  using std::chrono::duration_cast;
  statement.bind(1, static_cast<std::int64_t>(event.id));
  statement.bind(2, duration_cast<std::chrono::microseconds>(event.wall.time_since_epoch()).count());
  statement.bind(3, event.monotonic.time_since_epoch().count());
  statement.bind(4, event.instance);
  statement.bind(5, event.run);
  statement.bind(6, static_cast<std::int64_t>(event.from) * 256 + static_cast<std::int64_t>(event.to));
  statement.bind(7, static_cast<std::int64_t>(event.cause.kind));
  statement.bind(8, event.cause.detail);
  if (event.cause.exit) {
    statement.bind(9, encode_exit(*event.cause.exit));
  } else {
    statement.bind_null(9);
  }
  bind_end(statement, event.end);
}

EventRecord read_event(Statement& row) {
  EventRecord event;
  event.id = static_cast<std::uint64_t>(row.number(0));
  event.wall = std::chrono::system_clock::time_point(std::chrono::microseconds(row.number(1)));
  event.monotonic = core::Instant(core::Duration(row.number(2)));
  event.instance = row.text(3);
  event.run = static_cast<core::Run>(row.number(4));
  event.from = decode_state(row.number(5) >> 8);
  event.to = decode_state(row.number(5) & 0xff);
  event.cause.kind = static_cast<core::CauseKind>(row.number(6));
  event.cause.detail = row.text(7);
  if (!row.is_null(8)) event.cause.exit = decode_exit(row.number(8));
  if (!row.is_null(12)) {
    event.end.emplace().last_output = row.text(12);
    if (!row.is_null(9)) {
      event.end->use = {.user_time = std::chrono::microseconds(row.number(9)),
                        .system_time = std::chrono::microseconds(row.number(10)),
                        .most_resident_bytes = {}};
      if (!row.is_null(11)) event.end->use->most_resident_bytes = static_cast<std::uint64_t>(row.number(11));
    }
  }
  return event;
}

}  // namespace

void Database::Close::operator()(sqlite3* database) const noexcept {
  (void)sqlite3_close(database);  // every statement is finalised where it was made
}

Failure Database::failed(const char* step) const {
  sqlite3* database = database_.get();
  const int code = errno_of(sqlite3_extended_errcode(database), sqlite3_system_errno(database));
  return failure(step, code, path_ + " (" + sqlite3_errmsg(database) + ")");
}

Result<Database> Database::open(const std::string& path) {
  configure_once();
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                    SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  if (raw == nullptr) return failure("open", ENOMEM, path);
  Database database(raw, path);
  if (code != SQLITE_OK) return database.failed("open");
  (void)sqlite3_busy_timeout(raw, 1000);  // somebody looks into it with a tool of his own
  // Small pages in a small cache: events are written once, at the end, and seldom read.
  if (auto done = database.run("PRAGMA mmap_size = 0; PRAGMA cache_size = 16; PRAGMA temp_store = MEMORY"); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = database.bring_up_to_date(); !done) return std::unexpected(done.error());
  return database;
}

Result<> Database::bring_up_to_date() {
  const auto version = number("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version > kSchemaVersion) {
    return failure("open", EPROTO, path_ + " (written by a newer foster, as version " + std::to_string(*version) + ")");
  }
  if (*version == 0) {
    // A database with tables of somebody else is none of ours.
    const auto tables = number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return std::unexpected(tables.error());
    if (*tables != 0) return failure("open", EBADMSG, path_ + " (not a journal)");
    // A new file need not survive a loss of power before there is anything in it.
    if (auto done = run("PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL"); !done) return done;
    if (auto done = change_schema(kSchema, kSchemaVersion); !done) return done;
  }
  for (const Step& step : kSteps) {
    if (*version == 0 || *version >= step.version) continue;  // a new one has everything
    if (auto done = change_schema(step.sql, step.version); !done) return done;
  }
  // The write-ahead log makes a commit one write without fsync; a loss of power costs the last events, not the file.
  if (auto done = run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                      "PRAGMA wal_autocheckpoint = 200; PRAGMA journal_size_limit = 1048576");
      !done) {
    return done;
  }
  // Reads the table's root, so that damage shows now rather than at the first event.
  const auto last = last_id();
  return last ? Result<>{} : std::unexpected(last.error());
}

Result<> Database::change_schema(const std::string& sql, int version) {
  const std::string script =
      "BEGIN IMMEDIATE;" + sql + ";PRAGMA user_version = " + std::to_string(version) + "; COMMIT";
  auto done = run(script.c_str());
  if (!done) (void)sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);  // the first error counts
  return done;
}

Result<> Database::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Result<>{} : failed("write");
}

Result<std::int64_t> Database::number(const char* sql) {
  Statement statement(database_.get(), sql);
  if (!statement.is_ready() || statement.step() != SQLITE_ROW) return failed("read");
  return statement.number(0);
}

Result<std::uint64_t> Database::last_id() {
  const auto last = number("SELECT ifnull(max(id), 0) FROM event");
  if (!last) return std::unexpected(last.error());
  return static_cast<std::uint64_t>(*last);
}

Result<> Database::append(std::span<const EventRecord> events) {
  if (auto done = run("BEGIN IMMEDIATE"); !done) return done;
  auto done = insert(events);
  if (done) done = run("COMMIT");
  if (!done) (void)sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);  // the first error counts
  return done;
}

Result<> Database::insert(std::span<const EventRecord> events) {
  // "OR IGNORE": after a commit whose outcome was not known, the same events come again.
  Statement statement(database_.get(), "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement.is_ready()) return failed("write");
  for (const EventRecord& event : events) {
    bind_event(statement, event);
    if (statement.step() != SQLITE_DONE) return failed("write");
    statement.reset();
  }
  return {};
}

Result<std::vector<EventRecord>> Database::find(const Query& query) {
  std::string sql =
      "SELECT id, wall, monotonic, instance, run, state, cause, detail, exit, user, system, memory, output FROM event "
      "WHERE id > ?1";
  if (!query.instance.empty()) sql += " AND instance = ?2";
  sql += query.after ? " ORDER BY id ASC" : " ORDER BY id DESC";
  sql += " LIMIT ?3";
  Statement statement(database_.get(), sql.c_str());
  if (!statement.is_ready()) return failed("read");
  statement.bind(1, static_cast<std::int64_t>(query.after.value_or(0)));
  if (!query.instance.empty()) statement.bind(2, query.instance);
  statement.bind(3, static_cast<std::int64_t>(std::min<std::size_t>(query.most, INT64_MAX)));
  std::vector<EventRecord> events;
  int code = statement.step();
  for (; code == SQLITE_ROW; code = statement.step()) events.push_back(read_event(statement));
  if (code != SQLITE_DONE) return failed("read");
  if (!query.after) std::ranges::reverse(events);
  return events;
}

Result<> Database::prune(std::uint64_t keep) {
  const auto last = last_id();
  if (!last) return std::unexpected(last.error());
  if (*last <= keep) return {};
  Statement statement(database_.get(), "DELETE FROM event WHERE id <= ?1");
  if (!statement.is_ready()) return failed("prune");
  statement.bind(1, static_cast<std::int64_t>(*last - keep));
  return statement.step() == SQLITE_DONE ? Result<>{} : failed("prune");
}

Result<> Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return code == SQLITE_OK || code == SQLITE_BUSY ? Result<>{} : failed("checkpoint");
}

Result<std::string> set_aside(const std::string& path) {
  struct stat facts{};
  for (unsigned number = 1;; ++number) {
    std::string aside = path + ".corrupt-" + std::to_string(number);
    if (::lstat(aside.c_str(), &facts) == 0) continue;
    if (::rename(path.c_str(), aside.c_str()) != 0) return failure("rename", errno, path);
    // A new database must not meet the log of the old one.
    for (const char* companion : {"-wal", "-shm"}) {
      if (::rename((path + companion).c_str(), (aside + companion).c_str()) != 0 && errno != ENOENT) {
        return failure("rename", errno, path + companion);
      }
    }
    return aside;
  }
}

}  // namespace foster::journal
