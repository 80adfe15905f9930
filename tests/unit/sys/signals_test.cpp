#include "sys/signals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

const Signal kUsr1 = *Signal::from_name("USR1");
const Signal kUsr2 = *Signal::from_name("USR2");
const Signal kKill = *Signal::from_name("KILL");

TEST(SignalSet, HoldsWhatWasAddedAndNotWhatWasRemoved) {
  SignalSet set{kUsr1, kUsr2};
  set.remove(kUsr2);
  EXPECT_TRUE(set.contains(kUsr1));
  EXPECT_FALSE(set.contains(kUsr2));
  EXPECT_TRUE(SignalSet::all().contains(kUsr2));
  EXPECT_FALSE(SignalSet{}.contains(kUsr1));
}

TEST(ChangedSignals, AreThoseIgnoredAndThoseHandled) {
  const auto old_usr1 = ::signal(SIGUSR1, SIG_IGN);
  const auto old_usr2 = ::signal(SIGUSR2, [](int) {});
  const auto old_last = ::signal(SIGRTMAX, SIG_IGN);
  EXPECT_THAT(changed_signals(), IsSupersetOf({kUsr1, kUsr2, *Signal::from_number(SIGRTMAX)}));
  ::signal(SIGUSR1, SIG_DFL);
  EXPECT_THAT(changed_signals(), Not(Contains(kUsr1)));
  ::signal(SIGUSR1, old_usr1);
  ::signal(SIGUSR2, old_usr2);
  ::signal(SIGRTMAX, old_last);
}

TEST(ScopedSignalMask, RestoresWhatItFoundAndNotWhatOneWouldExpect) {
  const SignalSet before = blocked_signals();
  block_signals({kUsr1});
  {
    const ScopedSignalMask outer({kUsr2});
    EXPECT_TRUE(outer.found().contains(kUsr1));
    EXPECT_FALSE(outer.found().contains(kUsr2));
    {
      const ScopedSignalMask inner;
      EXPECT_TRUE(blocked_signals().contains(*Signal::from_name("TERM")));
      EXPECT_FALSE(blocked_signals().contains(kKill));
    }
    EXPECT_TRUE(blocked_signals().contains(kUsr2));
    EXPECT_FALSE(blocked_signals().contains(*Signal::from_name("TERM")));
  }
  EXPECT_TRUE(blocked_signals().contains(kUsr1));
  EXPECT_FALSE(blocked_signals().contains(kUsr2));
  set_blocked_signals(before);
}

TEST(BlockAll, ShowsInProcOnly) {
  const int code = testing::in_forked_process([] {
    block_all();
    // All but SIGKILL, SIGSTOP and glibc's own two.
    return testing::status_of(::getpid())["SigBlk"] == "fffffffe7ffbfeff" ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(SignalFd, ReadsABlockedSignalWithItsSenderOnce) {
  const ScopedSignalMask masked({kUsr1});
  auto fd = SignalFd::open({kUsr1});
  ASSERT_TRUE(fd);
  EXPECT_FALSE(fd->read());
  ::kill(::getpid(), SIGUSR1);
  const auto info = fd->read();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->ssi_signo, static_cast<unsigned>(SIGUSR1));
  EXPECT_EQ(info->ssi_pid, static_cast<unsigned>(::getpid()));
  EXPECT_FALSE(fd->read());
  EXPECT_NE(::fcntl(fd->fd().get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace foster::sys
