#include "sys/close_fds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using ::testing::ElementsAre;

class CloseFds : public ::testing::TestWithParam<CloseBy> {};

TEST_P(CloseFds, SparesExactlyTheKeptOnes) {
  const int code = testing::in_forked_process([] {
    for (const int number : {20, 21, 22, 300, 301}) {
      if (::dup2(0, number) != number) return 1;
    }
    constexpr std::array kept{1, 21, 22, 300};
    if (close_fds_from(20, kept.data(), kept.size(), GetParam()) != 0) return 2;
    for (const int number : {0, 21, 22, 300}) {
      if (::fcntl(number, F_GETFD) < 0) return 3;
    }
    for (const int number : {20, 23, 301}) {
      if (::fcntl(number, F_GETFD) >= 0) return 4;
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST_P(CloseFds, KnowsNoHighestNumber) {
  const int code = testing::in_forked_process([] {
    struct rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const int last = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 100'000)) - 1;
    if (::dup2(0, last) != last) return 1;
    limit.rlim_cur = 64;  // lowered after the file was opened
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (close_fds_from(3, nullptr, 0, GetParam()) != 0) return 2;
    return ::fcntl(last, F_GETFD) < 0 ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
}

INSTANTIATE_TEST_SUITE_P(, CloseFds, ::testing::Values(CloseBy::close_range, CloseBy::listing), [](const auto& test) {
  return std::string(test.param == CloseBy::close_range ? "ByCloseRange" : "ByListing");
});

}  // namespace
}  // namespace foster::sys
