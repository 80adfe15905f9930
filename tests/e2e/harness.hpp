// One foster of its own for one test: private directories, the real binary, and a look at /proc when
// all is over that nothing is left.
#pragma once

#include <sys/types.h>

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"
#include "sys/procfs.hpp"

namespace foster::e2e {

using namespace std::chrono_literals;

/// How a command came out.
struct Finished {
  int code = -1;  ///< 128 + n for a signal; 124: it did not end in time and was killed.
  std::string out;
  std::string err;
};

/// A program that runs beside the test.
class Running {
 public:
  Running(std::vector<std::string> argv, const std::map<std::string, std::string>& environment, int input = -1);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// What it has written so far.
  [[nodiscard]] const std::string& out();
  [[nodiscard]] const std::string& err();
  void signal(int number) const;
  /// Waits for its end.
  [[nodiscard]] Finished finish(std::chrono::milliseconds patience = 60s);

 private:
  void read_what_is_there(int wait_milliseconds);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
};

/// A row of `foster ps --json`.
struct Row {
  std::string service, name, state, cause, log;
  std::optional<pid_t> pid;
  unsigned run = 0, restarts = 0;
  bool ready = false;
  std::optional<int> exit_code;
  std::optional<std::string> exit_signal;
  std::uint64_t dropped_bytes = 0;
  std::string log_trouble;
};

class Foster {
 public:
  Foster();
  ~Foster();
  Foster(const Foster&) = delete;
  Foster& operator=(const Foster&) = delete;

  /// Runs `foster ARGUMENTS…` in the test's directory.
  [[nodiscard]] Finished run(const std::vector<std::string>& arguments, std::chrono::milliseconds patience = 60s);
  [[nodiscard]] std::unique_ptr<Running> begin(const std::vector<std::string>& arguments, int input = -1);
  /// Runs any program with the same environment.
  [[nodiscard]] Finished run_program(const std::vector<std::string>& argv, std::chrono::milliseconds patience = 60s);

  /// Writes foster.toml in the test's directory (with `name = "test"` before it).
  void write_config(const std::string& toml);
  /// `foster up -d`; fails the test unless it exits with this code.
  Finished up(int expected_code = 0);

  [[nodiscard]] std::vector<Row> ps();
  /// A row with an empty name when there is no such instance.
  [[nodiscard]] Row row(const std::string& name);
  [[nodiscard]] pid_t pid_of(const std::string& name);
  [[nodiscard]] boost::json::object info();
  [[nodiscard]] std::string log_of(const std::string& name);

  /// Waits until the condition holds; fails the test with what `ps` shows otherwise.
  [[nodiscard]] bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience = 20s);
  [[nodiscard]] bool wait_for_state(const std::string& name, const std::string& state,
                                    std::chrono::milliseconds patience = 20s);

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }
  [[nodiscard]] const std::string& directory() const { return directory_.path(); }
  [[nodiscard]] static std::string actor(const std::string& name) { return std::string(FOSTER_ACTORS) + "/" + name; }
  std::map<std::string, std::string> environment;

  /// Every live process that this test's foster has started, or is.
  [[nodiscard]] std::vector<pid_t> processes() const;
  /// `foster down`, then a look that nothing is left. Done by the destructor if not before.
  void down();

 private:
  testing::TemporaryDirectory directory_;
  bool is_down_ = false;
};

// Facts of /proc.
[[nodiscard]] bool is_alive(pid_t pid);  ///< Exists and is no zombie.
[[nodiscard]] char state_of(pid_t pid);  ///< 'R', 'S', 'Z'…; 0: no such process.
[[nodiscard]] pid_t parent_of(pid_t pid);
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
[[nodiscard]] std::vector<pid_t> zombies_below(pid_t pid);
[[nodiscard]] std::string status_line(pid_t pid, const std::string& key);
[[nodiscard]] bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience = 20s);
[[nodiscard]] std::string first_line_of(const std::string& path);
/// A TCP port of 127.0.0.1 that nobody has at this moment.
[[nodiscard]] unsigned free_port();
/// The body of GET http://127.0.0.1:PORT PATH; empty when it does not answer 200.
[[nodiscard]] std::string http_get(unsigned port, const std::string& path);

}  // namespace foster::e2e
