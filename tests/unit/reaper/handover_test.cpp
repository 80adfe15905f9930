// What is held, on its way to the next program of the reaper and to the next supervisor: descriptors go by number, so
// both happens within this process.
#include "reaper/handover.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

namespace foster::reaper {
namespace {

/// Each is a file of its own, which tells it from the others.
UniqueFd some_file() {
  return UniqueFd(::memfd_create("some", MFD_CLOEXEC));
}

ino_t inode_of(BorrowedFd fd) {
  struct stat facts{};
  return ::fstat(fd.get(), &facts) == 0 ? facts.st_ino : 0;
}

std::optional<ino_t> held_at(const HeldFds& held, std::uint32_t wanted) {
  std::optional<ino_t> found;
  held.for_each([&](std::uint32_t place, BorrowedFd fd) {
    if (place == wanted) found = inode_of(fd);
  });
  return found;
}

std::size_t count_of(const HeldFds& held) {
  std::size_t count = 0;
  held.for_each([&](std::uint32_t, BorrowedFd) { ++count; });
  return count;
}

constexpr std::uint32_t kLastListener = HeldFds::kListeners - 1;

TEST(HeldFds, EachListenerHasAPlaceThatIsNobodyElses) {
  EXPECT_EQ(HeldFds::place_of_listener(0), HeldFds::kFirstListener);
  EXPECT_LT(HeldFds::place_of_listener(kLastListener), HeldFds::kListenerNames);
  EXPECT_LT(HeldFds::kListenerNames, HeldFds::kWatch);
  const std::uint32_t last_of_slots = HeldFds::place_of(HeldFds::Kind::stderr_fifo, ledger::kSlots - 1);
  EXPECT_LT(last_of_slots, HeldFds::kFirstListener);
  HeldFds held;
  held.hold(HeldFds::place_of_listener(HeldFds::kListeners), some_file());
  EXPECT_EQ(count_of(held), 0U) << "beyond the table it is closed";
}

TEST(HeldFds, AListenerIsHeldUntilItIsReleasedOrReplaced) {
  HeldFds held;
  UniqueFd first = some_file();
  UniqueFd second = some_file();
  const int number = first.get();
  const ino_t inode = inode_of(second);
  held.hold(HeldFds::place_of_listener(kLastListener), std::move(first));
  held.hold(HeldFds::place_of_listener(kLastListener), std::move(second));
  EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "the first is closed";
  EXPECT_EQ(held_at(held, HeldFds::place_of_listener(kLastListener)), inode);
  held.release(HeldFds::place_of_listener(0));
  EXPECT_EQ(count_of(held), 1U);
  held.release(HeldFds::place_of_listener(kLastListener));
  EXPECT_EQ(count_of(held), 0U);
}

class Holding : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::uint32_t place :
         {HeldFds::place_of(HeldFds::Kind::fifo, 3), HeldFds::place_of_listener(0),
          HeldFds::place_of_listener(kLastListener), HeldFds::kListenerNames, HeldFds::kWatch}) {
      UniqueFd fd = some_file();
      inodes.emplace(place, inode_of(fd));
      held.hold(place, std::move(fd));
    }
  }

  HeldFds held;
  std::map<std::uint32_t, ino_t> inodes;
};

TEST_F(Holding, TheNextProgramOfTheReaperHoldsTheSame) {
  const auto file = hand_over({}, held);
  ASSERT_TRUE(file);
  held.give_up();
  HeldFds next;
  ASSERT_TRUE(take_over(*file, next));
  EXPECT_EQ(count_of(next), inodes.size());
  for (const auto& [place, inode] : inodes) EXPECT_EQ(held_at(next, place), inode) << place;
  next.for_each([](std::uint32_t, BorrowedFd fd) { EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC); });
}

TEST_F(Holding, TheNextSupervisorInheritsThem) {
  const UniqueFd list = some_file();
  std::vector<int> numbers;
  numbers.reserve(HeldFds::kPlaces);
  list_held(list, held, numbers);
  EXPECT_EQ(numbers.size(), inodes.size());
  held.give_up();  // they are the child's from here on
  const Inherited found = take_inherited(list);
  EXPECT_EQ(inode_of(found.fifos.at(3)), inodes.at(HeldFds::place_of(HeldFds::Kind::fifo, 3)));
  EXPECT_EQ(inode_of(found.watch), inodes.at(HeldFds::kWatch));
  EXPECT_EQ(inode_of(found.listener_names), inodes.at(HeldFds::kListenerNames));
  ASSERT_EQ(found.listeners.size(), 2U);
  EXPECT_EQ(inode_of(found.listeners.at(0)), inodes.at(HeldFds::place_of_listener(0)));
  EXPECT_EQ(inode_of(found.listeners.at(kLastListener)), inodes.at(HeldFds::place_of_listener(kLastListener)));
}

TEST(HeldFds, WhatANewerBuildHoldsIsClosedByAnOlderOne) {
  const UniqueFd list = some_file();
  UniqueFd fd = some_file();
  const int number = fd.release();
  const HeldFd unknown{.place = HeldFds::kFirstListener - 1, .fd = number};
  ASSERT_EQ(::write(list.get(), &unknown, sizeof unknown), static_cast<ssize_t>(sizeof unknown));
  const Inherited found = take_inherited(list);
  EXPECT_TRUE(found.fifos.empty() && found.processes.empty() && found.stderr_fifos.empty() && found.listeners.empty());
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace foster::reaper
