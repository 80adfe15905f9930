// foster history: each run with its end, what it used, and what it said last.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

namespace json = boost::json;

/// The runs of one instance, as `foster history --json` tells them.
json::array runs_of(Foster& foster, const std::string& name, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"history", name, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Finished finished = foster.run(words);
  EXPECT_EQ(finished.code, 0) << finished.err;
  boost::system::error_code error;
  const auto value = json::parse(finished.out, error);
  EXPECT_FALSE(error) << finished.out;
  return value.as_object().at("history").as_array().at(0).as_object().at("runs").as_array();
}

/// The event that tells the end of a run.
json::object end_of(const json::value& run) {
  for (const auto& event : run.as_object().at("events").as_array()) {
    const auto& object = event.as_object();
    if (object.at("exit").is_object() && object.at("cause_kind").as_string() == "ended") return object;
  }
  ADD_FAILURE() << "no end in " << json::serialize(run);
  return {};
}

// A supervisor with a sanitizer in it is larger than any service of these tests.
#ifdef FOSTER_SANITIZED
constexpr bool kKnowsMemory = false;
#else
constexpr bool kKnowsMemory = true;
#endif

TEST(History, TellsWhatARunUsedAndItsLastWords) {
  Foster foster;
  foster.write_config(R"toml(
[service.job]
command = ["python3", "-c", "import os; x = b'x' * 100_000_000; n = sum(range(3_000_000)); print('many'); print('lines', flush=True); os._exit(3)"]
restart = "never"
)toml");
  (void)foster.run({"up", "-d"});  // what ends early may or may not have been ready
  ASSERT_TRUE(foster.wait_for_state("job", "exited"));
  const auto runs = runs_of(foster, "job");
  ASSERT_EQ(runs.size(), 1U);
  const json::object end = end_of(runs[0]);
  EXPECT_EQ(end.at("exit").as_object().at("code").to_number<int>(), 3);
  const auto& use = end.at("use").as_object();
  if (kKnowsMemory) {
    EXPECT_GT(use.at("memory").to_number<double>(), 100e6);
  }
  EXPECT_GT(use.at("user").to_number<double>() + use.at("system").to_number<double>(), 0);
  EXPECT_EQ(end.at("last_output").as_string(), "many\nlines\n");
  const Finished page = foster.run({"history", "job"});
  EXPECT_THAT(page.out, HasSubstr("job is exited: exited with code 3\n1 run since "));
  EXPECT_THAT(page.out, HasSubstr("      | many\n      | lines\n"));
  EXPECT_THAT(foster.run({"why", "job"}).out, HasSubstr(kKnowsMemory ? " of memory at most\n" : " in the kernel"));
}

TEST(History, LastWordsAreThoseOfTheRunAndNotOfTheOneBefore) {
  Foster foster;
  foster.write_config(R"(
[service.job]
command = ["sh", "-c", "test -e been || { touch been; seq 2000; echo farewell; exit 1; }; exit 2"]
restart = "never"
)");
  (void)foster.run({"up", "-d"});  // what ends early may or may not have been ready
  ASSERT_TRUE(foster.wait_for_state("job", "exited"));
  (void)foster.run({"start", "job"});
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("job").run == 2 && foster.row("job").state == "exited"; }));
  const auto runs = runs_of(foster, "job");
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(end_of(runs[0]).at("last_output").as_string(), "1997\n1998\n1999\n2000\nfarewell\n");
  EXPECT_TRUE(end_of(runs[1]).at("last_output").is_null());
  EXPECT_EQ(runs_of(foster, "job", {"-n", "1"}).size(), 1U);
  EXPECT_EQ(runs_of(foster, "job", {"--since", "1d"}).size(), 2U);
}

TEST(History, ARunThatEndsUnderAnotherSupervisorIsTold) {
  Foster foster;
  foster.write_config(R"(
[service.web]
command = ["sh", "-c", "echo begin; read word < go; echo $word; exit 7"]
restart = "never"
)");
  ASSERT_EQ(foster.run_program({"mkfifo", foster.path("go")}).code, 0);
  (void)foster.up();
  const auto before = foster.info().at("supervisor").to_number<pid_t>();
  ::kill(before, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.info().at("supervisor").to_number<pid_t>() != before; }));
  ASSERT_EQ(foster.run_program({"sh", "-c", "echo end > " + foster.path("go")}).code, 0);
  ASSERT_TRUE(foster.wait_for_state("web", "exited"));
  const json::object end = end_of(runs_of(foster, "web").back());
  EXPECT_TRUE(end.at("use").is_object()) << json::serialize(end);
  EXPECT_EQ(end.at("last_output").as_string(), "end\n") << "what an earlier supervisor took is not known to be its own";
}

TEST(History, RefusesWhatMakesNoSense) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"sleep\", \"100000\"]\n");
  (void)foster.up();
  EXPECT_EQ(foster.run({"history"}).code, 2);
  EXPECT_EQ(foster.run({"history", "nobody"}).code, 4);
  EXPECT_EQ(runs_of(foster, "web", {"--since", "1ms"}).size(), 1U) << "what still runs went on since any moment";
  const Finished wrong = foster.run({"history", "web", "--since", "yesterday"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("yesterday is no time; as: 90s, 1h, 2d"));
}

}  // namespace
}  // namespace foster::e2e
