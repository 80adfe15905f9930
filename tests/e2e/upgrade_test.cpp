// Another build takes over while services run: the facts are in /proc.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

/// What runs, as the kernel names it.
std::string program_of(std::int64_t pid) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
}

class Upgrade : public ::testing::Test {
 protected:
  Upgrade() {
    foster.write_config("[service.chat]\ncommand = [\"" + Foster::actor("counter") +
                        "\", \"0\", \"200\"]\nworkers = 3\nstart-seconds = \"20ms\"\n");
    foster.up();
    const auto info = foster.info();
    reaper = info.at("reaper").as_int64();
    supervisor = info.at("supervisor").as_int64();
    for (const Row& row : foster.ps()) pids[row.name] = row.pid.value_or(0);
  }

  /// A copy of the binary under another name.
  std::string copy(const std::string& name) {
    std::filesystem::copy_file(program_of(reaper), foster.path(name));
    return foster.path(name);
  }

  void expect_services_untouched() {
    for (const Row& row : foster.ps()) {
      EXPECT_EQ(row.pid, pids[row.name]) << row.name << " was restarted";
      EXPECT_EQ(row.state, "running");
      EXPECT_EQ(row.run, 1U);
    }
  }

  Foster foster;
  std::int64_t reaper = 0;
  std::int64_t supervisor = 0;
  std::map<std::string, pid_t> pids;
};

TEST_F(Upgrade, ReplacesReaperAndSupervisorAndNoServiceNotices) {
  const std::string next = copy("foster.next");
  const Finished upgraded = foster.run({"upgrade", next});
  EXPECT_EQ(upgraded.code, 0) << upgraded.err;
  const auto info = foster.info();
  EXPECT_EQ(info.at("reaper").as_int64(), reaper) << "the parent of the services must stay";
  EXPECT_NE(info.at("supervisor").as_int64(), supervisor);
  EXPECT_EQ(program_of(reaper), next);
  EXPECT_EQ(program_of(info.at("supervisor").as_int64()), next);
  expect_services_untouched();
  // The exit of a service that the old reaper saw start reaches the new supervisor.
  ::kill(pids["chat:1"], SIGKILL);
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("chat:1").run == 2; }));
  ASSERT_EQ(foster.run({"stop", "*"}).code, 0);
  for (const auto& [name, pid] : pids) {
    const std::string log = foster.log_of(name);
    EXPECT_GT(std::ranges::count(log, '\n'), 100) << name;
  }
  EXPECT_TRUE(zombies_below(static_cast<pid_t>(reaper)).empty());
}

TEST_F(Upgrade, AgainAndAgainLosesNoDescriptorAndNoExit) {
  const auto count_fds = [&] {
    const auto listing = std::filesystem::directory_iterator("/proc/" + std::to_string(reaper) + "/fd");
    return std::distance(begin(listing), end(listing));
  };
  const std::string one = copy("one");
  const std::string other = copy("other");
  ASSERT_EQ(foster.run({"upgrade", one}).code, 0);
  const auto fds = count_fds();
  for (int round = 0; round < 5; ++round) {
    const Finished upgraded = foster.run({"upgrade", round % 2 == 0 ? other : one});
    ASSERT_EQ(upgraded.code, 0) << upgraded.err;
    ::kill(foster.pid_of("chat:0"), SIGKILL);
    EXPECT_TRUE(foster.wait_until([&] { return foster.row("chat:0").run == static_cast<unsigned>(round + 2); }));
  }
  EXPECT_EQ(count_fds(), fds);
  EXPECT_EQ(foster.row("chat:1").pid, pids["chat:1"]);
  EXPECT_TRUE(zombies_below(static_cast<pid_t>(reaper)).empty());
}

TEST_F(Upgrade, ABinaryThatCannotTakeOverIsRefusedAndTheOldOneCarriesOn) {
  const std::string script = foster.path("script");
  std::ofstream(script) << "#!/bin/sh\nexit 1\n";
  ::chmod(script.c_str(), 0755);
  const std::string garbage = foster.path("garbage");
  std::ofstream(garbage) << "nothing\n";
  ::chmod(garbage.c_str(), 0755);
  for (const std::string& bad : {script, garbage, std::string("/bin/true"), foster.path("missing")}) {
    const Finished refused = foster.run({"upgrade", bad});
    EXPECT_EQ(refused.code, 1) << bad;
    EXPECT_THAT(refused.err, ::testing::HasSubstr("cannot upgrade")) << bad;
    EXPECT_THAT(refused.err, ::testing::HasSubstr(std::filesystem::path(bad).filename().string()));
  }
  EXPECT_EQ(foster.info().at("supervisor").as_int64(), supervisor);
  expect_services_untouched();
}

TEST_F(Upgrade, ALedgerItCannotReadIsAReason) {
  // As a build of the future would have left it.
  const std::string path = foster.info().at("runtime_dir").as_string().c_str() + std::string("/ledger");
  std::fstream ledger(path, std::ios::in | std::ios::out | std::ios::binary);
  ledger.seekp(8);
  const std::uint32_t version = 99;
  ledger.write(reinterpret_cast<const char*>(&version), sizeof version);
  ledger.flush();
  const Finished refused = foster.run({"upgrade", copy("foster.next")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, ::testing::HasSubstr("layout 99"));
  ledger.seekp(8);
  const std::uint32_t ours = 1;
  ledger.write(reinterpret_cast<const char*>(&ours), sizeof ours);
  ledger.flush();
  EXPECT_EQ(foster.info().at("supervisor").as_int64(), supervisor);
  expect_services_untouched();
}

TEST_F(Upgrade, ASignalTakesWhatIsOnDiskInPlaceOfTheRunningBinary) {
  const std::string next = copy("foster.next");
  ASSERT_EQ(foster.run({"upgrade", next}).code, 0);
  const auto before = foster.info().at("supervisor").as_int64();
  // As a package manager does it: another file under the same name.
  std::filesystem::rename(copy("foster.newer"), next);
  ::kill(static_cast<pid_t>(reaper), SIGUSR1);
  EXPECT_TRUE(foster.wait_until([&] {
    return program_of(reaper) == next && foster.info().at("supervisor").as_int64() != before;
  })) << program_of(reaper);
  expect_services_untouched();
}

}  // namespace
}  // namespace foster::e2e
