#include "journal/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "support/temporary_directory.hpp"
#include "sys/procfs.hpp"
#include "unit/journal/journaling.hpp"

namespace foster::journal {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;
using testing::write_file;

/// The writer's thread, seen from outside.
std::size_t threads_of_ours() {
  std::size_t count = 0;
  for (sys::PidDirectory tasks("/proc/self/task"); tasks.next();) ++count;
  return count;
}

template <class Condition>
bool within_ten_seconds(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::usleep(1000);  // pace: of the poll
  }
  return true;
}

TEST(Journal, GivesBackEveryFieldAfterReopening) {
  const TemporaryDirectory directory;
  std::vector<EventRecord> sent;
  {
    auto journal = open_journal(directory);
    const std::vector<std::optional<ExitStatus>> exits{std::nullopt,
                                                       ExitStatus(Exited{0}),
                                                       ExitStatus(Exited{255}),
                                                       ExitStatus(Killed{*Signal::from_number(SIGKILL), false}),
                                                       ExitStatus(Killed{*Signal::from_number(SIGSEGV), true}),
                                                       ExitStatus(ExitUnknown{})};
    for (const auto& exit : exits) {
      auto event = event_of("web:0", static_cast<core::Run>(sent.size()), std::string("zero \0 and \xff byte", 18));
      event.from = static_cast<core::State>(sent.size());
      event.cause.exit = exit;
      event.id = journal.append(event);
      sent.push_back(event);
    }
    EXPECT_EQ(journal.history({}).value(), sent) << "before it is stored";
  }
  auto journal = open_journal(directory);
  EXPECT_EQ(journal.history({}).value(), sent);
  EXPECT_EQ(journal.last_id(), sent.size());
  EXPECT_EQ(journal.append(event_of("web")), sent.size() + 1);
}

