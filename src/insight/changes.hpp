// What has happened between two looks at some processes: births, ends, new programs, new sessions, adoptions. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/exit_status.hpp>
#include <foster/process_table.hpp>

namespace foster::insight {

/// The last three only the kernel's own events can tell (insight/follower.hpp).
enum class ChangeKind : std::uint8_t { fork, exec, session, group, adoption, exit, user, name, coredump };

/// The enumerator's own word.
[[nodiscard]] std::string_view to_string(ChangeKind kind) noexcept;

struct Change {
  ChangeKind kind;
  Process process;                        ///< As it is now; of one that has ended, as it was.
  std::string text;                       ///< "4712 made session 4712".
  std::optional<ExitStatus> status = {};  ///< Of an end, where it could be seen.
};

/// By pid.
using Known = std::map<pid_t, Process>;

/// In the order in which they are likely to have come about: births before what the born did, ends last. What began and
/// ended between the looks cannot be seen.
/// @param adopter Who has these processes' orphans: a newcomer below it has lost its parent already.
[[nodiscard]] std::vector<Change> changes_between(const Known& before, const Known& now,
                                                  std::optional<Pid> adopter = {});

/// The processes below these, and those that `known` holds and that still live, wherever they are now. Zombies have
/// ended.
[[nodiscard]] Known below(const ProcessTable& table, const std::vector<Pid>& tops, const Known& known);

}  // namespace foster::insight
