// The next program of the reaper's process, with its arguments ready before they are needed.
#pragma once

#include <string>
#include <vector>

#include <foster/fd.hpp>

namespace foster::reaper {

/// Prepared by the constructor; nothing after it takes heap.
class Successor {
 public:
  /// @param arguments The role's words (reaper/role_arguments.hpp).
  explicit Successor(const std::vector<std::string>& arguments);
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;
  ~Successor() = default;

  /// Executes the program in this process, with the handover under its number. Returns only if that failed, and
  /// then nothing has changed. A script cannot be a successor.
  void become(BorrowedFd program, BorrowedFd handover) noexcept;

 private:
  UniqueFd number_;  // of the handover; the arguments name it
  std::vector<std::string> words_;
  std::vector<char*> argv_;
};

}  // namespace foster::reaper
