#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "unit/reaper/heap_counter.hpp"
#include "unit/reaper/reaper_under_test.hpp"

namespace foster::reaper {
namespace {

using testing::ReaperUnderTest;

TEST(HeapCounter, SeesAnAllocation) {
  if (!testing::counts_heap()) GTEST_SKIP() << "a sanitizer owns the heap";
  testing::start_counting_heap();
  testing::count_only_me();
  const unsigned long before = testing::heap_calls_of(::getpid());
  const std::string text(1000, 'x');
  EXPECT_GT(testing::heap_calls_of(::getpid()), before) << text.size();
}

// Everything that can happen to a reaper after its start, and not one allocation.
TEST(ReaperHeap, IsNotTouchedAfterTheStart) {
  if (!testing::counts_heap()) GTEST_SKIP() << "a sanitizer owns the heap";
  testing::start_counting_heap();
  const std::string fifo = std::filesystem::temp_directory_path() / ("foster-heap-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  // The deaf stand-in leaves the socket full: that path must not take heap either.
  ReaperUnderTest reaper({.stand_in = {"--deaf", "--hold", fifo, "--finish", "0"}, .before_run = [&] {
                            if (::fork() == 0) {
                              ::close(go[1]);
                              char byte = 0;
                              (void)!::read(go[0], &byte, 1);
                              testing::be_nursery(600);
                            }
                            ::close(go[1]);
                            testing::count_only_me();
                          }});
  const pid_t deaf = reaper.stand_in(1);
  const unsigned long at_start = testing::heap_calls_of(reaper.pid());
  ASSERT_GT(at_start, 0U) << "the start itself may take heap";

  ASSERT_EQ(::write(go[1], "g", 1), 1);
  ASSERT_TRUE(reaper.eventually_only_zombies()) << "the socket is full";
  reaper.signal(SIGWINCH);
  ::kill(deaf, SIGKILL);
  const pid_t next = reaper.stand_in(2);
  ::kill(next, SIGUSR1);
  ASSERT_TRUE(reaper.eventually_logged("exited", 601));
  ASSERT_TRUE(reaper.eventually_logged("held"));
  reaper.signal(SIGUSR2);
  ASSERT_TRUE(reaper.eventually_logged("signalled", 2));
  reaper.signal(SIGHUP);
  const pid_t last = reaper.stand_in(3);
  ::kill(last, SIGUSR1);
  ASSERT_TRUE(reaper.eventually_logged("held", 2));
  reaper.signal(SIGTERM);
  EXPECT_EQ(reaper.exit_code(), 0);
  EXPECT_EQ(testing::heap_calls_of(reaper.pid()), at_start);
  std::filesystem::remove(fifo);
}

}  // namespace
}  // namespace foster::reaper
