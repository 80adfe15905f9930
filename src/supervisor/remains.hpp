// What can be told of an instance whose supervisor does not answer: the services run on, and the ledger knows them.
#pragma once

#include <sys/types.h>

#include <vector>

#include <foster/result.hpp>

#include "api/service.hpp"
#include "sys/runtime_dir.hpp"

namespace foster::supervisor {

struct Remains {
  bool has_supervisor = false;  ///< One runs at this moment, whether it answers or not.
  pid_t reaper = 0;             ///< 0: none is known.
  unsigned recoveries = 0;      ///< How often one was started in place of a lost one.
  std::vector<api::InstanceRow> rows;
};

/// Reads the ledger and the applied config; changes nothing. States are the last that a supervisor stored, and a row
/// whose process has ended since says so in its status.
/// @errors `ENOENT` there is no such instance; what is wrong with the ledger.
[[nodiscard]] Result<Remains> read_remains(const sys::Directories& directories);

}  // namespace foster::supervisor
