// Methods that do something: to processes, to groups, to the daemon itself.
#include <algorithm>
#include <functional>
#include <memory>
#include <tuple>

#include "compat/method.hpp"
#include "compat/process_name.hpp"

namespace foster::compat {
namespace {

using enum FaultCode;
using Done = Daemon::Done;

Value status_of(const Process& process, const Outcome<>& outcome) {
  const FaultCode code = outcome ? success : outcome.error().code;
  return Struct{
      {"name", process.name},
      {"group", process.group},
      {"status", static_cast<int>(code)},
      {"description", outcome ? std::string("OK") : outcome.error().text()},
  };
}

// What has come of many, in the order in which it came.
struct Collected {
  Reply reply;
  Array results = {};
  std::size_t outstanding = 1;  ///< One for whoever still asks.

  void settle_one() {
    if (--outstanding == 0) reply(std::move(results));
  }
};

void do_to_all(const std::vector<Process>& processes, const std::function<void(const Process&, Done)>& deed,
               Reply reply) {
  const auto collected = std::make_shared<Collected>(std::move(reply));
  for (const Process& process : processes) {
    ++collected->outstanding;
    deed(process, [collected, process](Outcome<> outcome) {
      collected->results.push_back(status_of(process, outcome));
      collected->settle_one();
    });
  }
  collected->settle_one();
}

// Those for which it makes sense, in the order of their priorities.
std::vector<Process> processes_that(const Daemon& daemon, bool (*fits)(ProcessState),
                                    const std::optional<std::string>& group = std::nullopt) {
  std::vector<Process> chosen;
  for (Process& process : daemon.processes()) {
    if ((!group || process.group == *group) && fits(process.state)) chosen.push_back(std::move(process));
  }
  std::ranges::stable_sort(
      chosen, {}, [](const Process& one) { return std::tie(one.group_priority, one.group, one.priority, one.name); });
  return chosen;
}

bool is_not_running(ProcessState state) {
  return !is_running(state);
}

// A refusal that does not say about whom is about the name that was given.
Done about(std::string name, Done done) {
  return [name = std::move(name), done = std::move(done)](Outcome<> outcome) mutable {
    if (!outcome && !outcome.error().about) outcome.error().about = std::move(name);
    done(std::move(outcome));
  };
}

std::string name_of(const Process& process) {
  return full_name(process.group, process.name);
}

void start_one(Daemon& daemon, const Process& process, const std::string& name, Wait wait, Done done) {
  if (auto could = daemon.check_command(process); !could) return done(std::move(could));
  if (is_running(process.state)) return done(refusal(already_started, name));
  if (process.state == ProcessState::unknown) {
    return done(refusal(failed, name + " is in an unknown process state"));
  }
  if (process.state == ProcessState::stopping) {
    return done(wait == Wait::until_done ? Outcome<>(refusal(abnormal_termination, name)) : Outcome<>());
  }
  daemon.start(process, wait, about(name, std::move(done)));
}

void stop_one(Daemon& daemon, const Process& process, const std::string& name, Wait wait, Done done) {
  if (!is_running(process.state)) return done(refusal(not_running, name));
  daemon.stop(process, wait, about(name, std::move(done)));
}

Outcome<> signal_one(Daemon& daemon, const Process& process, const std::string& name, const std::string& text) {
  const auto signal = Signal::from_name(text);
  if (!signal) return refusal(bad_signal, text);
  if (!is_signallable(process.state)) return refusal(not_running, name);
  return daemon.signal(process, *signal);
}

void start_all(Daemon& daemon, const std::optional<std::string>& group, Wait wait, Reply reply) {
  do_to_all(
      processes_that(daemon, is_not_running, group),
      [&daemon, wait](const Process& process, Done done) {
        start_one(daemon, process, name_of(process), wait, std::move(done));
      },
      std::move(reply));
}

void stop_all(Daemon& daemon, const std::optional<std::string>& group, Wait wait, Reply reply) {
  do_to_all(
      processes_that(daemon, is_running, group),
      [&daemon, wait](const Process& process, Done done) {
        stop_one(daemon, process, name_of(process), wait, std::move(done));
      },
      std::move(reply));
}

void signal_all(Daemon& daemon, const std::optional<std::string>& group, const std::string& text, Reply reply) {
  do_to_all(
      processes_that(daemon, is_signallable, group),
      [&daemon, &text](const Process& process, Done done) {
        done(signal_one(daemon, process, name_of(process), text));
      },
      std::move(reply));
}

Done answering(Reply reply) {
  return [reply = std::move(reply)](Outcome<> outcome) mutable { reply(answer_from(outcome)); };
}

bool is_group(const Daemon& daemon, const std::string& name) {
  return std::ranges::count(daemon.groups(), name) > 0;
}

void start_process(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string name = parameters.text(0);
  const auto target = find_target(daemon, name);
  if (!target) return reply(std::unexpected(target.error()));
  if (!target->process) return start_all(daemon, target->group, parameters.wait(1), std::move(reply));
  start_one(daemon, *target->process, name, parameters.wait(1), answering(std::move(reply)));
}

void start_process_group(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string group = parameters.text(0);
  if (!is_group(daemon, group)) return reply(refusal(bad_name, group));
  start_all(daemon, group, parameters.wait(1), std::move(reply));
}

void start_all_processes(Daemon& daemon, Parameters parameters, Reply reply) {
  start_all(daemon, std::nullopt, parameters.wait(0), std::move(reply));
}

void stop_process(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string name = parameters.text(0);
  const auto target = find_target(daemon, name);
  if (!target) return reply(std::unexpected(target.error()));
  if (!target->process) return stop_all(daemon, target->group, parameters.wait(1), std::move(reply));
  stop_one(daemon, *target->process, name, parameters.wait(1), answering(std::move(reply)));
}

void stop_process_group(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string group = parameters.text(0);
  if (!is_group(daemon, group)) return reply(refusal(bad_name, group));
  stop_all(daemon, group, parameters.wait(1), std::move(reply));
}

void stop_all_processes(Daemon& daemon, Parameters parameters, Reply reply) {
  stop_all(daemon, std::nullopt, parameters.wait(0), std::move(reply));
}

void signal_process(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string name = parameters.text(0);
  const auto target = find_target(daemon, name);
  if (!target) return reply(std::unexpected(target.error()));
  if (!target->process) return signal_all(daemon, target->group, parameters.text(1), std::move(reply));
  reply(answer_from(signal_one(daemon, *target->process, name, parameters.text(1))));
}

void signal_process_group(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string group = parameters.text(0);
  if (!is_group(daemon, group)) return reply(refusal(bad_name, group));
  signal_all(daemon, group, parameters.text(1), std::move(reply));
}

void signal_all_processes(Daemon& daemon, Parameters parameters, Reply reply) {
  signal_all(daemon, std::nullopt, parameters.text(0), std::move(reply));
}

void send_process_stdin(Daemon& daemon, Parameters parameters, Reply reply) {
  const std::string name = parameters.text(0);
  const std::string* text = parameters.at(1).string();
  if (text == nullptr) return reply(refusal(incorrect_parameters, parameters.text(1)));
  const auto process = find_process(daemon, name);
  if (!process) return reply(std::unexpected(process.error()));
  auto written = daemon.write_stdin(*process, *text);
  if (!written && !written.error().about) written.error().about = name;
  reply(answer_from(written));
}

void send_remote_comm_event(Daemon& daemon, Parameters parameters, Reply reply) {
  daemon.send_event(parameters.text(0), parameters.text(1));
  reply(Value(true));
}

Array array_of(const std::vector<std::string>& names) {
  Array array;
  for (const std::string& name : names) array.emplace_back(name);
  return array;
}

void reload_config(Daemon& daemon, Parameters, Reply reply) {
  const auto changes = daemon.reread();
  if (!changes) return reply(std::unexpected(changes.error()));
  Array lists;
  for (const auto* names : {&changes->added, &changes->changed, &changes->removed}) {
    lists.emplace_back(array_of(*names));
  }
  Array wrapped;
  wrapped.emplace_back(std::move(lists));
  reply(std::move(wrapped));
}

void add_process_group(Daemon& daemon, Parameters parameters, Reply reply) {
  about(parameters.text(0), answering(std::move(reply)))(daemon.add_group(parameters.text(0)));
}

void remove_process_group(Daemon& daemon, Parameters parameters, Reply reply) {
  about(parameters.text(0), answering(std::move(reply)))(daemon.remove_group(parameters.text(0)));
}

void shut_down(Daemon& daemon, Parameters, Reply reply) {
  daemon.shut_down();
  reply(Value(true));
}

void restart(Daemon& daemon, Parameters, Reply reply) {
  daemon.restart();
  reply(Value(true));
}

constexpr Method kMethods[] = {
    {"supervisor.shutdown", "boolean", 0, "Stops all processes and ends the daemon.", shut_down},
    {"supervisor.restart", "boolean", 0, "Stops all processes and begins anew with the configuration.", restart},
    {"supervisor.reloadConfig", "array", 0,
     "Reads the configuration again and tells what has changed, [[added, changed, removed]], without doing anything.",
     reload_config},
    {"supervisor.addProcessGroup", "boolean string", 0, "Activates a group of the configuration.", add_process_group},
    {"supervisor.removeProcessGroup", "boolean string", 0, "Deactivates a group that is stopped.",
     remove_process_group},
    {"supervisor.startProcess", "boolean string boolean", 1,
     "Starts a process, or with group:* a group. Unless told otherwise, answers when it is running.", start_process},
    {"supervisor.startProcessGroup", "array string boolean", 1, "Starts the processes of a group.",
     start_process_group},
    {"supervisor.startAllProcesses", "array boolean", 1, "Starts all processes.", start_all_processes},
    {"supervisor.stopProcess", "boolean string boolean", 1,
     "Stops a process, or with group:* a group. Unless told otherwise, answers when it is stopped.", stop_process},
    {"supervisor.stopProcessGroup", "array string boolean", 1, "Stops the processes of a group.", stop_process_group},
    {"supervisor.stopAllProcesses", "array boolean", 1, "Stops all processes.", stop_all_processes},
    {"supervisor.signalProcess", "boolean string string", 0,
     "Sends a signal, by name or number, to a process, or with group:* to a group.", signal_process},
    {"supervisor.signalProcessGroup", "array string string", 0, "Sends a signal to the processes of a group.",
     signal_process_group},
    {"supervisor.signalAllProcesses", "array string", 0, "Sends a signal to all processes.", signal_all_processes},
    {"supervisor.sendProcessStdin", "boolean string string", 0, "Writes to the standard input of a process.",
     send_process_stdin},
    {"supervisor.sendRemoteCommEvent", "boolean string string", 0, "Sends an event to all that listen for it.",
     send_remote_comm_event},
};

}  // namespace

std::span<const Method> control_methods() {
  return kMethods;
}

}  // namespace foster::compat
