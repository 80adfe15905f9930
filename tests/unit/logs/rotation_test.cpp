#include "logs/rotation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "logs/log_name.hpp"
#include "support/temporary_directory.hpp"

namespace foster::logs {
namespace {

using testing::contents_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;
using testing::write_file;
using Kind = NextStep::Kind;

TEST(LogFileName, IsOfNoOtherInstance) {
  EXPECT_EQ(log_file_name("web"), "web.log");
  EXPECT_EQ(log_file_name("web:0"), "web@0.log");
  EXPECT_EQ(log_file_name("../x"), "..@x.log");
  EXPECT_EQ(stderr_log_file_name("web:0"), "web@0@stderr.log");
  EXPECT_EQ(rotated_name("web.log", 0), "web.log");
  EXPECT_EQ(rotated_name("web.log", 12), "web.log.12");
}

TEST(NextStepWithoutALimit, IsAlwaysToWrite) {
  const auto step = next_step({.max_size = std::nullopt}, 1ULL << 62, LineEnd::complete);
  EXPECT_EQ(step.kind, Kind::write);
  EXPECT_GT(step.most, 1ULL << 62);
}

TEST(NextStep, WritesUpToTheLimitThenToTheLineEndThenRotates) {
  const Rotation rotation{.max_size = 1000};
  EXPECT_EQ(next_step(rotation, 0, LineEnd::complete), (NextStep{Kind::write, 1000}));
  EXPECT_EQ(next_step(rotation, 999, LineEnd::complete), (NextStep{Kind::write, 1}));
  EXPECT_EQ(next_step(rotation, 1000, LineEnd::unfinished), (NextStep{Kind::write_to_line, kLineSlack}));
  EXPECT_EQ(next_step(rotation, 1000, LineEnd::complete).kind, Kind::rotate);
  EXPECT_EQ(next_step(rotation, 1000 + kLineSlack - 1, LineEnd::unfinished), (NextStep{Kind::write_to_line, 1}));
  EXPECT_EQ(next_step(rotation, 1000 + kLineSlack, LineEnd::unfinished).kind, Kind::rotate);
}

TEST(NextStep, NeverRotatesAnEmptyFile) {
  EXPECT_EQ(next_step({.max_size = 0}, 0, LineEnd::complete).kind, Kind::write_to_line);
  EXPECT_EQ(next_step({.max_size = 0}, 1, LineEnd::complete).kind, Kind::rotate);
}

TEST(RotationMoves, ShiftEveryFileAndReplaceTheOldest) {
  EXPECT_THAT(rotation_moves({true, true, true}, 5), ElementsAre(Move{2, 3}, Move{1, 2}, Move{0, 1}));
  EXPECT_THAT(rotation_moves({true, true, true}, 2), ElementsAre(Move{1, 2}, Move{0, 1}));
  EXPECT_THAT(rotation_moves({true}, 0), ElementsAre(Move{0, std::nullopt}));
  EXPECT_THAT(rotation_moves({false, true}, 5), IsEmpty());
}

TEST(RotationMoves, StopShiftingAtAGap) {
  EXPECT_THAT(rotation_moves({true, false, true, true}, 3), ElementsAre(Move{0, 1}));
}

TEST(RotationMoves, RemoveWhatIsAboveTheNumberToKeep) {
  EXPECT_THAT(rotation_moves({true, true, true, true}, 1),
              ElementsAre(Move{3, std::nullopt}, Move{2, std::nullopt}, Move{0, 1}));
}

TEST(RotationMoves, NeverReorderNorOverwriteAnyButTheOldestInAnyWorld) {
  for (unsigned world = 0; world < 256; ++world) {
    for (unsigned keep = 0; keep < 5; ++keep) {
      std::vector<bool> exists;
      std::map<unsigned, int> files;
      for (unsigned n = 0; n < 8; ++n) {
        exists.push_back((world >> n & 1) != 0);
        if (exists.back()) files[n] = static_cast<int>(n);
      }
      for (const auto& move : rotation_moves(exists, keep)) {
        ASSERT_TRUE(files.contains(move.from)) << world << " " << keep;
        if (move.to) {
          ASSERT_TRUE(!files.contains(*move.to) || *move.to == keep) << world << " " << keep;
          files[*move.to] = files[move.from];
        }
        files.erase(move.from);
      }
      EXPECT_FALSE(files.contains(0));
      int newer = -1;
      for (const auto& [number, age] : files) {
        EXPECT_LE(number, keep) << world;
        EXPECT_GT(age, newer) << world << " " << keep;
        newer = age;
      }
      // No more is lost than must be.
      const auto candidates = std::count(exists.begin(), exists.end(), true);
      if (exists[0] && candidates <= static_cast<int>(keep) && world < (2U << keep)) {
        EXPECT_EQ(files.size(), static_cast<std::size_t>(candidates)) << world << " " << keep;
      }
    }
  }
}

TEST(Rotate, RenamesOnDisk) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log"), "new");
  write_file(directory.path("web.log.1"), "old");
  write_file(directory.path("web.log.2"), "older");
  write_file(directory.path("web.log.20"), "of somebody else");
  ASSERT_TRUE(rotate(directory.fd(), "web.log", 2));
  EXPECT_FALSE(std::filesystem::exists(directory.path("web.log")));
  EXPECT_EQ(contents_of(directory.path("web.log.1")), "new");
  EXPECT_EQ(contents_of(directory.path("web.log.2")), "old");
  EXPECT_FALSE(std::filesystem::exists(directory.path("web.log.3")));
  EXPECT_EQ(contents_of(directory.path("web.log.20")), "of somebody else");
}

TEST(Rotate, NamesWhatIsInTheWay) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log"), "new");
  std::filesystem::create_directories(directory.path("web.log.1/full"));
  const auto done = rotate(directory.fd(), "web.log", 1);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail, "web.log to web.log.1");
  EXPECT_EQ(contents_of(directory.path("web.log")), "new");
}

}  // namespace
}  // namespace foster::logs
