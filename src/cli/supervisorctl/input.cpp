#include "cli/supervisorctl/input.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cli/supervisorctl/editor.hpp"
#include "cli/supervisorctl/interrupt.hpp"
#include "sys/files.hpp"

namespace foster::cli::supervisorctl {
namespace {

class HiddenTyping {
 public:
  explicit HiddenTyping(BorrowedFd terminal)
      : terminal_(terminal), was_shown_(::tcgetattr(terminal.get(), &found_) == 0) {
    if (!was_shown_) return;
    termios hidden = found_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    (void)::tcsetattr(terminal_.get(), TCSAFLUSH, &hidden);
  }
  ~HiddenTyping() {
    if (was_shown_) (void)::tcsetattr(terminal_.get(), TCSAFLUSH, &found_);
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;

 private:
  BorrowedFd terminal_;
  termios found_{};
  bool was_shown_;
};

}  // namespace

Input::Input(BorrowedFd source, Output& out) : source_(source), out_(out) {}
Input::~Input() = default;

void Input::become_editable(Completer completer, std::string history) {
  if (::isatty(source_.get()) != 1 || !out_.is_terminal()) return;
  editor_ = Editor::open(std::move(completer), std::move(history));
}

Line Input::read(const std::string& prompt) {
  out_.write(prompt);
  out_.flush();
  while (!has_line()) {
    pollfd readable{source_.get(), POLLIN, 0};
    if (wait_for({&readable, 1}) == Wait::interrupted) return {.kind = Line::Kind::interrupted};
    fill();
  }
  return take_line();
}

Line Input::read_command(const std::string& prompt) {
  if (!editor_) return read(prompt);
  out_.flush();
  return editor_->read(prompt);
}

Line Input::read_password(const std::string& prompt) {
  auto terminal = sys::open_file("/dev/tty", O_RDWR | O_NOCTTY);
  out_.flush();
  if (!terminal) {
    Output(STDERR_FILENO).write(prompt);
    return read({});
  }
  Output shown(terminal->get());
  const HiddenTyping hidden(*terminal);
  Line line = Input(*terminal, shown).read(prompt);
  shown.write("\n");
  return line;
}

bool Input::has_line() const {
  return has_ended_ || buffer_.contains('\n');
}

void Input::fill() {
  std::array<char, 4096> piece;
  const ssize_t count = ::read(source_.get(), piece.data(), piece.size());
  if (count > 0) {
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
  } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
    has_ended_ = true;
  }
}

Line Input::take_line() {
  const auto end = buffer_.find('\n');
  if (end == std::string::npos && buffer_.empty()) {
    has_ended_ = false;  // a terminal goes on after Ctrl-D
    return {.kind = Line::Kind::end};
  }
  Line line{.text = buffer_.substr(0, end)};
  buffer_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

}  // namespace foster::cli::supervisorctl
