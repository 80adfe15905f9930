#include "sys/procfs.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "sys/files.hpp"

namespace foster::sys {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr std::string_view kRest =
    " S 1 2 3 34816 4 4194560 1 2 3 4 55 66 7 8 20 0 9 0 123456789 1000000 250 18446744073709551615 1\n";

TEST(ParseStat, FindsEveryField) {
  const auto stat = parse_stat("42 (nginx)" + std::string(kRest));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, 42);
  EXPECT_STREQ(stat->comm, "nginx");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->ppid, 1);
  EXPECT_EQ(stat->pgrp, 2);
  EXPECT_EQ(stat->session, 3);
  EXPECT_EQ(stat->tty_nr, 34816);
  EXPECT_EQ(stat->tpgid, 4);
  EXPECT_EQ(stat->utime, 55U);
  EXPECT_EQ(stat->stime, 66U);
  EXPECT_EQ(stat->num_threads, 9);
  EXPECT_EQ(stat->starttime, 123456789U);
  EXPECT_EQ(stat->vsize, 1000000U);
  EXPECT_EQ(stat->rss, 250);
}

TEST(ParseStat, IsNotFooledByWhatAProcessCallsItself) {
  for (const std::string name : {") R 1 1", "a (b) c", "x) Z 99 99 99 (", "new\nline", " ", "", "(((((("}) {
    const auto stat = parse_stat("42 (" + name + ")" + std::string(kRest));
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->comm, name);
    EXPECT_EQ(stat->ppid, 1) << name;
  }
}

TEST(ParseStat, CutsAnImpossiblyLongName) {
  const auto stat = parse_stat("42 (" + std::string(1000, 'x') + ")" + std::string(kRest));
  ASSERT_TRUE(stat);
  EXPECT_EQ(std::string(stat->comm), std::string(63, 'x'));
}

TEST(ParseStat, RefusesEveryTruncation) {
  const std::string whole = "42 (nginx) S 1 2 3 34816 4 4194560 1 2 3 4 55 66 7 8 20 0 9 0 123456789 1000000 250";
  ASSERT_TRUE(parse_stat(whole));
  const auto last_word = whole.rfind(' ');
  for (std::size_t size = 0; size <= last_word; ++size) EXPECT_FALSE(parse_stat(whole.substr(0, size))) << size;
}

TEST(Parsers, TakeAnyBytes) {
  std::mt19937 random(1);
  const std::string alphabet("0123456789 ()\n\0:-SR\tUid/xPd", 27);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto size = random() % 200; size > 0; --size) text += alphabet[random() % alphabet.size()];
    (void)parse_stat(text);
    (void)parse_status(text);
    (void)parse_cgroup(text);
  }
}

/// A child that lives until the guard goes.
class Child {
 public:
  template <class Before>
  explicit Child(Before before) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const UniqueFd out(ends[0]);
    UniqueFd in(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      before();
      (void)!::write(in.get(), "x", 1);
      for (;;) ::pause();
    }
    char byte;
    if (::read(out.get(), &byte, 1) != 1) std::abort();
  }
  Child() : Child([] {}) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] Pid pid() const { return Pid(pid_); }
  void kill_without_reaping() const {
    ::kill(pid_, SIGKILL);
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  pid_t pid_;
};

TEST(ReadStat, AgreesWithTheKernelAboutAChild) {
  const Child child([] {
    ::setsid();
    ::prctl(PR_SET_NAME, ") Z 0 (");
  });
  const auto stat = read_stat(child.pid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, child.pid().number());
  EXPECT_STREQ(stat->comm, ") Z 0 (");
  EXPECT_EQ(stat->ppid, ::getpid());
  EXPECT_EQ(stat->session, child.pid().number());
  EXPECT_EQ(stat->pgrp, child.pid().number());
  EXPECT_EQ(stat->tty_nr, 0);
  child.kill_without_reaping();
  EXPECT_EQ(read_stat(child.pid())->state, 'Z');
}

