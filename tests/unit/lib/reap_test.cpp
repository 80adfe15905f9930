// Every end once, whose it is, and no child of other code touched.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <map>
#include <set>

#include <foster/reap.hpp>
#include <foster/spawn.hpp>
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;
using namespace std::chrono_literals;

Reaper open_reaper(Take take) {
  auto reaper = Reaper::open(take);
  if (!reaper) throw std::runtime_error(to_string(reaper.error()));
  return std::move(*reaper);
}

auto in_thirty_seconds() {
  return std::chrono::steady_clock::now() + 30s;
}

bool is_readable(BorrowedFd fd, int milliseconds) {
  pollfd ready{fd.get(), POLLIN, 0};
  return ::poll(&ready, 1, milliseconds) == 1;
}

/// What an event loop would do, until so many ends have been told.
std::vector<Reaped> reap_in_loop(Reaper& reaper, std::size_t count) {
  std::vector<Reaped> all;
  while (all.size() < count && is_readable(reaper.fd(), 30'000)) {
    for (const Reaped& one : reaper.reap_now()) all.push_back(one);
  }
  return all;
}

/// A child of other code: forked by hand, and ended with this code once it was let go.
class Stranger {
 public:
  explicit Stranger(int code) {
    pid_ = ::fork();
    if (pid_ == 0) {
      char byte = 0;
      (void)::dup2(gate_.reader.get(), STDIN_FILENO);
      (void)::close_range(3, ~0U, 0);  // the gates of others, too
      (void)!::read(STDIN_FILENO, &byte, 1);
      ::_exit(code);
    }
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Ends it, and waits until it is a zombie.
  void end() {
    const Watched watched(pid_);
    gate_.writer.reset();
    EXPECT_TRUE(watched.ends());
  }
  /// As its own library would.
  [[nodiscard]] int wait() const {
    int status = 0;
    return ::waitpid(pid_, &status, 0) == pid_ && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  Pipe gate_ = make_pipe();
  pid_t pid_ = -1;
};

class ReapGiven : public ::testing::TestWithParam<Take> {};

std::string name_of(const ::testing::TestParamInfo<Take>& test) {
  switch (test.param) {
    case Take::given:
      return "Given";
    case Take::given_and_orphans:
      return "GivenAndOrphans";
    case Take::everything:
      return "Everything";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(, ReapGiven, ::testing::Values(Take::given, Take::given_and_orphans, Take::everything),
                         name_of);

TEST_P(ReapGiven, EachEndIsToldOnceInALoop) {
  Reaper reaper = open_reaper(GetParam());
  std::vector<Child> children;
  std::map<pid_t, int> expected;
  for (int code = 0; code < 20; ++code) {
    children.push_back(start(shell("exit " + std::to_string(code))));
    expected[children.back().pid().number()] = code;
    ASSERT_TRUE(reaper.add(children.back()));
  }
  for (const Reaped& one : reap_in_loop(reaper, 20)) {
    EXPECT_EQ(one.whose, Whose::given);
    EXPECT_EQ(one.status, ExitStatus(Exited{expected[one.pid.number()]}));
    EXPECT_GT(one.use.most_resident_bytes, 0U);
    EXPECT_EQ(expected.erase(one.pid.number()), 1U);
  }
  EXPECT_TRUE(expected.empty());
  EXPECT_TRUE(has_no_children());
  EXPECT_TRUE(reaper.reap_now().empty());
  EXPECT_EQ(children[7].wait().status, ExitStatus(Exited{7})) << "the Child knows it, too";
}

TEST_P(ReapGiven, WaitingTellsOneAfterTheOther) {
  Reaper reaper = open_reaper(GetParam());
  Cat late;
  const Child early = start(shell("exit 1"));
  ASSERT_TRUE(reaper.add(late.child()));
  ASSERT_TRUE(reaper.add(early));
  EXPECT_EQ(reaper.reap_next(in_thirty_seconds())->pid, early.pid());
  EXPECT_FALSE(reaper.reap_next(std::chrono::steady_clock::now() + 5ms)) << "the other one runs";
  late.close_input();
  EXPECT_EQ(reaper.reap_next()->pid, late.child().pid());
  EXPECT_FALSE(reaper.reap_next()) << "nobody is left";
}

TEST_P(ReapGiven, AskingDoesNotBlock) {
  Reaper reaper = open_reaper(GetParam());
  Cat cat;
  ASSERT_TRUE(reaper.add(cat.child()));
  (void)reaper.reap_now();
  EXPECT_TRUE(reaper.reap_now().empty());
  cat.close_input();
  std::vector<Reaped> ends;
  EXPECT_TRUE(wait_until([&] { return !(ends = reaper.reap_now()).empty(); }));
  EXPECT_EQ(ends.front().pid.number(), cat.pid());
}

TEST_P(ReapGiven, AChildMadeByOtherMeansIsGivenByItsPid) {
  Reaper reaper = open_reaper(GetParam());
  Stranger stranger(33);
  ASSERT_TRUE(reaper.add(Pid(stranger.pid())));
  stranger.end();
  EXPECT_EQ(reaper.reap_next(in_thirty_seconds())->status, ExitStatus(Exited{33}));
  EXPECT_TRUE(has_no_children());
}

TEST_P(ReapGiven, ATiedTreeIsAChildLikeAnyOther) {
  Reaper reaper = open_reaper(GetParam());
  SpawnPlan plan = shell("exit 8");
  plan.tie_to_parent = TieToParent::tree;
  const Child child = start(plan);
  ASSERT_TRUE(reaper.add(child));
  std::vector<Reaped> ends;
  EXPECT_TRUE(wait_until([&] {
    for (const Reaped& one : reaper.reap_now()) ends.push_back(one);
    return std::ranges::any_of(ends, [&](const Reaped& one) { return one.pid == child.pid(); });
  }));
  EXPECT_EQ(std::ranges::find(ends, child.pid(), &Reaped::pid)->status, ExitStatus(Exited{8}));
}

TEST_P(ReapGiven, ADestroyedChildIsTold) {
  Reaper reaper = open_reaper(GetParam());
  std::optional<Child> child(start(sleeper()));
  const Pid pid = child->pid();
  ASSERT_TRUE(reaper.add(*child));
  child.reset();
  const auto end = reaper.reap_next(in_thirty_seconds());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->pid, pid);
  EXPECT_EQ(end->status, ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
}

TEST(ReapGivenPid, MustBeAChildOfOurs) {
  Reaper reaper = open_reaper(Take::given);
  EXPECT_EQ(reaper.add(Pid(::getppid())).error().code, ECHILD);
}

class ReapStrangers : public ::testing::TestWithParam<Take> {};

INSTANTIATE_TEST_SUITE_P(, ReapStrangers, ::testing::Values(Take::given, Take::given_and_orphans), name_of);

TEST_P(ReapStrangers, AreLeftToWhoStartedThem) {
  const int code = in_forked_process([] {
    if (!become_subreaper()) return 1;
    Reaper reaper = open_reaper(GetParam());
    Stranger first(44);
    Stranger in_group(45);
    if (::setpgid(in_group.pid(), in_group.pid()) != 0) return 2;
    const Child ours = start(shell("exit 1"));
    if (!reaper.add(ours)) return 3;
    first.end();
    in_group.end();
    const auto ends = reap_in_loop(reaper, 1);
    if (ends.size() != 1 || ends[0].pid != ours.pid()) return 4;
    if (!reaper.reap_now().empty()) return 5;
    return first.wait() == 44 && in_group.wait() == 45 ? 0 : 6;
  });
  EXPECT_EQ(code, 0);
}

TEST(ReapEverything, TakesStrangersWhenAskedTo) {
  Reaper reaper = open_reaper(Take::everything);
  Stranger stranger(44);
  stranger.end();
  const auto end = reaper.reap_next(in_thirty_seconds());
  ASSERT_TRUE(end);
  EXPECT_EQ(end->pid.number(), stranger.pid());
  EXPECT_EQ(end->status, ExitStatus(Exited{44}));
  EXPECT_EQ(end->whose, Whose::other);
}

/// Starts so many orphans below a session of its own, each of which waits for the gate and ends with its number.
SpawnPlan mother_of(int orphans, BorrowedFd gate) {
  SpawnPlan plan = shell("i=0; while [ $i -lt " + std::to_string(orphans) +
                         " ]; do (read x <&3; exit $i) & i=$((i+1)); done; exit 99");
  plan.session = ChildSession::new_session;
  plan.fds[3] = LentFd{gate};
  return plan;
}

TEST(ReapOrphans, AreSeenBySubreapersAndToldApart) {
  const int code = in_forked_process([] {
    if (!become_subreaper() || !adopts_orphans()) return 1;
    Reaper reaper = open_reaper(Take::given_and_orphans);
    Stranger head_of_the_line(44);
    head_of_the_line.end();
    Pipe gate = make_pipe();
    const Child mother = start(mother_of(10, gate.reader));
    if (!reaper.add(mother)) return 2;
    const auto first = reaper.reap_next(in_thirty_seconds());
    if (!first || first->pid != mother.pid() || first->whose != Whose::given) return 3;
    gate.writer.reset();
    std::set<int> codes;
    for (int i = 0; i < 10; ++i) {
      const auto orphan = reaper.reap_next(in_thirty_seconds());
      if (!orphan || orphan->whose != Whose::adopted) return 4;
      codes.insert(std::get<Exited>(orphan->status).code);
    }
    if (codes.size() != 10) return 5;
    return head_of_the_line.wait() == 44 && has_no_children() ? 0 : 6;
  });
  EXPECT_EQ(code, 0);
}

TEST(ReapOrphans, InOurOwnSessionAreInDoubtAndLeftAlone) {
  const int code = in_forked_process([] {
    if (!become_subreaper()) return 1;
    Reaper reaper = open_reaper(Take::given_and_orphans);
    Pipe gate = make_pipe();
    SpawnPlan plan = mother_of(1, gate.reader);
    plan.session = ChildSession::keep;
    Child mother = start(plan);
    mother.wait();
    gate.writer.reset();
    if (!wait_until([] { return zombies_of_ours() == 1; })) return 2;
    if (!reaper.reap_now().empty()) return 3;
    Reaper all = open_reaper(Take::everything);
    const auto end = all.reap_next(in_thirty_seconds());
    return end && end->whose == Whose::other && has_no_children() ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
}

TEST(ReapSignal, EndsBeforeItAndManyInOneAreAllFound) {
  const int code = in_forked_process([] {
    if (!become_subreaper()) return 1;
    constexpr int kOrphans = 100;
    Pipe gate = make_pipe();
    Child mother = start(mother_of(kOrphans, gate.reader));
    mother.wait();
    gate.writer.reset();
    if (!wait_until([] { return zombies_of_ours() == kOrphans; })) return 2;
    Reaper reaper = open_reaper(Take::given_and_orphans);
    if (!is_readable(reaper.fd(), 0)) return 3;
    if (reaper.reap_now().size() != kOrphans) return 4;
    return has_no_children() && !is_readable(reaper.fd(), 0) ? 0 : 5;
  });
  EXPECT_EQ(code, 0);
}

TEST(ReapSignal, AStormLosesNobody) {
  const int code = in_forked_process([] {
    if (!become_subreaper()) return 1;
    constexpr std::size_t kMothers = 10;
    constexpr std::size_t kOrphans = 20;
    Reaper reaper = open_reaper(Take::given_and_orphans);
    Pipe gate = make_pipe();
    std::vector<Child> mothers;
    for (std::size_t i = 0; i < kMothers; ++i) {
      mothers.push_back(start(mother_of(kOrphans, gate.reader)));
      if (!reaper.add(mothers.back())) return 2;
    }
    // A mother that still runs would reap some of them herself.
    const auto mothers_ends = reap_in_loop(reaper, kMothers);
    gate.writer.reset();
    std::map<Whose, std::size_t> count;
    for (const Reaped& one : mothers_ends) ++count[one.whose];
    for (const Reaped& one : reap_in_loop(reaper, kMothers * kOrphans)) ++count[one.whose];
    if (count[Whose::given] != kMothers || count[Whose::adopted] != kMothers * kOrphans) return 3;
    return has_no_children() ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
}

TEST(ReapSignal, MaskAndDispositionAreAsTheyWereFound) {
  const int code = in_forked_process([] {
    const auto facts = [] {
      auto status = status_of(::getpid());
      return status["SigBlk"] + status["SigIgn"];
    };
    (void)::signal(SIGCHLD, SIG_IGN);
    const std::string before = facts();
    {
      Reaper reaper = open_reaper(Take::given_and_orphans);
      if (facts() == before) return 1;
      const Child child = start(shell("exit 21"));
      if (!reaper.add(child)) return 2;
      if (reaper.reap_next(in_thirty_seconds())->status != ExitStatus(Exited{21})) return 3;
      const Reaper moved = std::move(reaper);
    }
    return facts() == before ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
}

TEST(ReapSignal, GivenChildrenAloneNeedNone) {
  auto before = status_of(::getpid())["SigBlk"];
  const Reaper reaper = open_reaper(Take::given);
  EXPECT_EQ(status_of(::getpid())["SigBlk"], before);
}

TEST(ReapForked, ACopyReapsNothing) {
  Reaper reaper = open_reaper(Take::given);
  const Child child = start(shell("exit 5"));
  ASSERT_TRUE(reaper.add(child));
  ASSERT_TRUE(is_readable(reaper.fd(), 30'000));
  EXPECT_EQ(in_forked_process([&] { return reaper.reap_now().empty() ? 0 : 1; }), 0);
  EXPECT_EQ(reaper.reap_next()->status, ExitStatus(Exited{5}));
}

TEST(ReapManyAtOnce, LeaveNoZombieAndNoDescriptor) {
#if defined(FOSTER_SANITIZED)
  constexpr std::size_t kChildren = 300;
#else
  constexpr std::size_t kChildren = 1'000;
#endif
  constexpr std::size_t kAtOnce = 50;
  const std::size_t fds = open_fd_count();
  {
    Reaper reaper = open_reaper(Take::given);
    const SpawnPlan plan = command({"/bin/true"});
    std::map<Pid, Child> running;
    std::size_t ended = 0;
    for (std::size_t started = 0; ended < kChildren;) {
      for (; started < kChildren && running.size() < kAtOnce; ++started) {
        Child child = start(plan);
        ASSERT_TRUE(reaper.add(child));
        const Pid pid = child.pid();
        running.emplace(pid, std::move(child));
      }
      for (const Reaped& one : reap_in_loop(reaper, 1)) {
        ASSERT_TRUE(is_success(one.status));
        ASSERT_EQ(running.erase(one.pid), 1U);
        ++ended;
      }
    }
    EXPECT_TRUE(has_no_children());
  }
  EXPECT_EQ(open_fd_count(), fds);
}

}  // namespace
}  // namespace foster
