// foster tree, zombies and orphans, with each situation made for real.
#include <functional>

#include "e2e/see.hpp"

namespace foster::e2e {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

Finished foster(std::vector<std::string> words) {
  words.insert(words.begin(), FOSTER_BINARY);
  return Running(words, {{"NO_COLOR", "1"}}).finish();
}

json::object document(std::vector<std::string> words) {
  words.emplace_back("--json");
  const Finished finished = foster(words);
  boost::system::error_code error;
  // A tree may be deep.
  const auto value = json::parse(finished.out, error, {}, {.max_depth = 1000});
  EXPECT_FALSE(error) << finished.out << finished.err;
  return value.is_object() ? value.as_object() : json::object();
}

const json::object* find_in(const json::object& tree, pid_t pid) {
  if (tree.at("pid").as_int64() == pid) return &tree;
  for (const auto& child : tree.at("children").as_array()) {
    if (const auto* found = find_in(child.as_object(), pid)) return found;
  }
  return nullptr;
}

/// Of "zombies" or "orphans"; null when the process is not listed.
const json::object* listed(const json::object& page, const char* list, pid_t pid) {
  for (const auto& one : page.at(list).as_array()) {
    if (one.at("pid").as_int64() == pid) return &one.as_object();
  }
  return nullptr;
}

/// This process adopts what loses its parent below it.
class Subreaper {
 public:
  Subreaper() { (void)::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  Subreaper(const Subreaper&) = delete;
  Subreaper& operator=(const Subreaper&) = delete;
  ~Subreaper() {
    (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
    for (const pid_t pid : expected_) {
      ::kill(pid, SIGKILL);
      (void)::waitpid(pid, nullptr, 0);
    }
  }
  void expect(pid_t pid) { expected_.push_back(pid); }

 private:
  std::vector<pid_t> expected_;
};

TEST(Tree, NestsWhatEachProcessHasStarted) {
  const std::string word = Marked::seconds();
  Running shell({"sh", "-c", "sleep " + word + " & wait"}, {});
  Marked marked;
  const pid_t sleeper = marked.find(word);
  const auto tree = document({"tree"});
  EXPECT_EQ(tree.at("pid").as_int64(), 1);
  EXPECT_EQ(tree.at("kind").as_string(), "init");
  const auto* self = find_in(tree, ::getpid());
  ASSERT_NE(self, nullptr);
  EXPECT_EQ(self->at("sid").as_int64(), ::getsid(0));
  EXPECT_EQ(self->at("pgid").as_int64(), ::getpgid(0));
  const auto* parent = find_in(*self, shell.pid());
  ASSERT_NE(parent, nullptr);
  const auto* child = find_in(*parent, sleeper);
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->at("command").as_string(), "sleep " + word);
  EXPECT_TRUE(child->at("service").is_null());
  EXPECT_EQ(document({"tree", std::to_string(shell.pid())}).at("pid").as_int64(), shell.pid());
}

TEST(Tree, ShowsSessionsJobsAndTheTerminal) {
  testing::Terminal terminal(interactive_bash());
  ASSERT_TRUE(wait_for_screen(terminal, "$ "));
  const std::string word = Marked::seconds();
  terminal.type("sleep " + word + " &\n");
  Marked marked;
  const pid_t job = marked.find(word);
  ASSERT_TRUE(wait_until([&] { return kind(inspect(job)) == "background"; }));
  const std::string text = foster({"tree", "--legend", std::to_string(terminal.leader())}).out;
  EXPECT_THAT(text, HasSubstr("+ bash(" + std::to_string(terminal.leader()) + ")  session on pts/"));
  EXPECT_THAT(text, HasSubstr("└─ & sleep(" + std::to_string(job) + ")  background job"));
  EXPECT_THAT(text, HasSubstr("✗ zombie"));
}

TEST(Tree, NamesServicesOfFoster) {
  Foster own;
  own.write_config("[service." + own_service() +
                   "]\ncommand = \"sleep 1000 & sleep 1000\"\nstart-seconds = \"10ms\"\n");
  own.up();
  const auto tree = document({"tree", own_service()});
  EXPECT_EQ(tree.at("pid").as_int64(), own.pid_of(own_service()));
  EXPECT_EQ(tree.at("kind").as_string(), "service");
  EXPECT_EQ(tree.at("service").as_string(), own_service());
  EXPECT_EQ(tree.at("children").as_array().at(0).at("service").as_string(), own_service());
  EXPECT_THAT(foster({"tree", own_service()}).out, HasSubstr("service " + own_service() + " of test"));
}

TEST(Tree, MarksAPidNamespace) {
  const std::string word = Marked::seconds();
  std::vector<std::string> argv{"unshare", "--pid", "--fork", "--kill-child", "sleep", word};
  if (::geteuid() != 0) argv.insert(argv.begin() + 1, {"--user", "--map-root-user"});
  Running namespaced(argv, {});
  Marked marked;
  const pid_t pid = marked.find(word);
  EXPECT_THAT(foster({"tree", std::to_string(namespaced.pid())}).out,
              HasSubstr("sleep(" + std::to_string(pid) + ")  new pid namespace"));
}

TEST(Tree, FollowsWhatComesWhenItWatches) {
  const std::string word = Marked::seconds();
  testing::Terminal shell(interactive_bash());
  ASSERT_TRUE(wait_for_screen(shell, "$ "));
  testing::Terminal watch({FOSTER_BINARY, "--color", "never", "tree", "--watch", std::to_string(shell.leader())});
  ASSERT_TRUE(wait_for_screen(watch, "bash(" + std::to_string(shell.leader()) + ")"));
  shell.type("sleep " + word + " &\n");
  Marked marked;
  const pid_t job = marked.find(word);
  EXPECT_TRUE(wait_for_screen(watch, "sleep(" + std::to_string(job) + ")")) << watch.screen();
  watch.press_ctrl_c();
  EXPECT_TRUE(wait_until([&] { return watch.has_ended(); }));
}

TEST(Tree, RefusesWhatIsNotThere) {
  EXPECT_EQ(foster({"tree", "no-such-program"}).code, 4);
  EXPECT_EQ(foster({"tree", "1", "2"}).code, 2);
}

TEST(Zombies, AreListedWithTheParentThatOwesTheWait) {
  Running lazy({"sh", "-c", "sleep 0 & exec sleep 1000"}, {});
  const auto own_zombies = [&] { return zombies_below(lazy.pid()); };
  ASSERT_TRUE(wait_until([&] { return !own_zombies().empty() && runs(lazy.pid(), "sleep"); }));
  const auto page = document({"zombies"});
  const auto* zombie = listed(page, "zombies", own_zombies().front());
  ASSERT_NE(zombie, nullptr) << page;
  EXPECT_EQ(zombie->at("ppid").as_int64(), lazy.pid());
  EXPECT_EQ(zombie->at("parent").as_string(), "sleep");
  EXPECT_TRUE(zombie->at("service").is_null());
  EXPECT_EQ(zombie->at("parent_sigchld").as_string(), "default");
  EXPECT_GT(page.at("pid_limit").as_int64(), page.at("pids_used").as_int64());
  EXPECT_GT(page.at("pids_used").as_int64(), 0);
  EXPECT_THAT(foster({"zombies"}).out, HasSubstr("sleep (" + std::to_string(lazy.pid()) + "): 1 zombie\n"));
}

TEST(Zombies, OfAServiceNameItAndHowToRestartIt) {
  Foster own;
  own.write_config("[service.lazy]\ncommand = \"sleep 0 & exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  own.up();
  const pid_t lazy = own.pid_of("lazy");
  ASSERT_TRUE(wait_until([&] { return !zombies_below(lazy).empty(); }));
  const auto page = document({"zombies"});
  const auto* zombie = listed(page, "zombies", zombies_below(lazy).front());
  ASSERT_NE(zombie, nullptr);
  EXPECT_EQ(zombie->at("service").as_string(), "lazy");
  EXPECT_THAT(std::string(zombie->at("advice").as_string()), HasSubstr("foster --name test restart lazy"));
}

TEST(Zombies, ANudgeHelpsAParentThatMissedTheSignalAndNoOther) {
  Running misses({Foster::actor("misses_sigchld")}, {});
  ASSERT_TRUE(wait_until([&] { return misses.out() == "up\n"; }));
  ASSERT_EQ(zombies_below(misses.pid()).size(), 3U);
  Running lazy({"sh", "-c", "sleep 0 & exec sleep 1000"}, {});
  ASSERT_TRUE(wait_until([&] { return !zombies_below(lazy.pid()).empty(); }));
  const Finished finished = foster({"zombies", "--nudge", "--json", std::to_string(::getpid())});
  EXPECT_EQ(finished.code, 1) << "the lazy one still owes";
  const auto page = json::parse(finished.out).as_object();
  std::map<std::int64_t, std::int64_t> left;
  for (const auto& nudge : page.at("nudged").as_array()) {
    left[nudge.at("parent").as_int64()] = nudge.at("left").as_int64();
  }
  EXPECT_EQ(left.at(misses.pid()), 0);
  EXPECT_EQ(left.at(lazy.pid()), 1);
  EXPECT_TRUE(zombies_below(misses.pid()).empty());
}

TEST(Zombies, TrendIsCheckedBeforeAnythingIsDone) {
  EXPECT_EQ(foster({"zombies", "--trend", "0"}).code, 2);
  EXPECT_EQ(foster({"zombies", "--trend", "4000"}).code, 2);
  EXPECT_FALSE(document({"zombies", "--trend", "1"}).at("trend").is_null());
}

TEST(Orphans, AreListedWithTheSubreaperThatAdoptedThem) {
  Subreaper subreaper;
  const std::string word = Marked::seconds();
  Running leader({"setsid", "sh", "-c", "(sleep " + word + " &); exec sleep 1000"}, {});
  Marked marked;
  const pid_t pid = marked.find(word);
  subreaper.expect(pid);
  ASSERT_TRUE(wait_until([&] { return parent_of(pid) == ::getpid(); }));
  const auto page = document({"orphans"});
  const auto* orphan = listed(page, "orphans", pid);
  ASSERT_NE(orphan, nullptr) << page;
  EXPECT_EQ(orphan->at("adopted_by").as_int64(), ::getpid());
  EXPECT_EQ(orphan->at("certainty").as_string(), "certain");
  EXPECT_EQ(orphan->at("command").as_string(), "sleep " + word);
  EXPECT_TRUE(orphan->at("service").is_null());
  EXPECT_THAT(foster({"orphans"}).out, HasSubstr(word));
}

TEST(Orphans, ADaemonIsNoneUnlessAskedFor) {
  Subreaper subreaper;
  const std::string word = Marked::seconds();
  Running launcher({"setsid", "sh", "-c", "sleep " + word + " &"}, {});
  Marked marked;
  const pid_t pid = marked.find(word);
  subreaper.expect(pid);
  ASSERT_TRUE(wait_until([&] { return parent_of(pid) == ::getpid(); }));
  EXPECT_EQ(launcher.finish().code, 0);
  EXPECT_EQ(kind(inspect(pid)), "daemon");
  EXPECT_EQ(listed(document({"orphans"}), "orphans", pid), nullptr);
  EXPECT_NE(listed(document({"orphans", "--all"}), "orphans", pid), nullptr);
}

TEST(Orphans, OfAServiceNameIt) {
  Foster own;
  const std::string word = Marked::seconds();
  own.write_config("[service.web]\ncommand = \"(sleep " + word + " &); exec sleep 1000\"\nstart-seconds = \"10ms\"\n");
  own.up();
  Marked marked;
  const pid_t pid = marked.find(word);
  ASSERT_TRUE(wait_until([&] { return parent_of(pid) != own.pid_of("web"); }));
  const auto page = document({"orphans"});
  const auto* orphan = listed(page, "orphans", pid);
  ASSERT_NE(orphan, nullptr);
  EXPECT_EQ(orphan->at("service").as_string(), "web");
  EXPECT_EQ(orphan->at("adopted_by").as_int64(), own.info().at("reaper").as_int64());
}

}  // namespace
}  // namespace foster::e2e