TEST(ReadStat, OfNobodyIsEmpty) {
  pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  EXPECT_FALSE(read_stat(Pid(gone)));
  EXPECT_FALSE(read_status(Pid(gone)));
  EXPECT_FALSE(read_cgroup(Pid(gone)));
  EXPECT_FALSE(read_environment_variable(Pid(gone), "PATH"));
  EXPECT_FALSE(read_resident_bytes(Pid(gone)));
  EXPECT_TRUE(read_cmdline(Pid(gone)).empty());
  EXPECT_TRUE(children_of(Pid(gone)).empty());
}

TEST(ParseStatus, FindsMasksIdsAndNamespaces) {
  const auto status = parse_status(
      "Name:\tx\nUmask:\t0027\nState:\tT (stopped)\nTgid:\t7\nPid:\t7\nPPid:\t3\nTracerPid:\t0\nUid:\t1\t2\t3\t4\n"
      "Gid:\t5\t6\t7\t8\nNSpid:\t7\t1\nVmRSS:\t   12 kB\nThreads:\t2\nSigPnd:\t0000000000000001\n"
      "ShdPnd:\t0000000000000002\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001000\n"
      "SigCgt:\t0000000180004a02\nNoNewPrivs:\t1\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->umask, 027U);
  EXPECT_EQ(status->state, 'T');
  EXPECT_EQ(status->ppid, 3);
  EXPECT_EQ(status->uid, (ProcessStatus::Ids{1, 2, 3, 4}));
  EXPECT_EQ(status->gid, (ProcessStatus::Ids{5, 6, 7, 8}));
  EXPECT_THAT(status->ns_pids, ElementsAre(7, 1));
  EXPECT_EQ(status->rss_bytes, 12288U);
  EXPECT_EQ(status->threads, 2U);
  EXPECT_EQ(status->pending, 1U);
  EXPECT_EQ(status->shared_pending, 2U);
  EXPECT_EQ(status->blocked, UINT64_MAX);
  EXPECT_EQ(status->ignored, 0x1000U);
  EXPECT_EQ(status->caught, 0x180004a02U);
  EXPECT_TRUE(status->no_new_privileges);
}

TEST(ReadStatus, ShowsWhatAChildIgnores) {
  const Child child([] {
    std::signal(SIGTERM, SIG_IGN);
    ::umask(031);
  });
  const auto status = read_status(child.pid());
  ASSERT_TRUE(status);
  EXPECT_NE(status->ignored & (1ULL << (SIGTERM - 1)), 0U);
  EXPECT_EQ(status->ignored & (1ULL << (SIGINT - 1)), 0U);
  EXPECT_EQ(status->umask, 031U);
  EXPECT_EQ(status->uid.effective, ::geteuid());
  EXPECT_EQ(status->ns_pids.back(), child.pid().number());
  EXPECT_GT(status->rss_bytes, 0U);
}

TEST(ParseCgroup, FindsTheLineOfVersionTwoAmongOthers) {
  EXPECT_EQ(parse_cgroup("9:name=systemd:/x\n0::/a:b/c\n"), "/a:b/c");
  EXPECT_EQ(parse_cgroup("0::/"), "/");
  EXPECT_EQ(parse_cgroup("1:cpu:/0::/\n10::/x\n"), std::nullopt);
  EXPECT_EQ(parse_cgroup(""), std::nullopt);
}

/// Runs a program that waits, with this environment.
class Sleeper {
 public:
  explicit Sleeper(const std::vector<std::string>& environment) {
    std::vector<char*> words;
    for (const auto& word : environment) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = ::vfork();
    if (pid_ == 0) {
      ::execle("/bin/sleep", "sleep", "1000", nullptr, words.data());
      ::_exit(127);
    }
    // vfork returns in the middle of exec, when words and environment are not in their place yet; under the thread
    // sanitizer it is a fork, and returns before.
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!has_begun() && std::chrono::steady_clock::now() < deadline) ::sched_yield();
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] Pid pid() const { return Pid(pid_); }

 private:
  [[nodiscard]] bool has_begun() const {
    const auto stat = read_stat(pid());
    return stat && std::string_view(stat->comm) == "sleep" && !read_cmdline(pid()).empty();
  }

  pid_t pid_;
};

