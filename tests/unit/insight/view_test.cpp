// Which service a process belongs to, from values.
#include "insight/view.hpp"

#include <gtest/gtest.h>

#include "insight/zombies.hpp"

namespace foster::insight {
namespace {

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

/// As foster's services have it: 40 and 60 were started as web and db, 70 by hand from a shell within web.
std::optional<std::string> environment(Pid pid, std::string_view variable) {
  const bool is_web = pid == Pid(40) || pid == Pid(70);
  if (!is_web && pid != Pid(60)) return std::nullopt;
  if (variable == "FOSTER_INSTANCE") return is_web ? "web:0" : "db";
  if (variable == "FOSTER_NAME") return "shop";
  return variable == "FOSTER_RUN" ? std::optional<std::string>("tag") : std::nullopt;
}

View view_of(std::vector<Process> processes) {
  processes.push_back(process_with(1, 0, 1, "init"));
  return View(ProcessTable(std::move(processes)), environment);
}

const Service* service_of(const View& view, pid_t pid) {
  return view.service_of(*view.table().find(Pid(pid)));
}

TEST(View, AServiceGoesDownTheTreeFromTheReaper) {
  const View view = view_of({process_with(20, 1, 20, "foster: reaper"), process_with(30, 20, 20, "foster: superv"),
                             process_with(40, 20, 40, "python3"), process_with(50, 40, 40, "python3")});
  ASSERT_NE(service_of(view, 50), nullptr);
  EXPECT_EQ(*service_of(view, 50), (Service{.foster = "shop", .instance = "web:0"}));
  EXPECT_EQ(service_of(view, 30), nullptr);
  EXPECT_EQ(service_of(view, 20), nullptr);
  EXPECT_TRUE(view.is_reaper(*view.table().find(Pid(20))));
}

TEST(View, AForegroundFosterIsKnownByItsSupervisor) {
  const View view = view_of({process_with(20, 1, 20, "foster"), process_with(30, 20, 20, "foster: superv"),
                             process_with(60, 20, 60, "redis")});
  EXPECT_TRUE(view.is_reaper(*view.table().find(Pid(20))));
  ASSERT_NE(service_of(view, 60), nullptr);
  EXPECT_EQ(service_of(view, 60)->instance, "db");
}

TEST(View, AServiceWhoseFosterIsGoneIsKnownByItsEnvironment) {
  const View view = view_of({process_with(60, 1, 60, "redis")});
  ASSERT_NE(service_of(view, 60), nullptr);
}

TEST(View, AServiceWithoutATerminalIsAServiceWhateverElse) {
  Process shell = process_with(40, 1, 40, "bash");
  const auto word = [](const View& view, pid_t pid) {
    const Process& process = *view.table().find(Pid(pid));
    return std::string(view.kind_word(process, view.classify(process)));
  };
  EXPECT_EQ(word(view_of({shell}), 40), "service");
  shell.terminal = foster::Terminal{.major = 136, .minor = 1};
  shell.foreground_group = Pgid(40);
  EXPECT_EQ(word(view_of({shell}), 40), "foreground");
  shell.state = ProcessState::zombie;
  EXPECT_EQ(word(view_of({shell}), 40), "zombie");
}

TEST(AdviceFor, FollowsFromWhatTheParentDoesWithTheSignal) {
  Process parent = process_with(40, 1, 40, "lazy");
  const Service service{.foster = "shop", .instance = "web:0"};
  EXPECT_NE(advice_for(&parent, ChildSignal::caught, nullptr).find("--nudge"), std::string::npos);
  EXPECT_NE(advice_for(&parent, ChildSignal::by_default, nullptr).find("kill 40"), std::string::npos);
  EXPECT_NE(advice_for(&parent, ChildSignal::by_default, &service).find("restart web:0"), std::string::npos);
  parent.state = ProcessState::stopped;
  EXPECT_NE(advice_for(&parent, ChildSignal::caught, nullptr).find("kill -CONT 40"), std::string::npos);
  EXPECT_NE(advice_for(nullptr, ChildSignal::unknown, nullptr).find("outside"), std::string::npos);
}

}  // namespace
}  // namespace foster::insight
