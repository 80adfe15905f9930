// The tree as it is drawn, from values.
#include "cli/process_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/render.hpp"

namespace foster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Process process_with(pid_t pid, pid_t parent, pid_t session, const std::string& name) {
  Process process;
  process.pid = Pid(pid);
  if (parent > 0) process.parent = Pid(parent);
  process.group = Pgid(session);
  process.session = Sid(session);
  process.start_ticks = static_cast<std::uint64_t>(pid);
  process.state = ProcessState::sleeping;
  process.name = name;
  return process;
}

insight::View view_of(std::vector<Process> processes) {
  processes.push_back(process_with(1, 0, 1, "init"));
  return {ProcessTable(std::move(processes)), [](Pid, std::string_view) { return std::optional<std::string>(); }};
}

std::string drawn(const insight::View& view, const TreeStyle& style = {}) {
  return tree_text(view, roots_of(view, style.kernel_threads), style);
}

TEST(ProcessTree, DrawsBranchesBelowTheirParents) {
  const auto view = view_of({process_with(10, 1, 10, "sshd"), process_with(20, 10, 20, "bash"),
                             process_with(30, 20, 20, "vi"), process_with(40, 1, 40, "cron")});
  EXPECT_EQ(drawn(view),
            "▪ init(1)  session\n"
            "├─ ● sshd(10)  likely adopted by init, session\n"
            "│  └─ ● bash(20)  session\n"
            "│     └─ & vi(30)\n"
            "└─ ● cron(40)  likely adopted by init, session\n");
}

TEST(ProcessTree, FoldsLeavesThatAreAlikeUnlessAskedNotTo) {
  std::vector<Process> workers;
  for (pid_t pid = 10; pid < 20; ++pid) workers.push_back(process_with(pid, 1, 1, "worker"));
  workers.push_back(process_with(30, 1, 1, "other"));
  const auto view = view_of(workers);
  EXPECT_THAT(drawn(view), HasSubstr("worker ×10(10…19)"));
  EXPECT_THAT(drawn(view), Not(HasSubstr("worker(11)")));
  EXPECT_THAT(drawn(view, {.folding = Folding::none}), HasSubstr("worker(11)"));
  EXPECT_THAT(tree_json(view, roots_of(view, KernelThreads::hidden), KernelThreads::hidden), HasSubstr("\"pid\":11,"));
}

TEST(ProcessTree, FoldsAlikeBranchesWithWhatIsBelowThem) {
  std::vector<Process> processes{process_with(5, 1, 5, "master")};
  for (pid_t pid = 10; pid < 20; ++pid) {
    processes.push_back(process_with(pid, 5, 5, "worker"));
    processes.push_back(process_with(pid + 20, pid, 5, "helper"));
  }
  processes.push_back(process_with(40, 5, 5, "worker"));  // without a helper
  EXPECT_EQ(drawn(view_of(processes)),
            "▪ init(1)  session\n"
            "└─ ● master(5)  likely adopted by init, session\n"
            "   ├─ ● worker ×10(10…19)\n"
            "   │  └─ ● helper ×10(30…39)\n"
            "   └─ ● worker(40)\n");
}

TEST(ProcessTree, MarksGroupLeadersAndNamesTheAdopter) {
  Process job = process_with(30, 20, 20, "job");
  job.group = Pgid(30);
  Process orphan = process_with(40, 20, 7, "orphan");
  const auto view = view_of({process_with(20, 1, 20, "manager"), job, orphan});
  EXPECT_THAT(drawn(view), HasSubstr("job(30)  group\n"));
  EXPECT_THAT(drawn(view), HasSubstr("orphan(40)  likely adopted by manager (20)\n"));
}

TEST(ProcessTree, ShowsWhatAZombieIsOwed) {
  Process zombie = process_with(20, 10, 10, "cc1");
  zombie.state = ProcessState::zombie;
  EXPECT_THAT(drawn(view_of({process_with(10, 1, 10, "make"), zombie})),
              HasSubstr("✗ cc1(20)  ended; make (10) owes the wait"));
}

TEST(ProcessTree, HidesKernelThreadsUnlessAskedFor) {
  Process thread = process_with(2, 0, 1, "kthreadd");
  thread.is_kernel_thread = true;
  const auto view = view_of({thread});
  EXPECT_THAT(drawn(view), Not(HasSubstr("kthreadd")));
  EXPECT_THAT(drawn(view, {.kernel_threads = KernelThreads::shown}), HasSubstr("k kthreadd(2)"));
}

TEST(ProcessTree, FitsTheWidthAndLetsNoControlCharacterThrough) {
  const auto view = view_of({process_with(10, 1, 10, "a\x1b[31m\nb"), process_with(20, 10, 10, "quite-a-long-name")});
  const std::string text = drawn(view, {.width = 18});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    EXPECT_LE(display_width(text.substr(at, end - at)), 18U) << text.substr(at, end - at);
    at = end + 1;
  }
}

TEST(ProcessTree, AChainOfAThousandIsNoTrouble) {
  std::vector<Process> chain;
  for (pid_t pid = 10; pid < 1010; ++pid) chain.push_back(process_with(pid, pid == 10 ? 1 : pid - 1, 10, "sh"));
  const auto view = view_of(chain);
  EXPECT_THAT(drawn(view), HasSubstr("sh(1009)"));
  EXPECT_THAT(tree_json(view, roots_of(view, KernelThreads::hidden), KernelThreads::hidden),
              HasSubstr("\"pid\":1009,"));
}

TEST(ProcessTree, FurtherTreesAreTheOthersOfTheFirst) {
  const auto view = view_of({process_with(10, 0, 10, "entered")});
  const auto json = tree_json(view, roots_of(view, KernelThreads::hidden), KernelThreads::hidden);
  EXPECT_THAT(json, HasSubstr("\"others\":[{\"pid\":10,"));
}

}  // namespace
}  // namespace foster::cli
