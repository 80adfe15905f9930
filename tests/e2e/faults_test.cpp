// A wrong world: each fault gives a clear message that names the thing and the cause, and harms nothing else.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

// A good service beside the bad one: it must run on, whatever happens to the other.
std::string with_neighbour(const std::string& bad) {
  return "[service.good]\ncommand = \"exec sleep 1000\"\nstart-seconds = \"10ms\"\n[service.bad]\n" + bad +
         "\nrestart = \"never\"\nstart-seconds = \"10ms\"\n";
}

struct Fault {
  const char* name;
  const char* config;
  const char* message;
};

class CannotStart : public ::testing::TestWithParam<Fault> {};

TEST_P(CannotStart, NamesTheStepTheThingAndTheCause) {
  Foster foster;
  // A directory on PATH that may not be searched would make "not found" a "not permitted".
  foster.environment["PATH"] = "/usr/bin:/bin";
  foster.write_config(with_neighbour(GetParam().config));
  const Finished up = foster.up(1);
  EXPECT_THAT(up.out + up.err, HasSubstr(GetParam().message));
  EXPECT_THAT(foster.run({"why", "bad"}).out, HasSubstr(GetParam().message));
  EXPECT_EQ(foster.row("good").state, "running");
  EXPECT_EQ(foster.row("bad").state, "failed");
}

INSTANTIATE_TEST_SUITE_P(
    Faults, CannotStart,
    ::testing::Values(
        Fault{"MissingBinary", "command = [\"/no/such/program\"]", "/no/such/program: No such file or directory"},
        Fault{"MissingBinaryOnPath", "command = [\"no-such-program\"]", "no-such-program: No such file or directory"},
        Fault{"NotExecutable", "command = [\"/etc/passwd\"]", "/etc/passwd: Permission denied"},
        Fault{"BadDirectory", "command = [\"/bin/true\"]\ndirectory = \"/no/such/directory\"",
              "chdir /no/such/directory: No such file or directory"},
        Fault{"UnknownUser", "command = [\"/bin/true\"]\nuser = \"nobody-of-that-name\"",
              "nobody-of-that-name: no such user"},
        Fault{"MissingStdin", "command = [\"/bin/cat\"]\nstdin = \"/no/such/input\"",
              "/no/such/input: No such file or directory"}),
    [](const auto& chosen) { return std::string(chosen.param.name); });

TEST(Faults, UnreadableConfigIsNamed) {
  Foster foster;
  const Finished missing = foster.run({"up", "-d", foster.path("nothing.toml")});
  EXPECT_EQ(missing.code, 78);
  EXPECT_THAT(missing.err, HasSubstr("nothing.toml"));
  EXPECT_THAT(missing.err, HasSubstr("No such file or directory"));
}

TEST(Faults, RuntimeDirectoryThatIsNotOursIsRefused) {
  Foster foster;
  ASSERT_EQ(::mkdir(foster.path("run").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("/tmp", foster.path("run/default").c_str()), 0);
  const Finished run = foster.run({"run", "-n", "web", "--", "/bin/sleep", "1000"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("run/default"));
  ::unlink(foster.path("run/default").c_str());
}

TEST(Faults, StaleLockAndSocketOfADeadFosterAreTakenOver) {
  Foster foster;
  ASSERT_EQ(foster.run({"run", "-n", "web", "--", "/bin/sleep", "1000"}).code, 0);
  ASSERT_EQ(foster.run({"down"}).code, 0);
  EXPECT_EQ(::access(foster.path("run/default/lock").c_str(), F_OK), 0);
  ASSERT_EQ(foster.run({"run", "-n", "web", "--", "/bin/sleep", "1000"}).code, 0);
  EXPECT_EQ(foster.row("web").state, "running");
}

TEST(Faults, FullDiskForLogsHarmsNoServiceAndIsOverWhenThereIsRoom) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small tmpfs takes root";
  Foster foster;
  ASSERT_EQ(::mkdir(foster.path("log").c_str(), 0700), 0);
  ASSERT_EQ(::mount("tmpfs", foster.path("log").c_str(), "tmpfs", 0, "size=256k"), 0);
  foster.write_config(
      "[service.flood]\ncommand = \"seq 1 100000; exec sleep 1000\"\nstart-seconds = \"10ms\"\n"
      "[service.good]\ncommand = \"exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  foster.up();
  const std::string filler = foster.path("log/filler");
  EXPECT_EQ(foster.row("good").state, "running");
  EXPECT_EQ(foster.row("flood").state, "running");
  ASSERT_EQ(::mount("tmpfs", foster.path("log").c_str(), "tmpfs", MS_REMOUNT, "size=16m"), 0);
  std::string expected;
  for (int n = 1; n <= 100000; ++n) expected += std::to_string(n) + "\n";
  EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("flood").size() == expected.size(); }));
  EXPECT_TRUE(foster.log_of("flood") == expected);
  foster.down();
  ::umount2(foster.path("log").c_str(), MNT_DETACH);
}