TEST(JournalHistory, IsTheNewestOfOneInstanceOldestFirst) {
  const TemporaryDirectory directory;
  auto journal = open_journal(directory);
  for (core::Run run = 1; run <= 10; ++run) {
    journal.append(event_of("web", run));
    journal.append(event_of("db", 100 + run));
    if (run == 5) {
      ASSERT_TRUE(journal.flush(10s));
    }
  }
  EXPECT_EQ(runs(journal, {.instance = "web", .most = 3}), (std::vector<core::Run>{8, 9, 10}));
  EXPECT_EQ(runs(journal, {.instance = "web", .most = 7}), (std::vector<core::Run>{4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(runs(journal, {.most = 3}), (std::vector<core::Run>{109, 10, 110}));
  EXPECT_EQ(runs(journal, {.after = 17, .most = 2}), (std::vector<core::Run>{109, 10}));
  EXPECT_EQ(runs(journal, {.after = 3, .most = 2}), (std::vector<core::Run>{102, 3}));
  EXPECT_THAT(runs(journal, {.after = 20}), IsEmpty());
  EXPECT_THAT(runs(journal, {.instance = "no such"}), IsEmpty());
}

TEST(JournalHistory, AlwaysContainsWhatWasJustAppended) {
  const TemporaryDirectory directory;
  auto journal = open_journal(directory, {.gather = 0ms, .idle_after = 1ms});
  for (core::Run run = 1; run <= 500; ++run) {
    journal.append(event_of("web", run));
    const auto events = journal.history({.most = 5}).value();
    ASSERT_EQ(events.size(), std::min<std::size_t>(run, 5));
    ASSERT_EQ(events.back().run, run);
    ASSERT_EQ(events.back().id - events.front().id, events.size() - 1);
  }
}

TEST(JournalAtRest, HasNoThread) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer has one";
#endif
  const TemporaryDirectory directory;
  const auto before = threads_of_ours();
  auto journal = open_journal(directory, {.gather = 1ms, .idle_after = 50ms});
  journal.append(event_of("web"));
  EXPECT_TRUE(within_ten_seconds([&] { return threads_of_ours() == before; }));
  EXPECT_FALSE(std::filesystem::exists(directory.path("journal.db-wal"))) << "the file was closed";
  journal.append(event_of("web", 2));
  EXPECT_EQ(threads_of_ours(), before + 1);
  EXPECT_EQ(runs(journal), (std::vector<core::Run>{1, 2}));
}

TEST(JournalOfAKilledProgram, KeepsWhatWasFlushed) {
  const TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) {
    auto journal = std::move(Journal::open(directory.path("journal.db")).journal);
    for (core::Run run = 1; run <= 1000; ++run) journal.append(event_of("web", run));
    if (!journal.flush(10s)) ::_exit(1);
    for (core::Run run = 1001; run <= 2000; ++run) journal.append(event_of("web", run));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto journal = open_journal(directory);
  const auto events = journal.history({.most = 5000}).value();
  ASSERT_GE(events.size(), 1000U);
  for (std::size_t n = 0; n < events.size(); ++n) ASSERT_EQ(events[n].run, n + 1);
  EXPECT_EQ(journal.append(event_of("web")), events.size() + 1);
}

TEST(JournalWithALimit, KeepsTheNewestEvents) {
  const TemporaryDirectory directory;
  {
    auto journal = open_journal(directory, {.keep = 50});
    for (core::Run run = 1; run <= 1000; ++run) journal.append(event_of("web", run));
    ASSERT_TRUE(journal.flush(10s));
    const auto events = journal.history({.most = 5000}).value();
    EXPECT_LE(events.size(), 50U + 500U);
    EXPECT_EQ(events.back().run, 1000U);
  }
  auto journal = open_journal(directory, {.keep = 50});
  journal.append(event_of("web", 1001));
  ASSERT_TRUE(journal.flush(10s));
  const auto events = journal.history({.most = 5000}).value();
  EXPECT_EQ(events.size(), 50U);
  EXPECT_EQ(events.front().run, 952U);
}

TEST(Journal, GivesBackTheEndOfARunAndTellsNothingFromNotKnown) {
  const TemporaryDirectory directory;
  std::vector<EventRecord> sent(4, event_of("web"));
  sent[1].end = core::RunEnd{
      .use = core::RunEnd::Use{.user_time = 1'234'567us, .system_time = 5us, .most_resident_bytes = 77'000'000'000},
      .last_output = "out of cheese\n\xff\n"};
  sent[2].end = core::RunEnd{.use = core::RunEnd::Use{}, .last_output = ""};
  sent[3].end = core::RunEnd{.use = std::nullopt, .last_output = "x"};
  {
    auto journal = open_journal(directory);
    for (EventRecord& event : sent) event.id = journal.append(event);
  }
  EXPECT_EQ(open_journal(directory).history({}).value(), sent);
}

TEST(JournalWithASpool, KeepsEveryEventOfAKilledProgramOnceAndInOrder) {
  const TemporaryDirectory directory;
  const Journal::Options options{.gather = 0ms, .spool = directory.path("history")};
  core::Run next = 1;
  for (int life = 0; life < 8; ++life) {
    be_killed_after([&] {
      auto journal = open_journal(directory, options);
      for (core::Run run = next; run < next + 300; ++run) journal.append(event_of("web", run));
      ::usleep(static_cast<useconds_t>(life) * 700);  // pace: more and more of it is stored
    });
    next += 300;
  }
  auto journal = open_journal(directory, options);
  EXPECT_EQ(journal.last_id(), next - 1);
  journal.release();
  const auto events = journal.history({.most = 10'000}).value();
  ASSERT_EQ(events.size(), next - 1);
  for (std::size_t n = 0; n < events.size(); ++n) {
    ASSERT_EQ(events[n].run, n + 1);
    ASSERT_EQ(events[n].id, n + 1);
  }
}

TEST(JournalWithASpool, HoldsBackWhatWasNotReleasedUntilSomebodyHasJudged) {
  const TemporaryDirectory directory;
  const Journal::Options options{.gather = 0ms, .spool = directory.path("history")};
  auto noted = event_of("web", 2, std::string("zero \0 and \xff byte", 18));
  noted.cause.exit = Killed{*Signal::from_number(SIGSEGV), true};
  be_killed_after([&] {
    auto journal = open_journal(directory, options);
    journal.append(event_of("web", 1));
    journal.note(noted);
    journal.note(event_of("web", 3));
    if (!journal.flush(10s)) ::_exit(1);
  });
  be_killed_after([&] { open_journal(directory, options).retract({3}); });
  auto journal = open_journal(directory, options);
  auto pending = journal.pending();
  std::erase_if(pending, [](const EventRecord& event) { return event.id == 1; });  // perhaps not stored in time
  ASSERT_EQ(pending.size(), 1U);
  noted.id = 2;
  EXPECT_EQ(pending.front(), noted);
  journal.release();
  EXPECT_EQ(runs(journal), (std::vector<core::Run>{1, 2}));
  EXPECT_EQ(journal.append(event_of("web", 4)), 4U) << "a number is given once";
}

TEST(JournalWithASpool, OpensTheDatabaseWhenItIsNeeded) {
  const TemporaryDirectory directory;
  const Journal::Options options{.gather = 0ms, .spool = directory.path("history")};
  {
    open_journal(directory, options).append(event_of("web", 1));
  }
  std::filesystem::rename(directory.path("journal.db"), directory.path("away"));
  const auto before = threads_of_ours();
  auto journal = open_journal(directory, options);
  EXPECT_EQ(threads_of_ours(), before);
  EXPECT_FALSE(std::filesystem::exists(directory.path("journal.db")));
  std::filesystem::rename(directory.path("away"), directory.path("journal.db"));
  EXPECT_EQ(journal.append(event_of("web", 2)), 2U);
  EXPECT_EQ(runs(journal), (std::vector<core::Run>{1, 2}));
}

TEST(JournalWithASpool, GoesOnBehindADatabaseThatHasTakenThePlace) {
  const TemporaryDirectory directory;
  const Journal::Options options{.gather = 0ms, .spool = directory.path("history")};
  {
    open_journal(directory, options).append(event_of("web", 1));
  }
  const TemporaryDirectory other;
  {
    auto journal = open_journal(other);
    for (core::Run run = 11; run <= 20; ++run) journal.append(event_of("web", run));
  }
  std::filesystem::copy_file(other.path("journal.db"), directory.path("journal.db"),
                             std::filesystem::copy_options::overwrite_existing);
  auto journal = open_journal(directory, options);
  journal.append(event_of("web", 2));
  journal.append(event_of("web", 3));
  ASSERT_TRUE(journal.flush(10s));
  EXPECT_EQ(runs(journal, {.most = 3}), (std::vector<core::Run>{20, 2, 3}));
  EXPECT_EQ(journal.last_id(), 12U);
}

TEST(JournalWithoutADirectory, WorksInMemoryAndGoesOnInTheFileLater) {
  const TemporaryDirectory directory;
  {
    std::filesystem::create_directory(directory.path("later"));
    auto journal = std::move(Journal::open(directory.path("later/journal.db")).journal);
    journal.append(event_of("old", 1));
    journal.append(event_of("old", 2));
  }
  std::filesystem::rename(directory.path("later"), directory.path("away"));
  auto opened = Journal::open(directory.path("later/journal.db"), {.gather = 0ms, .retry_after = 5ms});
  ASSERT_TRUE(opened.stuck);
  EXPECT_EQ(opened.stuck->code, ENOENT);
  auto& journal = opened.journal;
  EXPECT_EQ(journal.append(event_of("new", 3)), 1U);
  EXPECT_EQ(runs(journal), (std::vector<core::Run>{3}));
  EXPECT_FALSE(journal.flush(10s));
  std::filesystem::rename(directory.path("away"), directory.path("later"));
  EXPECT_TRUE(within_ten_seconds([&] { return !journal.stuck(); }));
  EXPECT_TRUE(journal.flush(10s));
  EXPECT_EQ(runs(journal), (std::vector<core::Run>{1, 2, 3}));
  EXPECT_EQ(journal.last_id(), 3U);
}

TEST(JournalThatCannotStore, DropsTheOldestAndCountsThem) {
  const TemporaryDirectory directory;
  auto opened = Journal::open(directory.path("missing/journal.db"), {.pending_most = 10, .gather = 0ms});
  auto& journal = opened.journal;
  for (core::Run run = 1; run <= 25; ++run) journal.append(event_of("web", run));
  // While a batch is being tried its events cannot go, so the count is exact only when the writer rests.
  EXPECT_FALSE(journal.flush(10s));
  journal.append(event_of("web", 26));
  EXPECT_GE(journal.dropped(), 1U);
  const auto kept = runs(journal);
  EXPECT_EQ(kept.back(), 26U);
  EXPECT_EQ(journal.dropped() + kept.size(), 26U);
}

TEST(JournalOnAFullDisk, KeepsEventsAndStoresThemWhenThereIsRoom) {
  const TemporaryDirectory directory;
  const std::string disk = directory.path("disk");
  std::filesystem::create_directory(disk);
  if (::geteuid() != 0 || ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) GTEST_SKIP() << "may not mount";
  {
    auto opened = Journal::open(disk + "/journal.db", {.gather = 0ms, .retry_after = 5ms});
    auto& journal = opened.journal;
    journal.append(event_of("web", 1));
    ASSERT_TRUE(journal.flush(10s));
    write_file(disk + "/ballast", std::string(1 << 20, 'x'));
    for (core::Run run = 2; run <= 100; ++run) journal.append(event_of("web", run, std::string(1000, 'd')));
    const auto flushed = journal.flush(10s);
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code, ENOSPC) << to_string(flushed.error());
    EXPECT_TRUE(journal.stuck());
    EXPECT_EQ(runs(journal, {.most = 1000}).size(), 100U);
    std::filesystem::remove(disk + "/ballast");
    ASSERT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
    EXPECT_TRUE(within_ten_seconds([&] { return !journal.stuck(); }));
    EXPECT_TRUE(journal.flush(10s));
    EXPECT_EQ(journal.dropped(), 0U);
    const auto stored = runs(journal, {.most = 1000});
    ASSERT_EQ(stored.size(), 100U);
    for (core::Run run = 1; run <= 100; ++run) EXPECT_EQ(stored[run - 1], run);
  }
  ::umount2(disk.c_str(), MNT_DETACH);
}

TEST(JournalUnderLoad, StoresABurstInOrder) {
  const TemporaryDirectory directory;
  auto journal = open_journal(directory);
  for (core::Run run = 1; run <= 9000; ++run) journal.append(event_of("web", run));
  ASSERT_TRUE(journal.flush(30s)) << to_string(journal.stuck().value_or(Error{}));
  const auto events = runs(journal, {.most = 10'000});
  ASSERT_EQ(events.size(), 9000U);
  EXPECT_TRUE(std::ranges::is_sorted(events));
  EXPECT_EQ(journal.dropped(), 0U);
}

}  // namespace
}  // namespace foster::journal
