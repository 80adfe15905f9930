#include "sys/runtime_dir.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scoped_environment.hpp"
#include "support/temporary_directory.hpp"

namespace foster::sys {
namespace {

using testing::contents_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::mode_of;
using testing::ScopedEnvironment;
using testing::TemporaryDirectory;
using testing::write_file;

ScopedEnvironment& without_overrides(ScopedEnvironment& environment) {
  for (const char* name :
       {"FOSTER_RUNTIME_DIR", "FOSTER_STATE_DIR", "FOSTER_LOG_DIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"}) {
    environment.unset(name);
  }
  return environment;
}

TEST(DirectoriesForRoot, AreThoseOfTheSystem) {
  ScopedEnvironment environment;
  without_overrides(environment).set("XDG_RUNTIME_DIR", "/run/user/0");
  EXPECT_EQ(directories_for("shop", 0).value(),
            (Directories{"/run/foster/shop", "/var/lib/foster/shop", "/var/log/foster/shop"}));
}

TEST(DirectoriesForAUser, FollowXdg) {
  ScopedEnvironment environment;
  without_overrides(environment).set("XDG_RUNTIME_DIR", "/run/user/1000");
  environment.set("XDG_STATE_HOME", "/home/me/state");
  EXPECT_EQ(
      directories_for("shop", 1000).value(),
      (Directories{"/run/user/1000/foster/shop", "/home/me/state/foster/shop", "/home/me/state/foster/shop/log"}));
}

TEST(DirectoriesForAUserWithoutXdg, AreInTmpAndHome) {
  ScopedEnvironment environment;
  without_overrides(environment).set("HOME", "/home/me");
  environment.set("XDG_STATE_HOME", "relative/is/ignored");
  EXPECT_EQ(directories_for("shop", 1000).value(),
            (Directories{"/tmp/foster-1000/shop", "/home/me/.local/state/foster/shop",
                         "/home/me/.local/state/foster/shop/log"}));
}

TEST(DirectoriesWithOverrides, EachNamesABase) {
  ScopedEnvironment environment;
  without_overrides(environment).set("FOSTER_RUNTIME_DIR", "/r/");
  environment.set("FOSTER_STATE_DIR", "/s");
  environment.set("FOSTER_LOG_DIR", "relative");
  const auto directories = directories_for("shop", 1000).value();
  EXPECT_EQ(directories.control_socket(), "/r/shop/control.sock");
  EXPECT_EQ(directories.state, "/s/shop");
  EXPECT_EQ(directories.logs, std::filesystem::current_path() / "relative/shop");
}

TEST(DirectoriesForABadName, AreRefused) {
  for (const auto& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\nb"),
                           std::string(65, 'x')}) {
    const auto directories = directories_for(name, 0);
    ASSERT_FALSE(directories) << name;
    EXPECT_EQ(directories.error().code, EINVAL);
  }
}

TEST(PrepareDirectory, MakesItPrivateAndAcceptsItAgain) {
  const TemporaryDirectory base;
  const mode_t found = ::umask(0);
  EXPECT_TRUE(prepare_directory(base.path("a/b")));
  ::umask(found);
  EXPECT_EQ(mode_of(base.path("a")), 0700U);
  EXPECT_EQ(mode_of(base.path("a/b")), 0700U);
  EXPECT_TRUE(prepare_directory(base.path("a/b")));
  ASSERT_EQ(::chmod(base.path("a/b").c_str(), 0750), 0);
  EXPECT_TRUE(prepare_directory(base.path("a/b"))) << "a group may be let in to read";
}

void expect_refused(const std::string& path, const std::string& reason) {
  const auto directory = prepare_directory(path);
  ASSERT_FALSE(directory) << path;
  EXPECT_EQ(directory.error().code, EPERM);
  EXPECT_THAT(to_string(directory.error()), HasSubstr(path + " (" + reason));
}

TEST(PrepareDirectory, RefusesOneThatOthersMayWriteTo) {
  const TemporaryDirectory base;
  for (const mode_t mode : {0770U, 0702U, 01777U}) {
    std::filesystem::create_directories(base.path("open"));
    ASSERT_EQ(::chmod(base.path("open").c_str(), mode), 0);
    expect_refused(base.path("open"), "others may write");
  }
}

TEST(PrepareDirectory, RefusesSymlinksEvenToOurOwn) {
  const TemporaryDirectory base;
  std::filesystem::create_directory(base.path("real"));
  std::filesystem::create_directory_symlink("real", base.path("link"));
  std::filesystem::create_directory_symlink("nowhere", base.path("dangling"));
  expect_refused(base.path("link"), "it is a symbolic link");
  const auto dangling = prepare_directory(base.path("dangling"));
  ASSERT_FALSE(dangling);
  EXPECT_THAT(to_string(dangling.error()), HasSubstr(base.path("dangling")));
}

TEST(PrepareDirectory, RefusesSomebodyElses) {
  if (::geteuid() != 0) {
    expect_refused("/proc/1", "it belongs to uid 0");
    return;
  }
  const TemporaryDirectory base;
  std::filesystem::create_directory(base.path("theirs"));
  ASSERT_EQ(::chown(base.path("theirs").c_str(), 12345, 12345), 0);
  expect_refused(base.path("theirs"), "it belongs to uid 12345, not to uid 0");
}

TEST(PrepareDirectory, NamesAFileInTheWay) {
  const TemporaryDirectory base;
  write_file(base.path("file"), "");
  const auto directory = prepare_directory(base.path("file"));
  ASSERT_FALSE(directory);
  EXPECT_THAT(to_string(directory.error()), HasSubstr(base.path("file")));
}

TEST(Prepare, OpensAllFour) {
  const TemporaryDirectory base;
  const Directories directories{base.path("run/shop"), base.path("lib/shop"), base.path("log/shop")};
  const auto prepared = prepare(directories);
  ASSERT_TRUE(prepared) << to_string(prepared.error());
  EXPECT_EQ(mode_of(directories.fifos()), 0700U);
  EXPECT_TRUE(prepared->runtime && prepared->fifos && prepared->state && prepared->logs);
}

TEST(ListInstances, NamesThoseWithALock) {
  const TemporaryDirectory base;
  std::filesystem::create_directories(base.path("shop"));
  std::filesystem::create_directories(base.path("blog"));
  std::filesystem::create_directories(base.path("something-else"));
  write_file(base.path("shop/lock"), "");
  write_file(base.path("blog/lock"), "");
  EXPECT_THAT(list_instances(base.path()), ElementsAre("blog", "shop"));
  EXPECT_TRUE(list_instances(base.path("missing")).empty());
}

TEST(TakeLock, NamesTheHolder) {
  const TemporaryDirectory base;
  auto held = take_lock(base.path("lock"));
  ASSERT_TRUE(held) << to_string(held.error());
  EXPECT_EQ(contents_of(base.path("lock")), std::to_string(::getpid()) + "\n");

  const auto second = take_lock(base.path("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EWOULDBLOCK);
  EXPECT_THAT(second.error().detail, HasSubstr("(held by pid " + std::to_string(::getpid()) + ")"));

  held->reset();
  EXPECT_TRUE(take_lock(base.path("lock")));
}

TEST(TakeLock, TakesOverWhatACrashLeft) {
  const TemporaryDirectory base;
  write_file(base.path("lock"), "999999999999 and more that was never a pid\n");
  const auto held = take_lock(base.path("lock"));
  ASSERT_TRUE(held);
  EXPECT_EQ(contents_of(base.path("lock")), std::to_string(::getpid()) + "\n");
}

TEST(TakeLock, IsHeldByAChildThatInheritedIt) {
  const TemporaryDirectory base;
  auto held = take_lock(base.path("lock"));
  ASSERT_TRUE(held);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte;
    in.reset();
    (void)!::read(out.get(), &byte, 1);
    ::_exit(0);
  }
  EXPECT_TRUE(write_lock_holder(*held, Pid(child)));
  held->reset();
  const auto second = take_lock(base.path("lock"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().detail, HasSubstr("pid " + std::to_string(child)));
  in.reset();
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(take_lock(base.path("lock")));
}

}  // namespace
}  // namespace foster::sys
