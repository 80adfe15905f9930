// Methods that read and empty logs.
#include <algorithm>
#include <tuple>

#include "compat/log_window.hpp"
#include "compat/method.hpp"

namespace foster::compat {
namespace {

using enum FaultCode;

// With all that the process has written so far.
const std::string& log_of(Daemon& daemon, const Process& process, Channel channel) {
  daemon.bring_logs_up_to_date(process);
  return channel == Channel::standard_output ? process.stdout_log : process.stderr_log;
}

// An empty path is no log at all.
Answer read_log(const std::string& path, std::int64_t offset, std::int64_t length) {
  if (path.empty()) return refusal(no_file);
  auto text = read_window(path, offset, length);
  if (text) return Value(std::move(*text));
  if (text.error().code == no_file) return refusal(no_file, path);
  return std::unexpected(text.error());
}

Answer read_process_log(Daemon& daemon, Parameters parameters, Channel channel) {
  const auto process = find_process(daemon, parameters.text(0));
  if (!process) return std::unexpected(process.error());
  return read_log(log_of(daemon, *process, channel), parameters.number(1), parameters.number(2));
}

Answer tail_process_log(Daemon& daemon, Parameters parameters, Channel channel) {
  const auto process = find_process(daemon, parameters.text(0));
  if (!process) return std::unexpected(process.error());
  const std::string& path = log_of(daemon, *process, channel);
  TailWindow window;
  if (!path.empty()) window = tail_window(path, parameters.number(1), parameters.number(2));
  Array answer;
  answer.emplace_back(std::move(window.text));
  answer.emplace_back(window.offset);
  answer.emplace_back(window.has_overflow);
  return answer;
}

void read_stdout(Daemon& daemon, Parameters parameters, Reply reply) {
  reply(read_process_log(daemon, parameters, Channel::standard_output));
}

void read_stderr(Daemon& daemon, Parameters parameters, Reply reply) {
  reply(read_process_log(daemon, parameters, Channel::standard_error));
}

void tail_stdout(Daemon& daemon, Parameters parameters, Reply reply) {
  reply(tail_process_log(daemon, parameters, Channel::standard_output));
}

void tail_stderr(Daemon& daemon, Parameters parameters, Reply reply) {
  reply(tail_process_log(daemon, parameters, Channel::standard_error));
}

void read_main(Daemon& daemon, Parameters parameters, Reply reply) {
  reply(read_log(daemon.main_log(), parameters.number(0), parameters.number(1)));
}

void clear_main(Daemon& daemon, Parameters, Reply reply) {
  reply(answer_from(daemon.clear_main_log()));
}

Outcome<> clear_logs(Daemon& daemon, const Process& process, const std::string& name) {
  auto cleared = daemon.clear_logs(process);
  if (!cleared && !cleared.error().about) cleared.error().about = name;
  return cleared;
}

void clear_process(Daemon& daemon, Parameters parameters, Reply reply) {
  const auto process = find_process(daemon, parameters.text(0));
  if (!process) return reply(std::unexpected(process.error()));
  reply(answer_from(clear_logs(daemon, *process, parameters.text(0))));
}

void clear_all(Daemon& daemon, Parameters, Reply reply) {
  auto processes = daemon.processes();
  std::ranges::stable_sort(processes, {}, [](const Process& one) {
    return std::tie(one.group_priority, one.group, one.priority, one.name);
  });
  Array results;
  for (const Process& process : processes) {
    const auto cleared = clear_logs(daemon, process, process.name);
    results.emplace_back(Struct{
        {"name", process.name},
        {"group", process.group},
        {"status", static_cast<int>(cleared ? success : cleared.error().code)},
        {"description", cleared ? std::string("OK") : cleared.error().text()},
    });
  }
  reply(std::move(results));
}

constexpr std::string_view kReadHelp =
    "Bytes of the log from an offset on, at most so many (0: all); with a negative offset and 0, the last ones.";
constexpr std::string_view kTailHelp =
    "The last bytes of the log, for whoever has seen all up to an offset: [bytes, offset of the end, overflow].";

constexpr Method kMethods[] = {
    {"supervisor.readLog", "string int int", 0, kReadHelp, read_main},
    {"supervisor.readMainLog", "string int int", 0, "As readLog.", read_main},
    {"supervisor.clearLog", "boolean", 0, "Empties the daemon's own log.", clear_main},
    {"supervisor.readProcessStdoutLog", "string string int int", 0, kReadHelp, read_stdout},
    {"supervisor.readProcessLog", "string string int int", 0, "As readProcessStdoutLog.", read_stdout},
    {"supervisor.readProcessStderrLog", "string string int int", 0, kReadHelp, read_stderr},
    {"supervisor.tailProcessStdoutLog", "array string int int", 0, kTailHelp, tail_stdout},
    {"supervisor.tailProcessLog", "array string int int", 0, "As tailProcessStdoutLog.", tail_stdout},
    {"supervisor.tailProcessStderrLog", "array string int int", 0, kTailHelp, tail_stderr},
    {"supervisor.clearProcessLogs", "boolean string", 0, "Empties both logs of a process.", clear_process},
    {"supervisor.clearProcessLog", "boolean string", 0, "As clearProcessLogs.", clear_process},
    {"supervisor.clearAllProcessLogs", "array", 0, "Empties the logs of all processes.", clear_all},
};

}  // namespace

std::span<const Method> log_methods() {
  return kMethods;
}

}  // namespace foster::compat
