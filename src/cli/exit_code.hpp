// The exit codes of `foster`, which scripts rely on; docs/cli.md promises them.
#pragma once

namespace foster::cli {

enum class ExitCode : int {
  done = 0,
  failed = 1,           ///< The thing asked for failed: a service did not become ready, a name is taken…
  usage = 2,            ///< The command line makes no sense.
  not_running = 3,      ///< A named service is not running (as LSB's status).
  no_such_service = 4,  ///< A name or glob matches nothing.
  no_instance = 5,      ///< There is no foster to talk to.
  bad_config = 78,      ///< As EX_CONFIG of sysexits.h.
};

}  // namespace foster::cli
