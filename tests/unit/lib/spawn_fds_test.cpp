// The descriptors of a child: what each is, and that nobody else holds them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include <foster/spawn.hpp>
#include "support/temporary_directory.hpp"
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;

std::string target_of(pid_t pid, int fd) {
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd));
}

TEST(SpawnFds, NullIsNull) {
  SpawnPlan plan = sleeper();
  plan.fds = {{0, NullFd{}}, {1, NullFd{}}, {7, NullFd{}}};
  const Child child = start(plan);
  for (const int fd : {0, 1, 7}) EXPECT_EQ(target_of(child.pid().number(), fd), "/dev/null") << fd;
}

TEST(SpawnFds, FilesAreReadEmptiedAndAppendedTo) {
  const TemporaryDirectory directory;
  write_file(directory.path("in"), "input");
  write_file(directory.path("emptied"), "old");
  write_file(directory.path("longer"), "old,");
  SpawnPlan plan = shell("cat >&3; echo new >&4");
  plan.fds = {{0, FileFd{directory.path("in")}},
              {3, FileFd{directory.path("emptied"), FileFd::Mode::write}},
              {4, FileFd{directory.path("longer"), FileFd::Mode::append}}};
  EXPECT_TRUE(is_success(start(plan).wait().status));
  EXPECT_EQ(contents_of(directory.path("emptied")), "input");
  EXPECT_EQ(contents_of(directory.path("longer")), "old,new\n");
}

TEST(SpawnFds, ARelativeFileIsSeenFromTheDirectory) {
  const TemporaryDirectory directory;
  SpawnPlan plan = command({"echo", "text"});
  plan.directory = directory.path();
  plan.fds[1] = FileFd{"out", FileFd::Mode::write};
  EXPECT_TRUE(is_success(start(plan).wait().status));
  EXPECT_EQ(contents_of(directory.path("out")), "text\n");
}

TEST(SpawnFds, PipesCarryAllThreeStreams) {
  SpawnPlan plan = shell("read line; echo \"out $line\"; echo \"err $line\" >&2");
  plan.fds = {{0, PipeFd{}}, {1, PipeFd{}}, {2, PipeFd{}}};
  Child child = start(plan);
  ASSERT_EQ(::write(child.take_input().get(), "word\n", 5), 5);
  EXPECT_EQ(read_all(child.take_output()), "out word\n");
  EXPECT_EQ(read_all(child.take_error()), "err word\n");
  EXPECT_FALSE(child.take_output()) << "it was taken";
}

TEST(SpawnFds, APipeMayBeOfAnyNumberAndEitherDirection) {
  SpawnPlan plan = shell("cat <&5 >&6");
  plan.fds = {{5, PipeFd{PipeFd::Flow::to_child}}, {6, PipeFd{}}};
  Child child = start(plan);
  ASSERT_EQ(::write(child.take_pipe(5).get(), "through", 7), 7);
  EXPECT_EQ(read_all(child.take_pipe(6)), "through");
}

TEST(SpawnFds, ErrorsGoWhereTheOutputGoes) {
  SpawnPlan plan = shell("echo one; echo two >&2");
  plan.fds[2] = SameFd{1};
  EXPECT_EQ(output_of(plan), "one\ntwo\n");
}

TEST(SpawnFds, TheSameAsAnInheritedStreamIsThatStream) {
  SpawnPlan plan = sleeper();
  plan.fds[7] = SameFd{2};
  const Child child = start(plan);
  EXPECT_EQ(target_of(child.pid().number(), 7), target_of(::getpid(), 2));
}

TEST(SpawnFds, TheSameAsTheSameIsRefused) {
  SpawnPlan plan = sleeper();
  plan.fds = {{1, SameFd{2}}, {2, SameFd{1}}};
  const auto child = spawn(plan);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, EINVAL);
  plan.fds = {{5, SameFd{6}}};
  EXPECT_EQ(spawn(plan).error().code, EINVAL);
}

TEST(SpawnFds, ALentDescriptorStaysTheCallers) {
  Pipe pipe = make_pipe();
  SpawnPlan plan = command({"echo", "lent"});
  plan.fds[1] = LentFd{pipe.writer};
  EXPECT_TRUE(is_success(start(plan).wait().status));
  EXPECT_EQ(::write(pipe.writer.get(), "more", 4), 4);
  pipe.writer.reset();
  EXPECT_EQ(read_all(pipe.reader), "lent\nmore");
}

TEST(SpawnFds, AnOwnedDescriptorGoesWithTheLastCopyOfThePlan) {
  Pipe pipe = make_pipe();
  const int number = pipe.writer.get();
  {
    SpawnPlan plan = command({"echo", "owned"});
    plan.fds[1] = OwnedFd(std::move(pipe.writer));
    const SpawnPlan copy = plan;
    EXPECT_TRUE(is_success(start(plan).wait().status));
    EXPECT_TRUE(is_success(start(copy).wait().status));
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
  }
  EXPECT_EQ(read_all(pipe.reader), "owned\nowned\n");
}

TEST(SpawnFds, AnInheritedDescriptorLosesCloseOnExec) {
  Pipe pipe = make_pipe();
  SpawnPlan plan = shell("echo through >&" + std::to_string(pipe.writer.get()));
  plan.fds[pipe.writer.get()] = InheritFd{};
  EXPECT_TRUE(is_success(start(plan).wait().status));
  pipe.writer.reset();
  EXPECT_EQ(read_all(pipe.reader), "through\n");
}

TEST(SpawnFds, OneThatIsNotOpenCannotBeInherited) {
  SpawnPlan plan = sleeper();
  plan.fds[987] = InheritFd{};
  const auto child = spawn(plan);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error(), (Error{"inherit descriptor", EBADF, "987"}));
}

TEST(SpawnFds, ClosedStreamsOfOursAreNullInTheChild) {
  const int code = in_forked_process([] {
    for (const int fd : {0, 1, 2}) (void)::close(fd);
    SpawnPlan plan = sleeper();
    plan.fds[9] = PipeFd{};  // its ends would be 0 and 1
    Child child = start(plan);
    for (const int fd : {0, 1, 2}) {
      if (target_of(child.pid().number(), fd) != "/dev/null") return 1;
    }
    return child.take_pipe(9).get() > 2 ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnFds, AStreamOfOursThatIsCloseOnExecIsInheritedAllTheSame) {
  const int code = in_forked_process([] {
    (void)::fcntl(STDERR_FILENO, F_SETFD, FD_CLOEXEC);
    const Child child = start(sleeper());
    return target_of(child.pid().number(), 2) == target_of(::getpid(), 2) ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnFds, NoOtherChildHoldsThePipeOfOne) {
  Cat first;
  Cat second;
  first.close_input();
  EXPECT_TRUE(is_success(first.child().wait().status)) << "the second held its input open";
}

TEST(SpawnFds, NothingStaysOpenHere) {
  const std::size_t before = open_fd_count();
  {
    SpawnPlan plan = command({"true"});
    plan.fds = {{0, NullFd{}}, {1, PipeFd{}}, {2, SameFd{1}}};
    start(plan).wait();
    plan.argv = {"/no/such"};
    EXPECT_FALSE(spawn(plan));
  }
  EXPECT_EQ(open_fd_count(), before);
}

}  // namespace
}  // namespace foster