TEST(Faults, WithoutFreeDescriptorsAStartFailsAndEverythingElseGoesOn) {
  Foster foster;
  foster.write_config(
      "[service.many]\ncommand = [\"sleep\", \"1000\"]\nworkers = 60\nstart-seconds = \"1ms\"\n"
      "limit = \"none\"\nbackoff = { initial = \"50ms\", max = \"50ms\" }\n");
  const Finished up = foster.run_program({"prlimit", "--nofile=128:128", FOSTER_BINARY, "up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_THAT(up.out + up.err, HasSubstr("Too many open files"));
  const auto running = [&] {
    return std::ranges::count_if(foster.ps(), [](const Row& row) { return row.state == "running"; });
  };
  const auto some = running();
  EXPECT_GT(some, 5);
  EXPECT_LT(some, 60);
  // Asked, killed, recovered and stopped as ever.
  EXPECT_THAT(foster.run({"why", "many:0"}).out, HasSubstr("running"));
  const auto info = foster.info();
  const pid_t first = foster.pid_of("many:0");
  ::kill(static_cast<pid_t>(info.at("supervisor").as_int64()), SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return running() >= some; }));
  EXPECT_EQ(foster.pid_of("many:0"), first);
  EXPECT_EQ(foster.info().at("recoveries").as_int64(), info.at("recoveries").as_int64() + 1);
  // Whoever ends makes room for the next. One would not do: the supervisor that took over may need more for itself.
  std::vector<pid_t> before;
  for (const Row& row : foster.ps()) {
    if (row.pid) before.push_back(*row.pid);
  }
  for (std::size_t n = 0; n < 5; ++n) ::kill(before.at(n), SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] {
    return std::ranges::any_of(foster.ps(),
                               [&](const Row& row) { return row.pid && std::ranges::count(before, *row.pid) == 0; });
  }));
  EXPECT_EQ(foster.info().at("reaper").as_int64(), info.at("reaper").as_int64());
  EXPECT_EQ(foster.run({"stop", "many"}).code, 0);
  EXPECT_EQ(running(), 0);
}

/// A runtime directory of its own size, and full.
class FullRuntimeDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting a small tmpfs takes root";
    ASSERT_EQ(::mkdir(run.c_str(), 0700), 0);
    ASSERT_EQ(::mount("tmpfs", run.c_str(), "tmpfs", 0, "size=256k,mode=0700"), 0);
  }
  void TearDown() override {
    if (::geteuid() != 0) return;
    ::unlink((run + "/filler").c_str());
    foster.down();
    ::umount2(run.c_str(), MNT_DETACH);
  }
  void fill() const {
    const int fd = ::open((run + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string page(4096, 'x');
    while (::write(fd, page.data(), page.size()) > 0) {
    }
    ::close(fd);
  }

  Foster foster;
  std::string run = foster.path("run");
};

TEST_F(FullRuntimeDirectory, HarmsNoServiceAndIsSaid) {
  foster.write_config(
      "[service.web]\ncommand = \"echo begun; exec sleep 1000\"\nstart-seconds = \"10ms\"\n"
      "backoff = { initial = \"10ms\", max = \"10ms\" }\nlimit = \"none\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  fill();
  const Finished refused = foster.run({"run", "-n", "other", "--", "sleep", "1000"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("No space left on device"));
  // Recovered, restarted and told of as ever.
  const auto info = foster.info();
  ::kill(static_cast<pid_t>(info.at("supervisor").as_int64()), SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").state == "running"; }));
  EXPECT_EQ(foster.pid_of("web"), web);
  ::kill(web, SIGKILL);
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2 && foster.row("web").state == "running"; }));
  EXPECT_EQ(foster.run({"restart", "web"}).code, 0);
  EXPECT_THAT(foster.run({"why", "web"}).out, HasSubstr("requested by"));
  EXPECT_EQ(foster.log_of("web"), "begun\nbegun\nbegun\n");
}

TEST(Faults, ASupervisorThatGetsNoMemoryIsReplacedOrGoesOnAndNoServiceNotices) {
  Foster foster;
  foster.write_config("[service.web]\ncommand = [\"sleep\", \"1000\"]\nstart-seconds = \"10ms\"\n");
  foster.up();
  const pid_t web = foster.pid_of("web");
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").as_int64());
  // What it has mapped now is all it will get.
  ASSERT_EQ(foster.run_program({"prlimit", "--pid", std::to_string(supervisor), "--as=1:1"}).code, 0);
  // Enough of them for the heap to grow.
  for (int n = 0; n < 200 && is_alive(supervisor); ++n) {
    (void)foster.run({"run", "-n", "more" + std::to_string(n), "--", "true"}, 30s);
  }
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").state == "running"; }));
  EXPECT_EQ(foster.pid_of("web"), web);
  EXPECT_EQ(foster.row("web").run, 1U);
}

TEST(Faults, NoFreeProcessesIsSaidAndTriedAgain) {
  Foster foster;
  // A user of our own, so that the limit counts nobody else's processes.
  constexpr uid_t kUser = 54321;
  if (::geteuid() != 0) GTEST_SKIP() << "a user without other processes takes root";
  ASSERT_EQ(::chown(foster.directory().c_str(), kUser, kUser), 0);
  foster.write_config(
      "[service.many]\ncommand = \"exec sleep 1000\"\nworkers = 30\nstart-seconds = \"10ms\"\n"
      "limit = \"none\"\nbackoff = { initial = \"100ms\", max = \"100ms\" }\n");
  ASSERT_EQ(::chmod(foster.path("foster.toml").c_str(), 0644), 0);
  const Finished up = foster.run_program({"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "prlimit",
                                          "--nproc=20", FOSTER_BINARY, "up", "-d"});
  EXPECT_EQ(up.code, 1);
  EXPECT_THAT(up.out + up.err, HasSubstr("clone"));
  EXPECT_THAT(up.out + up.err, HasSubstr("Resource temporarily unavailable"));
  const Finished ps =
      foster.run_program({"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", FOSTER_BINARY, "ps"});
  EXPECT_THAT(ps.out, HasSubstr("running"));
  EXPECT_EQ(
      foster.run_program({"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", FOSTER_BINARY, "down"}).code,
      0);
}

}  // namespace
}  // namespace foster::e2e
