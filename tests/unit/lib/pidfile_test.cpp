#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <foster/pidfile.hpp>
#include "unit/sys/spawning.hpp"

namespace foster {
namespace {

using namespace std::chrono_literals;
using sys::testing::in_forked_process;
using sys::testing::make_pipe;
using sys::testing::Pipe;

std::optional<Pid> holder_of(const std::filesystem::path& path) {
  const auto holder = pidfile_holder(path);
  EXPECT_TRUE(holder) << to_string(holder.error());
  return holder ? *holder : std::nullopt;
}

class PidfileIn : public ::testing::Test {
 protected:
  PidfileIn() {
    std::string pattern = ::testing::TempDir() + "foster-pidfile-XXXXXX";
    directory = ::mkdtemp(pattern.data());
    path = directory + "/one.pid";
  }
  ~PidfileIn() override {
    ::chmod(directory.c_str(), 0700);
    std::filesystem::remove_all(directory);
  }

  [[nodiscard]] std::string content() const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] bool nothing_left() const { return std::filesystem::is_empty(directory); }

  std::string directory;
  std::string path;
};

/// Another process that holds the pidfile until it is told to let go.
class Holder {
 public:
  explicit Holder(const std::string& path) {
    Pipe said = make_pipe();
    Pipe told = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      told.writer.reset();
      std::optional<Pidfile> held;
      if (auto taken = take_pidfile(path)) held.emplace(std::move(*taken));
      char byte = held ? 'y' : 'n';
      (void)!::write(said.writer.get(), &byte, 1);
      (void)!::read(told.reader.get(), &byte, 1);
      held.reset();
      ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(said.reader.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    told_ = std::move(told.writer);
  }
  ~Holder() { finish(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void let_go() { EXPECT_EQ(::write(told_.get(), "x", 1), 1); }
  void crash() {
    ::kill(pid_, SIGKILL);
    finish();
  }
  void finish() {
    told_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  UniqueFd told_;
};

using TakePidfile = PidfileIn;

TEST_F(TakePidfile, WritesThisPidAndRemovesTheFileInTheEnd) {
  {
    const auto pidfile = take_pidfile(path);
    ASSERT_TRUE(pidfile) << to_string(pidfile.error());
    EXPECT_EQ(content(), std::to_string(::getpid()) + "\n");
    EXPECT_EQ(pidfile->path(), path);
    EXPECT_NE(::fcntl(pidfile->fd().get(), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_TRUE(nothing_left());
}

TEST_F(TakePidfile, RefusesWhileItsOwnerLivesAndNamesIt) {
  const Holder holder(path);
  const auto pidfile = take_pidfile(path);
  ASSERT_FALSE(pidfile);
  EXPECT_EQ(pidfile.error().code, EWOULDBLOCK);
  EXPECT_EQ(pidfile.error().detail, path + " is held by process " + std::to_string(holder.pid()));
  EXPECT_EQ(content(), std::to_string(holder.pid()) + "\n");
}

TEST_F(TakePidfile, RefusesASecondTimeInTheSameProcess) {
  const auto pidfile = take_pidfile(path);
  ASSERT_TRUE(pidfile);
  EXPECT_EQ(take_pidfile(path).error().code, EWOULDBLOCK);
}

TEST_F(TakePidfile, TakesOverWhatACrashLeft) {
  Holder holder(path);
  holder.crash();
  ASSERT_FALSE(nothing_left());
  const auto pidfile = take_pidfile(path);
  ASSERT_TRUE(pidfile);
  EXPECT_EQ(content(), std::to_string(::getpid()) + "\n");
}

TEST_F(TakePidfile, ANumberWithoutALockMeansNothing) {
  for (const std::string text : {"1\n", "", "not a number", "99999999999999999999\n"}) {
    std::ofstream(path) << text;
    EXPECT_TRUE(take_pidfile(path)) << text;
    EXPECT_TRUE(nothing_left()) << text;
  }
}

TEST_F(TakePidfile, PatienceEndsWhenTheHolderLetsGo) {
  Holder holder(path);
  Pipe waiting = make_pipe();
  const pid_t waiter = ::fork();
  if (waiter == 0) {
    (void)!::write(waiting.writer.get(), "x", 1);
    const auto pidfile = take_pidfile(path, 60s);
    // The name must lead to the file that is held, not to the one that the last holder removed.
    ::_exit(pidfile && content() == std::to_string(::getpid()) + "\n" ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(waiting.reader.get(), &byte, 1), 1);
  holder.let_go();
  int status = -1;
  ASSERT_EQ(::waitpid(waiter, &status, 0), waiter);
  EXPECT_EQ(status, 0);
}

TEST_F(TakePidfile, PatienceHasAnEnd) {
  const Holder holder(path);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(take_pidfile(path, 30ms).error().code, EWOULDBLOCK);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
}

TEST_F(TakePidfile, NeverHasTwoHoldersHoweverManyTry) {
  struct Shared {
    std::atomic<int> inside{0};
    std::atomic<int> broken{0};
    std::atomic<int> rounds{0};
  };
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* shared = new (memory) Shared;
  constexpr int kProcesses = 6;
  constexpr int kRounds = 40;
  std::vector<pid_t> processes;
  for (int i = 0; i < kProcesses; ++i) {
    if (const pid_t process = ::fork(); process != 0) {
      processes.push_back(process);
      continue;
    }
    for (int round = 0; round < kRounds;) {
      const auto pidfile = take_pidfile(path);
      if (!pidfile) {
        if (pidfile.error().code != EWOULDBLOCK) {
          ++shared->broken;
          break;
        }
        ::sched_yield();
        continue;
      }
      if (++shared->inside != 1 || content() != std::to_string(::getpid()) + "\n") ++shared->broken;
      ::sched_yield();
      --shared->inside;
      ++shared->rounds;
      ++round;
    }
    ::_exit(0);
  }
  for (const pid_t process : processes) EXPECT_EQ(::waitpid(process, nullptr, 0), process);
  EXPECT_EQ(shared->broken.load(), 0);
  EXPECT_EQ(shared->rounds.load(), kProcesses * kRounds);
  EXPECT_TRUE(nothing_left());
  ::munmap(memory, sizeof(Shared));
}

TEST_F(TakePidfile, AForkedChildNeverRemovesIt) {
  auto pidfile = take_pidfile(path);
  ASSERT_TRUE(pidfile);
  EXPECT_EQ(in_forked_process([&] {
              {
                const Pidfile gone = std::move(*pidfile);
              }
              return std::filesystem::exists(path) ? 0 : 1;
            }),
            0);
  EXPECT_EQ(take_pidfile(path).error().code, EWOULDBLOCK);
}

TEST_F(TakePidfile, AFileThatSomebodyPutInItsPlaceIsLeftAlone) {
  {
    const auto pidfile = take_pidfile(path);
    ASSERT_TRUE(pidfile);
    std::filesystem::remove(path);
    std::ofstream(path) << "somebody else's";
  }
  EXPECT_EQ(content(), "somebody else's");
}

TEST_F(TakePidfile, IsMovedWithItsLock) {
  std::optional<Pidfile> kept;
  {
    auto taken = take_pidfile(path);
    ASSERT_TRUE(taken);
    kept.emplace(std::move(*taken));
  }
  EXPECT_EQ(take_pidfile(path).error().code, EWOULDBLOCK);
  auto other = take_pidfile(path + ".2");
  ASSERT_TRUE(other);
  *kept = std::move(*other);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(path + ".2"));
}

TEST_F(TakePidfile, ASymbolicLinkIsRefusedAndItsTargetUntouched) {
  const std::string target = directory + "/target";
  std::ofstream(target) << "precious";
  std::filesystem::create_symlink(target, path);
  EXPECT_EQ(take_pidfile(path).error().code, ELOOP);
  std::ifstream file(target);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "precious");
}

TEST_F(TakePidfile, AnUnusablePathIsNamedAndNothingIsMade) {
  EXPECT_EQ(take_pidfile("one.pid").error().code, EINVAL);
  EXPECT_EQ(to_string(take_pidfile(directory + "/no/such").error()),
            "open pidfile " + directory + "/no/such: No such file or directory");
  ASSERT_TRUE(nothing_left());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(take_pidfile(path).error().code, EINVAL);
}

TEST_F(TakePidfile, WhereItCannotBeRemovedItIsEmptied) {
  ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
  EXPECT_EQ(in_forked_process([&] {
              auto pidfile = take_pidfile(path);
              if (!pidfile || ::chmod(directory.c_str(), 0555) != 0) return 1;
              // As a daemon that was root when it took the file, and is not any more.
              if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 2;
              {
                const Pidfile gone = std::move(*pidfile);
              }
              return std::filesystem::exists(path) && content().empty() ? 0 : 3;
            }),
            0);
}

using PidfileHolder = PidfileIn;

TEST_F(PidfileHolder, IsNobodyWithoutAFileOrWithAStaleOne) {
  EXPECT_EQ(holder_of(path), std::optional<Pid>());
  Holder holder(path);
  EXPECT_EQ(holder_of(path), Pid(holder.pid()));
  holder.crash();
  ASSERT_FALSE(nothing_left());
  EXPECT_EQ(holder_of(path), std::optional<Pid>());
}

TEST_F(PidfileHolder, AskingTakesNoLock) {
  const auto pidfile = take_pidfile(path);
  EXPECT_EQ(holder_of(path), Pid(::getpid()));
  EXPECT_EQ(holder_of(path), Pid(::getpid()));
}

TEST_F(PidfileHolder, OfARecordLockIsWhomTheKernelNames) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_EQ(::lockf(file.get(), F_LOCK, 0), 0);  // as many daemons do, here with nothing written yet
  const pid_t owner = ::getpid();
  EXPECT_EQ(in_forked_process([&] {
              const auto holder = pidfile_holder(path);
              return holder && *holder == Pid(owner) && take_pidfile(path).error().code == EWOULDBLOCK ? 0 : 1;
            }),
            0);
}

TEST_F(PidfileHolder, IsWhomTheKernelNamesWhateverTheNumberSays) {
  const Holder holder(path);
  for (const auto& text : {std::string(), std::string("1\n"), std::to_string(::getpid()) + "\n"}) {
    std::ofstream(path) << text;
    EXPECT_EQ(holder_of(path), Pid(holder.pid())) << text;
  }
}

TEST_F(PidfileHolder, IsProvedByTheOpenFileWhenItsSignatureIsLost) {
  const auto pidfile = take_pidfile(path);
  ASSERT_TRUE(pidfile);
  std::ifstream(path).get();  // and closing it drops the record locks of this process
  EXPECT_EQ(in_forked_process([&, owner = ::getpid()] {
              const auto holder = pidfile_holder(path);
              return holder && *holder == Pid(owner) ? 0 : 1;
            }),
            0);
}

TEST_F(PidfileHolder, OfALockThatOnlyChildrenOfTheOwnerHoldIsNobodyThatCanBeNamed) {
  Pipe pids = make_pipe();
  Pipe hold = make_pipe();
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto pidfile = take_pidfile(path);
    const pid_t child = ::fork();
    if (child == 0) {
      hold.writer.reset();
      char byte = 0;
      (void)!::read(hold.reader.get(), &byte, 1);
      ::_exit(0);
    }
    (void)!::write(pids.writer.get(), &child, sizeof child);
    ::kill(::getpid(), SIGKILL);
  }
  pid_t child = 0;
  ASSERT_EQ(::read(pids.reader.get(), &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_EQ(::waitpid(owner, nullptr, 0), owner);
  // The number of somebody else, as if it had been given again.
  std::ofstream(path) << "1\n";
  EXPECT_EQ(pidfile_holder(path).error().code, EBADMSG);
  EXPECT_EQ(take_pidfile(path).error().code, EWOULDBLOCK);
  hold.writer.reset();
  hold.reader.reset();
  EXPECT_TRUE(take_pidfile(path, 60s));
  (void)::waitpid(child, nullptr, 0);  // if this process adopts orphans
}

}  // namespace
}  // namespace foster
