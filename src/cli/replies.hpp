// Answers of the API as values, read from JSON. Unknown fields are passed over: foster may be newer than this
// program, and the other way round.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/exit_status.hpp>

#include "core/state.hpp"

namespace foster::cli {

using WallTime = std::chrono::system_clock::time_point;

/// One instance, as `foster ps` shows it.
struct Row {
  std::string service;
  std::string name;
  core::State state = core::State::stopped;
  std::optional<std::int64_t> pid;
  std::optional<std::uint64_t> run;
  std::uint64_t restarts = 0;
  WallTime since;
  bool is_ready = false;
  std::optional<ExitStatus> exit;
  std::string cause;
  std::string cause_kind;
  std::string log;
  std::string stderr_log;
  bool is_wanted = false;
  std::optional<WallTime> next;
  std::optional<double> cpu;  ///< Seconds.
  std::optional<std::uint64_t> memory;
  std::string status;
  std::uint64_t dropped_bytes = 0;
  std::string log_trouble;
};

struct InstanceInfo {
  std::string version;
  std::string name;
  std::int64_t reaper = 0;
  std::int64_t supervisor = 0;
  std::string runtime_dir;
  std::string state_dir;
  std::string log_dir;
  std::string config;
  std::string history_trouble;
};

struct OutcomeRow {
  std::string name;
  bool is_ok = false;
  core::State state = core::State::stopped;
  std::string why;
};

struct ChangeRow {
  std::string kind;
  std::string service;
  std::string why;
};

struct DiagnosticRow {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  bool is_warning = false;
  std::string message;
  std::string hint;
  std::string source;
};

/// Of a request that changed something; `changes` and `warnings` of an apply.
struct Changed {
  std::vector<OutcomeRow> outcomes;
  std::vector<ChangeRow> changes;
  std::vector<DiagnosticRow> warnings;
};

/// What a run used up.
struct UseRow {
  double user = 0;                           ///< Seconds in its own code.
  double system = 0;                         ///< Seconds in the kernel on its behalf.
  std::optional<std::uint64_t> memory = {};  ///< Bytes, at most.
};

struct HistoryRow {
  std::uint64_t id = 0;
  WallTime time;
  std::string name;
  core::State from = core::State::stopped;
  core::State to = core::State::stopped;
  std::optional<std::uint64_t> run;
  std::optional<ExitStatus> exit;
  std::string cause;
  std::string cause_kind;
  std::string cause_detail;
  std::optional<UseRow> use = {};  ///< Of the run that ended.
  std::string last_output = {};
};

struct ProblemRow {
  std::string kind;
  std::string message;
  std::vector<DiagnosticRow> diagnostics;
};

/// What took over.
struct TakenOver {
  std::string program;
  std::string from;
  std::string to;
};

// Empty for what is no such answer.
[[nodiscard]] std::optional<std::vector<Row>> read_rows(std::string_view json);
[[nodiscard]] std::optional<InstanceInfo> read_info(std::string_view json);
[[nodiscard]] std::optional<Changed> read_changed(std::string_view json);
[[nodiscard]] std::optional<TakenOver> read_upgraded(std::string_view json);
[[nodiscard]] std::optional<std::vector<HistoryRow>> read_history(std::string_view json);
/// The events of such an answer as they came, each as JSON, in the order of `read_history`.
[[nodiscard]] std::vector<std::string> raw_events(std::string_view json);
[[nodiscard]] std::optional<HistoryRow> read_event(std::string_view json);
[[nodiscard]] std::optional<ProblemRow> read_problem(std::string_view json);

/// "{"services":[…]}" without its shell: the rows as JSON, each with `"foster": NAME` in front.
[[nodiscard]] std::vector<std::string> rows_with_foster(std::string_view json, std::string_view name);

}  // namespace foster::cli
