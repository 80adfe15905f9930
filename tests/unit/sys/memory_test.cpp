#include "sys/memory.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster::sys {
namespace {

#ifndef FOSTER_SANITIZED  // a sanitizer has a heap of its own

std::uint64_t resident() {
  return read_resident_bytes(Pid(::getpid())).value();
}

TEST(ReleaseUnusedMemory, MakesUsSmallerAndChangesNothing) {
  // Small pieces between kept ones do not go back by themselves.
  std::vector<std::unique_ptr<char[]>> pieces;
  for (int n = 0; n < 4000; ++n) {
    pieces.push_back(std::make_unique<char[]>(10'000));
    std::memset(pieces.back().get(), n % 256, 10'000);
  }
  for (std::size_t n = 0; n < pieces.size(); ++n) {
    if (n % 100 != 99) pieces[n].reset();
  }
  const auto before = resident();
  release_unused_memory();
  const auto after = resident();
  EXPECT_LT(after + 20'000'000, before);
  for (std::size_t n = 99; n < pieces.size(); n += 100) {
    ASSERT_EQ(static_cast<unsigned char>(pieces[n][9'999]), n % 256);
  }
}

/// Kilobytes of the C library's text that we have mapped in.
std::uint64_t resident_library_text() {
  std::istringstream lines(read_file("/proc/self/smaps").value());
  std::uint64_t total = 0;
  bool counts = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.contains(" r-xp ")) counts = line.contains("/libc.so");
    if (counts && line.starts_with("Rss:")) total += std::stoull(line.substr(4));
  }
  return total;
}

TEST(ReleaseUnusedMemory, LetsGoOfTheTextOfLibrariesToo) {
  const auto before = resident_library_text();
  ASSERT_GT(before, 0U);
  release_unused_memory();
  EXPECT_LT(resident_library_text(), before);
}

#endif

TEST(ReleaseUnusedMemory, LeavesAProgramThatRuns) {
  for (int n = 0; n < 100; ++n) {
    release_unused_memory();
    EXPECT_TRUE(read_file("/proc/self/stat"));
  }
}

}  // namespace
}  // namespace foster::sys
