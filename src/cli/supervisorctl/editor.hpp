// A line with a cursor, completion and a memory: libedit, which is used here alone.
#pragma once

#include <memory>
#include <string>

#include "cli/supervisorctl/input.hpp"

namespace foster::cli::supervisorctl {

class Editor {
 public:
  /// On standard input and output. Null where libedit cannot begin (no memory, no such terminal).
  [[nodiscard]] static std::unique_ptr<Editor> open(Completer completer, std::string history);
  ~Editor();
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  [[nodiscard]] Line read(const std::string& prompt);

 private:
  struct Impl;
  explicit Editor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace foster::cli::supervisorctl
