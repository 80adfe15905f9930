// The descriptors of the new program: what is in the plan is there, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "sys/clone.hpp"
#include "sys/facilities.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;
using ::testing::ElementsAre;

/// A file in memory that holds its own name, at a chosen number.
UniqueFd file_saying(const std::string& text, int number) {
  const UniqueFd file(::memfd_create("fd-plan", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  UniqueFd placed(::fcntl(file.get(), F_DUPFD_CLOEXEC, number));
  EXPECT_EQ(placed.get(), number);
  return placed;
}

std::string content_of(pid_t pid, int fd) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd));
  return {std::istreambuf_iterator<char>(file), {}};
}

enum class Way { with_close_range, without_close_range, through_a_lane };

class FdPlan : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    forbid_facilities_for_testing(GetParam() == Way::without_close_range ? "close_range" : "");
    if (GetParam() != Way::through_a_lane) return;
    auto reserved = FdLane::reserve();
    ASSERT_TRUE(reserved);
    lane.emplace(std::move(*reserved));
  }
  void TearDown() override { forbid_facilities_for_testing(""); }

  [[nodiscard]] SpawnRequest new_request() {
    SpawnRequest request;
    request.lane = lane ? &*lane : nullptr;
    return request;
  }

  std::optional<FdLane> lane;
};

TEST_P(FdPlan, SwappedDescriptorsAreSwapped) {
  const UniqueFd three = file_saying("three", 30);
  const UniqueFd four = file_saying("four", 31);
  SpawnRequest request = new_request();
  request.fds = {{three, 31}, {four, 30}};
  Cat cat(request);
  EXPECT_EQ(content_of(cat.pid(), 31), "three");
  EXPECT_EQ(content_of(cat.pid(), 30), "four");
}

TEST_P(FdPlan, ARingOfThreeAndOneThatStaysKeepTheirContents) {
  const UniqueFd a = file_saying("a", 20);
  const UniqueFd b = file_saying("b", 21);
  const UniqueFd c = file_saying("c", 22);
  const UniqueFd same = file_saying("same", 23);
  SpawnRequest request = new_request();
  request.fds = {{a, 21}, {b, 22}, {c, 20}, {same, 23}};
  Cat cat(request);
  EXPECT_EQ(content_of(cat.pid(), 21), "a");
  EXPECT_EQ(content_of(cat.pid(), 22), "b");
  EXPECT_EQ(content_of(cat.pid(), 20), "c");
  EXPECT_EQ(content_of(cat.pid(), 23), "same");
}

TEST_P(FdPlan, OneSourceMayHaveSeveralTargets) {
  const UniqueFd source = file_saying("one", 40);
  SpawnRequest request = new_request();
  request.fds = {{source, 5}, {source, 40}, {source, 45}};
  Cat cat(request);
  for (const int target : {5, 40, 45}) EXPECT_EQ(content_of(cat.pid(), target), "one") << target;
}

TEST_P(FdPlan, EverythingElseIsClosedEvenWithoutCloseOnExec) {
  const UniqueFd low(::dup(0));  // inheritable, as a careless library makes them
  const UniqueFd high(::fcntl(0, F_DUPFD, 700));
  const UniqueFd wanted = file_saying("wanted", 300);
  SpawnRequest request = new_request();
  request.fds = {{wanted, 8}};
  Cat cat(request);
  EXPECT_THAT(open_fds_of(cat.pid()), ElementsAre(0, 1, 2, 8));
}

TEST_P(FdPlan, OthersAreKeptOnRequestUnlessCloseOnExec) {
  const UniqueFd inheritable(::fcntl(0, F_DUPFD, 700));
  const UniqueFd own(::fcntl(0, F_DUPFD_CLOEXEC, 701));
  SpawnRequest request = new_request();
  request.other_fds = OtherFds::keep;
  Cat cat(request);
  EXPECT_TRUE(open_fds_of(cat.pid()).contains(700));
  EXPECT_FALSE(open_fds_of(cat.pid()).contains(701));
}

TEST_P(FdPlan, ALowerLimitOfOpenFilesDoesNotStopTheMoves) {
  const UniqueFd source = file_saying("one", 500);
  SpawnRequest request = new_request();
  request.fds = {{source, 9}};
  request.limits = {{RLIMIT_NOFILE, 16, 16}};
  Cat cat(request);
  EXPECT_EQ(content_of(cat.pid(), 9), "one");
}

TEST_P(FdPlan, ThisProcessKeepsItsOwnAsTheyWere) {
  const UniqueFd source = file_saying("one", 500);
  const auto before = open_fds_of(::getpid());
  {
    SpawnRequest request = new_request();
    request.fds = {{source, 3}, {source, 4}};
    const Cat cat(request);
  }
  EXPECT_EQ(open_fds_of(::getpid()), before);
}

TEST_P(FdPlan, AClosedSourceIsNamedWithItsTarget) {
  SpawnRequest request = new_request();
  request.program = "/bin/true";
  request.argv = {"true"};
  request.fds = {{BorrowedFd(987), 1}};
  const auto spawned = spawn(request);
  ASSERT_FALSE(spawned);
  EXPECT_EQ(to_string(spawned.error()), "descriptor 987 -> 1: Bad file descriptor");
}

TEST_P(FdPlan, NoEndOfAPipeStaysOpenHere) {
  Pipe pipe = make_pipe();
  {
    SpawnRequest request = new_request();
    request.fds = {{pipe.writer, 7}};
    Cat cat(request);
    pipe.writer.reset();
  }
  EXPECT_EQ(read_all(pipe.reader), "");  // would wait for ever
}

TEST_P(FdPlan, MoreDescriptorsThanALaneIsWideAreNoTrouble) {
  const UniqueFd source = file_saying("one", 500);
  SpawnRequest request = new_request();
  for (int target = 10; target < 30; ++target) request.fds.push_back({source, target});
  Cat cat(request);
  for (int target = 10; target < 30; ++target) EXPECT_EQ(content_of(cat.pid(), target), "one") << target;
}

INSTANTIATE_TEST_SUITE_P(, FdPlan,
                         ::testing::Values(Way::with_close_range, Way::without_close_range, Way::through_a_lane),
                         [](const auto& test) -> std::string {
                           switch (test.param) {
                             case Way::with_close_range:
                               return "WithCloseRange";
                             case Way::without_close_range:
                               return "WithoutCloseRange";
                             case Way::through_a_lane:
                               return "ThroughALane";
                           }
                           return {};
                         });

}  // namespace
}  // namespace foster::sys
