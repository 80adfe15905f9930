// Keeps the runtime directory whole: others tidy up below /run and /tmp, and what they take away is made again.
#pragma once

#include <functional>
#include <optional>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "ledger/ledger.hpp"
#include "supervisor/listeners.hpp"
#include "supervisor/loop.hpp"
#include "sys/channel.hpp"
#include "sys/runtime_dir.hpp"

namespace foster::supervisor {

/// Looks when the kernel tells of a removal (inotify), a moment later, so that whoever removes has finished; costs
/// nothing at rest. Where the kernel has no watch to give, nothing is noticed.
class RuntimeGuard {
 public:
  /// What it works with; all of it outlives it. The open descriptors keep their numbers when they get a new file.
  struct Tools {
    Loop& loop;
    const sys::Directories& directories;
    sys::PreparedDirectories& opened;
    UniqueFd& lock;
    ledger::Ledger& ledger;
    sys::Channel& channel;
    Listeners& listeners;
    std::function<Result<>()> store_definitions;  ///< Unless nothing was applied yet.
    std::function<void(UniqueFd)> listen;         ///< On this socket from now on.
  };

  explicit RuntimeGuard(Tools tools);

  /// From now on; with the instance of inotify of an earlier supervisor, from its end on.
  void start(UniqueFd inherited);

 private:
  void watch_directories();
  void note();
  void look();
  [[nodiscard]] Result<> restore();
  [[nodiscard]] Result<> restore_lock();
  [[nodiscard]] Result<> restore_ledger();
  [[nodiscard]] Result<> restore_socket();

  Tools tools_;
  UniqueFd inotify_;
  Timer soon_;
  std::optional<Watch> watch_;
};

}  // namespace foster::supervisor
