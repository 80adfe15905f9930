// A real terminal emulator: a tmux of its own with one window, whose screen can be read, typed into and resized.
#pragma once

#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "e2e/harness.hpp"

namespace foster::e2e {

class Tmux {
 public:
  /// Runs a shell command in a window of this size.
  Tmux(std::map<std::string, std::string> environment, const std::string& directory, unsigned columns, unsigned rows,
       const std::string& command)
      : environment_(std::move(environment)), socket_(directory + "/tmux.sock") {
    environment_["LC_ALL"] = "C.UTF-8";
    environment_.erase("TMUX");
    // Not a daemon: it ends with this test.
    server_ = std::make_unique<Running>(std::vector<std::string>{"tmux", "-D", "-u", "-S", socket_, "-f", "/dev/null"},
                                        environment_);
    EXPECT_TRUE(wait_until([&] { return ::access(socket_.c_str(), F_OK) == 0; })) << server_->err();
    EXPECT_TRUE(wait_until([&] {
      return tell({"new-session", "-d", "-x", std::to_string(columns), "-y", std::to_string(rows), command}).code == 0;
    })) << server_->err();
  }
  ~Tmux() { (void)tell({"kill-server"}); }
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;

  /// What is to be seen, without blanks at the ends of lines.
  [[nodiscard]] std::string screen() { return tell({"capture-pane", "-p"}).out; }
  [[nodiscard]] std::string screen_with_colours() { return tell({"capture-pane", "-p", "-e"}).out; }
  /// Keys by tmux's names: "q", "Down", "C-c".
  void press(const std::vector<std::string>& keys) {
    std::vector<std::string> words{"send-keys"};
    words.insert(words.end(), keys.begin(), keys.end());
    EXPECT_EQ(tell(words).code, 0);
  }
  void type_line(const std::string& text) {
    EXPECT_EQ(tell({"send-keys", "-l", text}).code, 0);
    press({"Enter"});
  }
  void resize(unsigned columns, unsigned rows) {
    EXPECT_EQ(tell({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)}).code, 0);
  }
  /// Waits for a text on the screen.
  [[nodiscard]] bool shows(const std::string& text, std::chrono::milliseconds patience = 30s) {
    return wait_until([&] { return screen().find(text) != std::string::npos; }, patience);
  }
  [[nodiscard]] pid_t pane_pid() { return std::stoi("0" + tell({"display-message", "-p", "#{pane_pid}"}).out); }
  /// The pane's own flags: is it on the alternate screen, is the cursor hidden?
  [[nodiscard]] std::string flags() {
    return first_line(tell({"display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}"}).out);
  }

 private:
  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
  Finished tell(std::vector<std::string> words) {
    words.insert(words.begin(), {"tmux", "-u", "-S", socket_});
    return Running(words, environment_).finish();
  }

  std::map<std::string, std::string> environment_;
  std::string socket_;
  std::unique_ptr<Running> server_;
};

}  // namespace foster::e2e
