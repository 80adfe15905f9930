// The terminal's foreground, handed to a child's process group and taken back.
#pragma once

#include <sys/types.h>

#include <optional>

namespace foster::reaper {

/// Standard input as a terminal in whose foreground this process was found. Changes nothing by itself.
class Foreground {
 public:
  /// Empty when standard input is no terminal, not ours, or another group is in its foreground.
  [[nodiscard]] static std::optional<Foreground> find() noexcept;

  [[nodiscard]] int terminal() const noexcept;

  /// These work from the background because the caller blocks SIGTTOU meanwhile. A terminal that has hung up
  /// belongs to nobody: there is nothing to do then.
  void give_to(pid_t group) const noexcept;
  void take_back() const noexcept { give_to(own_group_); }

 private:
  explicit Foreground(pid_t own_group) noexcept : own_group_(own_group) {}
  pid_t own_group_;
};

}  // namespace foster::reaper
