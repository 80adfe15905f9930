// A supervisord.conf written as a foster.toml means the same.
#include "config/supervisord/import.hpp"

#include "config/load.hpp"
#include "config/supervisord/load.hpp"
#include "unit/config/supervisord/conf.hpp"

namespace foster::config::supervisord {
namespace {

using ::testing::HasSubstr;

// The services alone: a file of another name may be called otherwise.
void expect_same(Conf& conf) {
  const auto imported = import_file(conf.path);
  ASSERT_TRUE(imported) << render(imported.error());
  const auto again = load_file(conf.write("foster.toml", imported->toml));
  ASSERT_TRUE(again) << imported->toml << render(again.error());
  EXPECT_EQ(again->model, load_file(conf.path)->model) << imported->toml;
}

TEST(Import, MeansTheSame) {
  Conf conf(
      "[supervisord]\nuser=root\nenvironment=SECRET_KEY=\"a'b\"\n[program:web]\n"
      "command=/bin/sh -c \"exec web | cat#x\"\n"
      "process_name=%(program_name)s_%(process_num)02d\nnumprocs=3\nstopasgroup=true\nexitcodes=\npriority=5\n"
      "stdout_logfile=/tmp/x.log\n[program:date]\ncommand=date +%%i '+%%%%'\nuser=root\nx-foster-needs=web\n"
      "[group:g]\nprograms=cat\n[program:cat]\ncommand=/bin/cat \"a\n  b\"\nautorestart=false\nstdout_logfile=NONE\n"
      "redirect_stderr=true\n[eventlistener:l]\ncommand=l\nevents=TICK_5\n");
  expect_same(conf);
}

TEST(Import, OfNothingIsAnEmptyFile) {
  Conf conf("[supervisord]\n");
  const auto imported = import_file(conf.path);
  ASSERT_TRUE(imported);
  EXPECT_TRUE(load_file(conf.write("foster.toml", imported->toml)));
}

TEST(Import, CommentsOnWhatHasABetterForm) {
  Conf conf(
      "[supervisord]\n[program:web]\ncommand=bash -c 'exec web'\nnumprocs=2\nprocess_name=%(process_num)d\n"
      "priority=5\nstopasgroup=true\nenvironment=DB_PASSWORD=x\nstdout_logfile=/tmp/x.log\n[eventlistener:l]\n"
      "command=l\nevents=TICK_5\n");
  const std::string toml = import_file(conf.path)->toml;
  for (const char* part : {"workers = 2", "The shell can go", "needs = [", "stop.target = \"group\" is needed only",
                           "env-file", "file = \"/tmp/x.log\"", "Without stderr-log both streams",
                           "[eventlistener:l] is left out", "line 2", "start-seconds calls"}) {
    EXPECT_THAT(toml, HasSubstr(part));
  }
}

TEST(Import, ACommentCannotBecomeACommand) {
  Conf conf("[supervisord]\n[program:web]\ncommand=sh -c \"x\n  [service.evil]\n  command='y'\"\n");
  expect_same(conf);
}

TEST(LoadFile, ReadsASupervisordConfByItsName) {
  Conf conf("[supervisord]\n[program:web]\ncommand=web\npriority=1\n");
  const auto loaded = load_file(conf.path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->path, conf.path);
  EXPECT_EQ(loaded->model.name, default_name_for(conf.path));
  EXPECT_EQ(loaded->model.services.at(0).name, "web");
  EXPECT_EQ(loaded->warnings.size(), 1U);
  EXPECT_EQ(load_file(conf.path, {.default_name = "given"})->model.name, "given");
}

TEST(LoadFile, StoresWhatASupervisordConfMeans) {
  Conf conf("[supervisord]\n[program:web]\ncommand=web\nnumprocs=2\nprocess_name=%(process_num)d\n");
  const auto loaded = load_file(conf.path);
  ASSERT_TRUE(loaded);
  const auto again = load_text(model_to_toml(loaded->model), "applied.toml", "/", "x");
  ASSERT_TRUE(again) << render(again.error());
  EXPECT_EQ(*again, loaded->model);
}

}  // namespace
}  // namespace foster::config::supervisord
