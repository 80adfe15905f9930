// Lines that a person types, or that a script sends instead.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>

#include "cli/output.hpp"

namespace foster::cli::supervisorctl {

struct Line {
  enum class Kind : std::uint8_t { text, end, interrupted };
  Kind kind = Kind::text;
  std::string text = {};
};

/// What may stand at the end of `line`, in the place of its last word, which is `word`.
using Completer = std::function<std::vector<std::string>(std::string_view line, std::string_view word)>;

class Editor;

class Input {
 public:
  /// Both descriptors stay the caller's.
  Input(BorrowedFd source, Output& out);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// From now on lines can be edited, completed and recalled, where both ends are a terminal.
  /// @param history Where to read lines from and to keep them; empty: nowhere.
  void become_editable(Completer completer, std::string history);

  /// The next line, without its end. The prompt is shown on the output.
  [[nodiscard]] Line read(const std::string& prompt);
  /// A line that is a command, to be recalled later.
  [[nodiscard]] Line read_command(const std::string& prompt);
  /// Asked on the terminal and answered there, unseen. Without one it is asked on standard error.
  [[nodiscard]] Line read_password(const std::string& prompt);

  [[nodiscard]] BorrowedFd fd() const { return source_; }
  /// Whether a line, or the end, is there already.
  [[nodiscard]] bool has_line() const;
  /// Takes in what can be read at once.
  void fill();
  /// The line that is there.
  [[nodiscard]] Line take_line();

 private:
  BorrowedFd source_;
  Output& out_;
  std::string buffer_;
  bool has_ended_ = false;
  std::unique_ptr<Editor> editor_;
};

}  // namespace foster::cli::supervisorctl
