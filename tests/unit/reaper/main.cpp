// The test program is also the programs that its tests start.
#include <gtest/gtest.h>

#include <string_view>

#include "unit/reaper/actors.hpp"
#include "unit/reaper/stand_in.hpp"

int main(int argc, char** argv) {
  namespace testing = foster::reaper::testing;
  if (argc > 0 && std::string_view(argv[0]) == testing::kSupervisorName) return testing::stand_in_main(argc, argv);
  if (argc > 1 && std::string_view(argv[1]) == testing::kActorOption) return testing::actor_main(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
