// The commands that look at any process, asked as a script would, and what becomes of processes that are not ours.
#pragma once

#include <poll.h>
#include <sys/prctl.h>

#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.hpp"
#include "support/terminal.hpp"
#include "sys/procfs.hpp"

namespace foster::e2e {

/// `foster inspect PID --json`.
inline boost::json::object inspect(pid_t pid) {
  const auto finished = Running({FOSTER_BINARY, "inspect", std::to_string(pid), "--json"}, {}).finish();
  EXPECT_EQ(finished.code, 0) << finished.err;
  boost::system::error_code error;
  const auto value = boost::json::parse(finished.out, error);
  EXPECT_FALSE(error) << finished.out;
  return value.is_object() ? value.as_object() : boost::json::object();
}

/// What is predicted for "parent_dies", "terminal_closes", "ctrl_c" or "logout", and why.
struct Answer {
  std::string outcome;
  std::string because;
};
inline Answer answer(const boost::json::object& page, const std::string& when) {
  const auto& prediction = page.at("when").as_object().at(when).as_object();
  return {std::string(prediction.at("outcome").as_string()), std::string(prediction.at("because").as_string())};
}
inline std::string kind(const boost::json::object& page) {
  return std::string(page.at("kind").as_string());
}

/// Processes that a test has started somewhere below its terminals, found by a word in their command line; those that
/// are left are ended with the test.
class Marked {
 public:
  Marked() = default;
  Marked(const Marked&) = delete;
  Marked& operator=(const Marked&) = delete;
  ~Marked() {
    for (const auto& [word, pid] : found_) {
      if (pid > 0 && is_alive(pid)) ::kill(pid, SIGKILL);
    }
  }

  /// A number of seconds to sleep that no other process of the machine sleeps: "100000.00471101".
  static std::string seconds() {
    static int count = 0;
    return "100000.00" + std::to_string(::getpid()) + std::to_string(10 + ++count);
  }

  /// Waits until a program runs with this as its last argument.
  pid_t find(const std::string& word) {
    pid_t& pid = found_[word];
    EXPECT_TRUE(wait_until([&] {
      for (const Pid candidate : sys::list_pids()) {
        const auto words = sys::read_cmdline(candidate);
        if (words.size() == 2 && words.back() == word) pid = candidate.number();
      }
      return pid > 0;
    })) << word;
    return pid;
  }

 private:
  std::map<std::string, pid_t> found_;
};

/// Whether it has become this program. In the middle of an exec it has no words.
inline bool runs(pid_t pid, const std::string& program) {
  const auto words = sys::read_cmdline(Pid(pid));
  return !words.empty() && words.front() == program;
}

/// A name of a service that no other test, which may run beside this one, has.
inline std::string own_service() {
  return "web" + std::to_string(::getpid());
}

/// A bash as people have it, at its prompt.
inline std::vector<std::string> interactive_bash() {
  return {"bash", "--norc", "--noprofile", "-i"};
}

inline bool wait_for_screen(testing::Terminal& terminal, const std::string& text) {
  return wait_until([&] { return terminal.screen().find(text) != std::string::npos; });
}

/// Whether what was predicted has come true: gone, or still there after the one that had to go first is gone.
inline void expect_end(pid_t pid, const Answer& predicted) {
  EXPECT_TRUE(wait_until([&] { return !is_alive(pid); })) << predicted.outcome << ": " << predicted.because;
}

}  // namespace foster::e2e
