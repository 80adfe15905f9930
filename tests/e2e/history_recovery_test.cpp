// What has happened is told by whoever supervises later: the history has no gap where a supervisor was killed, and
// recovery does not depend on it.
#include <csignal>
#include <filesystem>
#include <fstream>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

class HistoryRecovery : public ::testing::Test {
 protected:
  void begin_with(const std::string& config) {
    foster.write_config(config);
    (void)foster.run({"up", "-d", "--no-wait"});
  }

  void lose_supervisor() {
    const auto info = foster.info();
    if (info.empty()) return;
    const auto lost = static_cast<pid_t>(info.at("supervisor").as_int64());
    ::kill(lost, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return !is_alive(lost); }));
  }

  boost::json::array events_of(const std::string& name) {
    const std::string socket = foster.path("run/test/control.sock");
    const Finished answer = foster.run_program(
        {"curl", "--silent", "--unix-socket", socket, "http://localhost/v1/services/" + name + "/history?n=100000"});
    return boost::json::parse(answer.out).at("events").as_array();
  }

  [[nodiscard]] std::string journal() const { return foster.path("state/test/journal.db"); }

  /// A database of the next build, as this one sees it: the number that SQLite keeps for its users.
  void make_journal_newer() {
    ASSERT_TRUE(foster.wait_until([&] { return !std::filesystem::exists(journal() + "-wal"); })) << "not closed";
    std::fstream file(journal(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.write("\0\0\0\x63", 4);
    ASSERT_TRUE(file.good());
  }

  Foster foster;
};

TEST_F(HistoryRecovery, TellsOfEveryRunWhoeverWasKilledMeanwhile) {
  // Each run says itself that it was one: of a start that was lost before it began there is no end to tell.
  begin_with("[service.brief]\ncommand = [\"sh\", \"-c\", \"echo ${FOSTER_RUN##*/} >> " + foster.path("witness") +
             "; exit 3\"]\nrestart = \"always\"\nlimit = \"none\"\n"
             "start-seconds = \"1ms\"\nbackoff = { initial = \"50ms\", max = \"50ms\" }\n");
  for (int kill = 0; kill < 25; ++kill) {
    const unsigned run = foster.row("brief").run;
    ASSERT_TRUE(foster.wait_until([&] { return foster.row("brief").run > run; }));
    lose_supervisor();
  }
  ASSERT_EQ(foster.run({"stop", "brief"}).code, 0);
  const unsigned runs = foster.row("brief").run;
  std::vector<unsigned> begun(runs + 1, 0);
  std::vector<unsigned> ended(runs + 1, 0);
  const boost::json::array events = events_of("brief");
  ASSERT_LT(events.size(), 10'000U) << "an answer tells no more, and so not all";
  for (const boost::json::value& event : events) {
    const auto run = event.at("run").is_number() ? event.at("run").to_number<unsigned>() : 0;
    ASSERT_LE(run, runs);
    if (event.at("to").as_string() == "starting") ++begun[run];
    // Why a run begins may be the end of the one before.
    if (event.at("exit").is_object()) ++ended[event.at("to").as_string() == "starting" ? run - 1 : run];
  }
  std::ifstream witness(foster.path("witness"));
  unsigned count = 0;
  for (unsigned run = 0; witness >> run; ++count) {
    ASSERT_LE(run, runs);
    EXPECT_EQ(begun[run], 1U) << "run " << run;
    // The last one may have been stopped.
    EXPECT_TRUE(ended[run] >= 1 || run == runs) << "run " << run;
  }
  EXPECT_GE(count, 25U);
}

TEST_F(HistoryRecovery, AJournalOfANewerFosterIsLeftAloneAndSaidSo) {
  begin_with("[service.web]\ncommand = [\"sleep\", \"1000\"]\nstart-seconds = \"1ms\"\n");
  ASSERT_TRUE(foster.wait_for_state("web", "running"));
  const pid_t web = foster.pid_of("web");
  make_journal_newer();
  const std::string before = testing::contents_of(journal());
  lose_supervisor();
  ASSERT_TRUE(foster.wait_for_state("web", "running"));
  EXPECT_EQ(foster.pid_of("web"), web);
  ASSERT_EQ(foster.run({"restart", "web"}).code, 0);
  ASSERT_TRUE(foster.wait_until([&] { return foster.info().at("history_trouble").is_string(); }));
  EXPECT_THAT(foster.run({"info"}).out, ::testing::HasSubstr("written by a newer foster"));
  EXPECT_THAT(foster.run({"why", "web"}).out, ::testing::HasSubstr("requested by")) << "what memory has";
  EXPECT_EQ(foster.info().at("recoveries").as_int64(), 1);
  foster.down();
  EXPECT_EQ(testing::contents_of(journal()), before);
}

TEST_F(HistoryRecovery, AJournalOfANewerFosterIsNoReasonNotToStart) {
  begin_with("[service.web]\ncommand = [\"sleep\", \"1000\"]\nstart-seconds = \"1ms\"\n");
  ASSERT_EQ(foster.run({"down"}).code, 0);
  make_journal_newer();
  foster.up();
  EXPECT_EQ(foster.row("web").state, "running");
  EXPECT_TRUE(foster.wait_until([&] { return foster.info().at("history_trouble").is_string(); }));
}

}  // namespace
}  // namespace foster::e2e
