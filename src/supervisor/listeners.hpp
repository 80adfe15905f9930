// Listening sockets that outlive the supervisor: the reaper has a copy of each, so that whoever connects while nobody
// accepts waits for the next one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>

#include "reaper/held_fds.hpp"
#include "reaper/wire.hpp"
#include "sys/channel.hpp"

namespace foster::supervisor {

/// Each has a name, which says what it listens on in the words of whoever opened it. What an earlier supervisor had
/// stays until it is asked for, or `close_unwanted`.
class Listeners {
 public:
  /// Longer names, and more sockets than the reaper has places for (reaper/held_fds.hpp), are kept in this process
  /// alone: a loss closes them.
  static constexpr std::size_t kLongestName = 255;

  /// @param names Where an earlier supervisor has written what the inherited ones are.
  Listeners(sys::Channel& reaper, std::map<std::uint32_t, UniqueFd> inherited, UniqueFd names);

  /// A copy; from now on it is wanted. Empty: there is none of this name.
  [[nodiscard]] std::optional<UniqueFd> find(const std::string& name);
  /// A copy is kept until it is let go, in place of what had the name.
  void keep(const std::string& name, BorrowedFd socket);
  /// From now on nobody can connect, whoever else has it, and its address is free.
  void let_go(const std::string& name);
  /// Closes whatever nobody asked for since it was inherited. Whoever else has it still listens.
  void close_unwanted();
  /// All names that begin like this.
  [[nodiscard]] std::vector<std::string> names(std::string_view beginning) const;
  /// For the reaper that this process is about to become.
  void bequeath(reaper::HeldFds& held) const;

 private:
  struct Listener {
    UniqueFd socket;
    std::optional<std::uint32_t> number;  ///< Empty: the reaper has no copy.
    bool is_wanted;
  };

  [[nodiscard]] std::optional<std::uint32_t> free_number() const;
  [[nodiscard]] bool write_name(std::uint32_t number, std::string_view name);
  void close(std::map<std::string, Listener>::iterator listener);
  void release(std::uint32_t number);
  void tell(reaper::MessageKind kind, std::uint32_t number, std::optional<BorrowedFd> fd = {});
  void warn_once(const std::string& name);

  sys::Channel& reaper_;
  UniqueFd names_;
  std::map<std::string, Listener> listeners_;
  bool has_warned_ = false;
};

}  // namespace foster::supervisor
