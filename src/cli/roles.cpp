#include "cli/roles.hpp"

#include <string_view>

#include "cli/explain/puppet.hpp"
#include "reaper/main.hpp"
#include "reaper/role_arguments.hpp"
#include "supervisor/main.hpp"

namespace foster::cli {

std::optional<int> run_internal_role(int argc, char** argv) {
  if (argc < 1) return std::nullopt;
  const std::string_view role = argv[0];
  if (role == reaper::kSupervisorRole) return supervisor::run(argc, argv);
  if (role == supervisor::kTrialRole) return supervisor::run_trial(argc, argv);
  if (role == reaper::kReaperRole) return reaper::run_role(argc, argv);
  if (role == kPuppetRole) return run_puppet();
  return std::nullopt;
}

}  // namespace foster::cli
