#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "ledger/ledger.hpp"
#include "reaper/role_arguments.hpp"
#include "supervisor/definitions.hpp"
#include "supervisor/main.hpp"
#include "supervisor/recover.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace foster::supervisor {
namespace {

/// What a supervisor of this build would stumble over.
Result<> look(const reaper::RoleArguments& arguments) {
  auto directory = sys::open_file(arguments.directories.runtime, O_RDONLY | O_DIRECTORY);
  if (!directory) return Failure(directory.error());
  const auto boot = sys::boot_id();
  if (!boot) return Failure(boot.error());
  // Opening would make one where there is none.
  if (auto there = sys::open_at(*directory, ledger::Ledger::kFileName, O_RDONLY | O_NOFOLLOW); !there) {
    return Failure(there.error());
  }
  const auto ledger = ledger::Ledger::open(*directory, arguments.name, *boot);
  if (!ledger) return Failure(ledger.error());
  if (ledger->found() != ledger::Ledger::Found::same_boot) return failure("ledger", ENOENT, "not of this boot");
  auto definitions = load_definitions(arguments.directories.applied_config(), arguments.name);
  const bool is_missing = !definitions && definitions.error().code == ENOENT;
  if (!definitions && !is_missing) return Failure(definitions.error());
  const auto remembered = remember(*ledger, definitions ? definitions->model : core::Model{}, Pid(::getppid()),
                                   definitions ? Undeclared::leave : Undeclared::are_unknown);
  if (!remembered) return Failure(remembered.error());
  if (!remembered->unknown.empty()) return failure("ledger", 0, remembered->unknown.front());
  return {};
}

}  // namespace

int run_trial(int argc, char** argv) {
  reaper::RoleArguments arguments = reaper::read_role_arguments(argc, argv);
  const auto good = look(arguments);
  reaper::tell_ready(arguments.ready, good ? "READY " FOSTER_VERSION "\n" : to_string(good.error()) + "\n");
  return good ? 0 : 1;
}

}  // namespace foster::supervisor
