// Each step that can fail, made to fail: the Error names the step, the thing and the errno, and no zombie stays.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>

#include "sys/clone.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;

SpawnRequest sound_request() {
  return request_for({"/bin/true"});
}

Error error_of(const SpawnRequest& request) {
  const auto spawned = spawn(request);
  EXPECT_FALSE(spawned) << "it started";
  EXPECT_TRUE(has_no_children());
  return spawned ? Error{} : spawned.error();
}

std::string write_script(const std::string& name, const std::string& text, mode_t mode) {
  const std::string path = ::testing::TempDir() + "foster-" + std::to_string(::getpid()) + "-" + name;
  std::ofstream(path) << text;
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  return path;
}

TEST(SpawnFailure, AMissingProgramIsNamed) {
  EXPECT_EQ(to_string(error_of(request_for({"/no/such"}))), "exec /no/such: No such file or directory");
}

TEST(SpawnFailure, AFileWithoutExecutePermissionIsNamed) {
  const std::string path = write_script("plain", "#!/bin/sh\n", 0644);
  EXPECT_EQ(to_string(error_of(request_for({path}))), "exec " + path + ": Permission denied");
  ::unlink(path.c_str());
}

TEST(SpawnFailure, AMissingInterpreterIsToldFromAMissingScript) {
  const std::string path = write_script("script", "#!/no/such/interpreter\n", 0755);
  EXPECT_EQ(to_string(error_of(request_for({path}))), "exec " + path + " (its interpreter): No such file or directory");
  ::unlink(path.c_str());
}

TEST(SpawnFailure, TextWithoutAFirstLineIsNoProgram) {
  const std::string path = write_script("text", "just words\n", 0755);
  EXPECT_EQ(error_of(request_for({path})), (Error{"exec", ENOEXEC, path}));
  ::unlink(path.c_str());
}

TEST(SpawnFailure, TooManyArgumentsAreReportedFromExec) {
  SpawnRequest request = sound_request();
  request.argv.push_back(std::string(1 << 20, 'x'));
  EXPECT_EQ(error_of(request), (Error{"exec", E2BIG, "/bin/true"}));
}

TEST(SpawnFailure, AMissingDirectoryIsNamed) {
  SpawnRequest request = sound_request();
  request.directory = "/srv/no/such";
  EXPECT_EQ(to_string(error_of(request)), "chdir /srv/no/such: No such file or directory");
}

TEST(SpawnFailure, AClosedSourceDescriptorIsNamedWithItsTarget) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SpawnRequest request = sound_request();
  request.fds = {{null, 4}, {BorrowedFd(987), 1}};
  EXPECT_EQ(to_string(error_of(request)), "descriptor 987 -> 1: Bad file descriptor");
}

TEST(SpawnFailure, ATargetBeyondTheLimitOfOpenFilesIsNamed) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SpawnRequest request = sound_request();
  request.fds = {{null, 1 << 30}};
  const Error error = error_of(request);
  EXPECT_EQ(error.step, "descriptor");
}

TEST(SpawnFailure, ALimitAboveItsHardLimitIsNamed) {
  SpawnRequest request = sound_request();
  request.limits = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 20, 10}};
  EXPECT_EQ(error_of(request), (Error{"limit", EINVAL, "nofile"}));
}

TEST(SpawnFailure, AnUnwritableCgroupIsReported) {
  const UniqueFd directory(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  SpawnRequest request = sound_request();
  request.cgroup = directory;
  EXPECT_EQ(error_of(request).step, "cgroup");
}

TEST(SpawnFailure, AnImpossibleRequestIsRefusedBeforeTheClone) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SpawnRequest twice = sound_request();
  twice.fds = {{null, 4}, {null, 4}};
  EXPECT_EQ(error_of(twice).code, EINVAL);
  SpawnRequest negative = sound_request();
  negative.fds = {{null, -1}};
  EXPECT_EQ(error_of(negative).code, EINVAL);
  EXPECT_EQ(error_of(SpawnRequest{}).code, EINVAL);
}

/// The stories below need an ordinary user; root becomes one first.
int as_nobody(const std::function<int()>& story) {
  return in_forked_process([&] {
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 ||
                             ::setresuid(65534, 65534, 65534) != 0)) {
      return 100;
    }
    return story();
  });
}

int expect_error(const SpawnRequest& request, const std::string& text) {
  const auto spawned = spawn(request);
  if (spawned) return 1;
  if (to_string(spawned.error()) == text) return 0;
  std::fprintf(stderr, "got: %s\n", to_string(spawned.error()).c_str());
  return 2;
}

TEST(SpawnFailureAsOrdinaryUser, AnotherUidIsRefused) {
  EXPECT_EQ(as_nobody([] {
              SpawnRequest request = sound_request();
              request.uid = 33;
              return expect_error(request, "setuid 33: Operation not permitted");
            }),
            0);
}

TEST(SpawnFailureAsOrdinaryUser, AnotherGidIsRefused) {
  EXPECT_EQ(as_nobody([] {
              SpawnRequest request = sound_request();
              request.gid = 33;
              return expect_error(request, "setgid 33: Operation not permitted");
            }),
            0);
}

TEST(SpawnFailureAsOrdinaryUser, OtherGroupsAreRefused) {
  EXPECT_EQ(as_nobody([] {
              SpawnRequest request = sound_request();
              request.groups = {{33}};
              return expect_error(request, "setgroups: Operation not permitted");
            }),
            0);
}

TEST(SpawnFailureAsOrdinaryUser, AHigherPriorityIsRefused) {
  EXPECT_EQ(as_nobody([] {
              SpawnRequest request = sound_request();
              request.nice = -5;
              return expect_error(request, "nice -5: Permission denied");
            }),
            0);
}

TEST(SpawnFailureAsOrdinaryUser, NoFreePidsIsEagainFromClone) {
  EXPECT_EQ(as_nobody([] {
              const struct rlimit none{0, 0};
              if (::setrlimit(RLIMIT_NPROC, &none) != 0) return 10;
              const auto spawned = spawn(sound_request());
              return !spawned && spawned.error() == Error{"clone", EAGAIN, "/bin/true"} ? 0 : 11;
            }),
            0);
}

}  // namespace
}  // namespace foster::sys
