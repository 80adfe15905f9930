// A program in a terminal of its own, as a terminal emulator or sshd would start it: leader of a new session with a
// pseudo-terminal as its controlling terminal.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>

namespace foster::testing {

class Terminal {
 public:
  explicit Terminal(std::vector<std::string> argv) {
    int master = -1;
    leader_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (leader_ < 0) throw std::runtime_error("forkpty");
    if (leader_ == 0) {
      std::vector<char*> words;
      for (std::string& word : argv) words.push_back(word.data());
      words.push_back(nullptr);
      ::setenv("PS1", "$ ", 1);
      ::setenv("TERM", "dumb", 1);
      ::setenv("HISTFILE", "", 1);
      // As a login finds it, whatever the test's own parent has set.
      for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU}) {
        (void)std::signal(signal, SIG_DFL);
      }
      sigset_t none;
      sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      ::execvp(words[0], words.data());
      ::_exit(127);
    }
    master_.reset(master);
    (void)::fcntl(master, F_SETFD, FD_CLOEXEC);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    close();
    if (leader_ > 0) {
      ::kill(leader_, SIGKILL);
      (void)::waitpid(leader_, nullptr, 0);
    }
  }

  /// The first program, leader of the session.
  [[nodiscard]] pid_t leader() const { return leader_; }

  /// What somebody types.
  void type(std::string_view text) const { (void)!::write(master_.get(), text.data(), text.size()); }
  void press_ctrl_c() const { type("\x03"); }
  void press_ctrl_z() const { type("\x1a"); }

  /// What has appeared so far; taking it keeps the programs from being held up.
  [[nodiscard]] const std::string& screen() {
    std::array<char, 4096> bytes;
    for (pollfd ready{master_.get(), POLLIN, 0}; master_ && ::poll(&ready, 1, 0) == 1;) {
      const auto got = ::read(master_.get(), bytes.data(), bytes.size());
      if (got <= 0) break;
      screen_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return screen_;
  }

  /// The window is closed, or the connection lost: the kernel hangs up.
  void close() { master_.reset(); }

  /// Reaps the leader if it has ended.
  [[nodiscard]] bool has_ended() {
    if (leader_ > 0 && ::waitpid(leader_, nullptr, WNOHANG) == leader_) leader_ = -1;
    return leader_ < 0;
  }

 private:
  pid_t leader_ = -1;
  UniqueFd master_;
  std::string screen_;
};

}  // namespace foster::testing
