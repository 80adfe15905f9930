// Files that are not as foster left them: of another version, of somebody else, damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>
#include <random>

#include "journal/journal.hpp"
#include "support/temporary_directory.hpp"
#include "unit/journal/journaling.hpp"

namespace foster::journal {
namespace {

using namespace std::chrono_literals;
using testing::contents_of;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using testing::write_file;

/// In the place of the journal.
void make_database(const TemporaryDirectory& directory, const char* sql) {
  sqlite3* raw = nullptr;
  EXPECT_EQ(sqlite3_open(directory.path("journal.db").c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
}

TEST(JournalOfAnOlderFoster, IsBroughtUpToDateWithEverythingInIt) {
  const TemporaryDirectory directory;
  // Version 1, as it was.
  make_database(directory,
                "CREATE TABLE event (id INTEGER PRIMARY KEY, wall INTEGER NOT NULL, monotonic INTEGER NOT NULL,"
                "  instance TEXT NOT NULL, run INTEGER NOT NULL, state INTEGER NOT NULL, cause INTEGER NOT NULL,"
                "  detail TEXT NOT NULL, exit INTEGER);"
                "CREATE INDEX event_of_instance ON event (instance, id);"
                "INSERT INTO event VALUES (7, 1000000, 5, 'web', 3, 772, 8, 'because', 259);"
                "PRAGMA user_version = 1");
  for (int opening = 1; opening <= 2; ++opening) {
    auto journal = open_journal(directory);
    const auto events = journal.history({}).value();
    ASSERT_EQ(events.size(), static_cast<std::size_t>(opening));
    EXPECT_EQ(events[0].id, 7U);
    EXPECT_EQ(events[0].instance, "web");
    EXPECT_EQ(events[0].run, 3U);
    EXPECT_EQ(events[0].cause.exit, ExitStatus(Exited{3}));
    EXPECT_FALSE(events[0].end);
    EventRecord next = event_of("web");
    next.end = core::RunEnd{.use = {}, .last_output = "words"};
    EXPECT_EQ(journal.append(next), 7U + static_cast<unsigned>(opening));
    EXPECT_EQ(journal.history({}).value().back().end, next.end);
  }
}

TEST(JournalOfANewerFoster, IsLeftAloneAndEventsStayInMemory) {
  const TemporaryDirectory directory;
  make_database(directory, "CREATE TABLE future (x); PRAGMA user_version = 99");
  const auto before = contents_of(directory.path("journal.db"));
  auto opened = Journal::open(directory.path("journal.db"), {.gather = 0ms});
  ASSERT_TRUE(opened.stuck);
  EXPECT_EQ(opened.stuck->code, EPROTO);
  EXPECT_THAT(to_string(*opened.stuck), HasSubstr("written by a newer foster, as version 99"));
  opened.journal.append(event_of("web", 7));
  EXPECT_THAT(runs(opened.journal), ::testing::ElementsAre(7));
  EXPECT_EQ(contents_of(directory.path("journal.db")), before);
}

TEST(JournalThatIsNoDatabase, IsMovedAsideAndReported) {
  const TemporaryDirectory directory;
  for (const std::string name : {"journal.db.corrupt-1", "journal.db.corrupt-2"}) {
    write_file(directory.path("journal.db"), "this is not a database, however long the text may be " + name);
    const auto opened = Journal::open(directory.path("journal.db"));
    EXPECT_EQ(opened.moved_aside, directory.path(name));
    EXPECT_THAT(contents_of(directory.path(name)), HasSubstr(name));
    EXPECT_EQ(opened.journal.last_id(), 0U);
  }
}

TEST(JournalOfSomebodyElse, IsMovedAside) {
  const TemporaryDirectory directory;
  make_database(directory, "CREATE TABLE theirs (x)");
  const auto opened = Journal::open(directory.path("journal.db"));
  EXPECT_TRUE(opened.moved_aside);
}

/// What SQLite itself finds out when it looks at all of the file.
std::string verdict_on(const std::string& path) {
  sqlite3* raw = nullptr;
  (void)sqlite3_open(path.c_str(), &raw);
  std::string verdict;
  const auto note = [](void* result, int, char** columns, char**) {
    *static_cast<std::string*>(result) = columns[0];
    return 0;
  };
  if (sqlite3_exec(raw, "PRAGMA integrity_check(1)", note, &verdict, nullptr) != SQLITE_OK) {
    verdict = sqlite3_errmsg(raw);
  }
  sqlite3_close(raw);
  return verdict;
}

/// Whatever happens to the file, opening it and going on never fails and never stops.
TEST(JournalWithAnyByteChanged, GoesOnWithItOrWithoutIt) {
  const TemporaryDirectory original;
  {
    auto journal = open_journal(original);
    for (core::Run run = 1; run <= 300; ++run) journal.append(event_of("web", run));
  }
  const auto whole = contents_of(original.path("journal.db"));
  std::mt19937 random(23);
  int moved = 0;
  for (int round = 0; round < 60; ++round) {
    const TemporaryDirectory directory;
    auto damaged = whole;
    for (int n = 0; n < 40; ++n) damaged[random() % damaged.size()] = static_cast<char>(random());
    if (round % 3 == 0) damaged.resize(random() % damaged.size());
    write_file(directory.path("journal.db"), damaged);
    auto opened = Journal::open(directory.path("journal.db"), {.gather = 0ms});
    if (opened.stuck && opened.stuck->code == EPROTO) continue;  // the version number itself was hit
    const auto id = opened.journal.append(event_of("after", 7));
    const auto events = opened.journal.history({.instance = "after"});
    ASSERT_TRUE(events);
    const auto flushed = opened.journal.flush(10s);
    EXPECT_TRUE(flushed) << round << " " << to_string(flushed.error());
    if (events->empty()) {
      // Written already, to where SQLite does not find it again; that it notices such damage is not promised.
      EXPECT_NE(verdict_on(directory.path("journal.db")), "ok") << round;
    } else {
      EXPECT_EQ(events->back().id, id);
    }
    if (opened.journal.moved_aside()) ++moved;
  }
  EXPECT_GT(moved, 5);
}

TEST(JournalWithASpool, ThatIsDamagedBeginsAnew) {
  const TemporaryDirectory directory;
  const Journal::Options options{.gather = 0ms, .spool = directory.path("history")};
  be_killed_after([&] {
    auto journal = open_journal(directory, options);
    for (core::Run run = 1; run <= 20; ++run) journal.note(event_of("web", run));
  });
  const auto whole = contents_of(directory.path("history"));
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    auto damaged = whole;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 + random() % 255);
    if (round % 2 == 0) damaged.resize(random() % damaged.size());
    write_file(directory.path("history"), damaged);
    const auto journal = open_journal(directory, options);
    const auto kept = runs(journal.pending());
    for (std::size_t n = 0; n < kept.size(); ++n) ASSERT_EQ(kept[n], n + 1) << round;
  }
}

}  // namespace
}  // namespace foster::journal