TEST(ReadEnvironmentVariable, FindsTheWholeNameOnly) {
  const Sleeper sleeper({"XTAG=wrong", "TAGX=wrong", "TAG", "TA=G=wrong", "TAG=web:0=1", "TAG=second", "EMPTY="});
  EXPECT_EQ(read_environment_variable(sleeper.pid(), "TAG"), "web:0=1");
  EXPECT_EQ(read_environment_variable(sleeper.pid(), "EMPTY"), "");
  EXPECT_EQ(read_environment_variable(sleeper.pid(), "EMPT"), std::nullopt);
  EXPECT_EQ(read_environment_variable(sleeper.pid(), "A"), std::nullopt);
}

TEST(ReadEnvironmentVariable, ReadsAcrossPiecesAndStopsAtItsLimit) {
  // Every position of the variable relative to the end of a 4096-byte piece.
  for (std::size_t padding = 4070; padding < 4105; ++padding) {
    const Sleeper sleeper({"P=" + std::string(padding - 3, 'x'), "TAG=value"});
    ASSERT_EQ(read_environment_variable(sleeper.pid(), "TAG"), "value") << padding;
    ASSERT_EQ(read_environment_variable(sleeper.pid(), "TAG", padding), std::nullopt) << padding;
  }
}

TEST(ReadCmdline, GivesEachWord) {
  const Sleeper sleeper({});
  EXPECT_THAT(read_cmdline(sleeper.pid()), ElementsAre("sleep", "1000"));
}

TEST(ListPids, ContainsUsAndAChild) {
  const Child child;
  const auto pids = list_pids();
  EXPECT_THAT(pids, Contains(Pid(::getpid())));
  EXPECT_THAT(pids, Contains(child.pid()));
  EXPECT_THAT(pids, Contains(Pid(1)));
}

TEST(ChildrenOf, AreTheSameFromTheFileAndByScanning) {
  const Child first;
  const Child second;
  second.kill_without_reaping();
  const auto quick = children_of(Pid(::getpid()));
  EXPECT_THAT(quick, Contains(first.pid()));
  EXPECT_THAT(quick, Contains(second.pid())) << "a zombie is a child";
  EXPECT_THAT(quick, ::testing::UnorderedElementsAreArray(children_by_scan(Pid(::getpid()))));
}

TEST(ChildrenOf, IncludesThoseOfOtherThreads) {
  std::optional<Child> child;
  bool stop = false;
  std::mutex mutex;
  std::condition_variable changed;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    child.emplace();
    changed.notify_all();
    changed.wait(lock, [&] { return stop; });
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return child.has_value(); });
    EXPECT_THAT(children_of(Pid(::getpid())), Contains(child->pid()));
    stop = true;
  }
  changed.notify_all();
  other.join();
}

TEST(Ticks, BecomeTime) {
  const auto second = static_cast<std::uint64_t>(ticks_per_second());
  EXPECT_EQ(duration_of_ticks(second), 1s);
  EXPECT_EQ(duration_of_ticks(second * 86'400 * 365 * 100), std::chrono::hours(24 * 365 * 100));
  EXPECT_EQ(duration_of_ticks(1), std::chrono::nanoseconds(1'000'000'000 / static_cast<long>(second)));
}

TEST(ReadStat, StartTimeLiesBetweenBootAndNow) {
  const auto stat = read_stat(Pid(::getpid()));
  ASSERT_TRUE(stat);
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  EXPECT_LE(duration_of_ticks(stat->starttime), std::chrono::seconds(now.tv_sec + 1));
  EXPECT_GT(stat->rss, 0);
}

}  // namespace
}  // namespace foster::sys
