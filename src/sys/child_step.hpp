// The steps of a new process between clone and exec, and how one of them is reported to have failed.
#pragma once

#include <cstdint>

namespace foster::sys {

/// In the order in which they are taken.
enum class ChildStep : std::uint8_t {
  none,
  claim,              ///< The compare-and-swap on the claim word.
  signals,            ///< Dispositions to default, the mask to empty.
  session,            ///< setsid or setpgid.
  cgroup,             ///< The write to cgroup.procs.
  nice,               ///< setpriority.
  umask,              ///< Cannot fail.
  descriptor,         ///< dup; the index is that of the descriptor.
  close_others,       ///< Everything that is not in the plan.
  limit,              ///< setrlimit; the index is that of the limit.
  groups,             ///< setgroups.
  setgid,             ///< setresgid.
  setuid,             ///< setresuid.
  parent_death,       ///< prctl(PR_SET_PDEATHSIG); ESRCH: the parent was gone before.
  no_new_privileges,  ///< prctl(PR_SET_NO_NEW_PRIVS).
  chdir,
  exec,
};

/// "chdir", "exec", "setuid": the word an Error carries.
[[nodiscard]] const char* name(ChildStep step) noexcept;

struct ChildFailure {
  ChildStep step = ChildStep::none;
  int error = 0;           ///< An errno value; ECANCELED for a claim that somebody else changed.
  std::int32_t index = 0;  ///< Which of several, where the step has several.
};

/// How the new process stands to its parent's session and process group.
enum class SessionMode : std::uint8_t {
  keep,         ///< Stay in both.
  new_session,  ///< setsid: also a new group, and no controlling terminal.
  new_group,    ///< setpgid: the terminal stays.
};

}  // namespace foster::sys
