#include "reaper/leftovers.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

namespace foster::reaper {
namespace {

/// Runs this in a subreaper with SIGCHLD blocked. @return What it returned.
int in_a_subreaper(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

/// Starts a child, and returns once it has told that it is ready.
void start(const std::function<void()>& prepare) {
  int ready[2];
  (void)!::pipe(ready);
  if (::fork() == 0) {
    prepare();
    (void)!::write(ready[1], "r", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  (void)!::read(ready[0], &byte, 1);
}

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

constexpr std::chrono::milliseconds kLong{60000};
constexpr std::chrono::milliseconds kShort{30};

TEST(EndLeftovers, WithoutChildrenThereIsNothingToDo) {
  EXPECT_EQ(in_a_subreaper([] { return end_leftovers(Scope::children, kLong) == Left::nothing ? 0 : 1; }), 0);
}

TEST(EndLeftovers, APoliteTreeEndsAtTheFirstRequestDownToTheLastOrphan) {
  EXPECT_EQ(in_a_subreaper([] {
              start([] { start([] { start([] {}); }); });
              if (end_leftovers(Scope::children, kLong) != Left::nothing) return 1;
              return has_children() ? 2 : 0;
            }),
            0);
}

TEST(EndLeftovers, AStoppedOneGoesOnToHearTheRequest) {
  EXPECT_EQ(in_a_subreaper([] {
              const pid_t child = ::fork();
              if (child == 0) {
                ::raise(SIGSTOP);
                for (;;) ::pause();
              }
              ::waitpid(child, nullptr, WUNTRACED);
              return end_leftovers(Scope::children, kLong) == Left::nothing ? 0 : 1;
            }),
            0);
}

TEST(EndLeftovers, AStubbornTreeInSessionsOfItsOwnIsKilled) {
  EXPECT_EQ(in_a_subreaper([] {
              start([] {
                ::signal(SIGTERM, SIG_IGN);
                ::setsid();
                start([] { ::setsid(); });
              });
              if (end_leftovers(Scope::children, kShort) != Left::nothing) return 1;
              return has_children() ? 2 : 0;
            }),
            0);
}

TEST(KillLeftovers, AsksNobody) {
  int asked[2];
  ASSERT_EQ(::pipe2(asked, O_CLOEXEC | O_NONBLOCK), 0);
  static int told;
  told = asked[1];
  EXPECT_EQ(in_a_subreaper([] {
              start([] { ::signal(SIGTERM, [](int) { (void)!::write(told, "t", 1); }); });
              return kill_leftovers(Scope::children) == Left::nothing && !has_children() ? 0 : 1;
            }),
            0);
  char byte = 0;
  EXPECT_EQ(::read(asked[0], &byte, 1), -1) << "it was sent SIGTERM";
  ::close(asked[0]);
  ::close(asked[1]);
}

TEST(LeftoversOfANamespace, MeanChildrenForWhoeverIsNotPidOne) {
  EXPECT_EQ(in_a_subreaper([] {
              start([] { ::signal(SIGTERM, SIG_IGN); });
              if (end_leftovers(Scope::pid_namespace, kShort) != Left::nothing) return 1;
              return ::getppid() > 1 ? 0 : 2;  // nobody else was killed, the test least of all
            }),
            0);
}

}  // namespace
}  // namespace foster::reaper
