#include "compat/methods.hpp"

#include <algorithm>

#include "compat/method.hpp"
#include "compat/process_name.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kSupervisor = "supervisor.";
// The one that is of use even to a daemon that is about to end.
constexpr std::string_view kSendEvent = "supervisor.sendRemoteCommEvent";

std::vector<std::string_view> words_of(std::string_view signature) {
  std::vector<std::string_view> words;
  while (!signature.empty()) {
    const auto end = std::min(signature.find(' '), signature.size());
    words.push_back(signature.substr(0, end));
    signature.remove_prefix(std::min(end + 1, signature.size()));
  }
  return words;
}

bool fits(const Value& value, std::string_view type) {
  if (type == "string") return value.string() != nullptr || value.integer();
  if (type == "array") return value.array() != nullptr;
  return value.integer() || value.boolean();
}

bool fit(const Array& parameters, const Method& method) {
  const auto types = words_of(method.signature);
  const std::size_t most = types.size() - 1;
  if (parameters.size() > most || parameters.size() + method.optional < most) return false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!fits(parameters[i], types[i + 1])) return false;
  }
  return true;
}

// Hands on each table of methods that this daemon offers.
template <class Visit>
void each_table(const Daemon& daemon, Visit visit) {
  if (daemon.has_supervisor_methods()) {
    visit(information_methods());
    visit(control_methods());
    visit(log_methods());
  }
  visit(system_methods());
}

const Method* find_method(const Daemon& daemon, std::string_view name) {
  const Method* found = nullptr;
  each_table(daemon, [&](std::span<const Method> table) {
    const auto row = std::ranges::find(table, name, &Method::name);
    if (row != table.end()) found = &*row;
  });
  return found;
}

bool is_leaving(const Daemon& daemon) {
  return daemon.mood() == Mood::shutdown || daemon.mood() == Mood::restarting;
}

Answer refused(FaultCode code) {
  return refusal(code);
}

}  // namespace

std::string Parameters::text(std::size_t index) const {
  const Value& value = values_.at(index);
  return value.string() != nullptr ? *value.string() : std::to_string(value.integer().value_or(0));
}

std::int64_t Parameters::number(std::size_t index) const {
  const Value& value = values_.at(index);
  return value.integer() ? *value.integer() : static_cast<std::int64_t>(value.boolean().value_or(false));
}

Wait Parameters::wait(std::size_t index) const {
  return index < values_.size() && number(index) == 0 ? Wait::not_at_all : Wait::until_done;
}

std::vector<const Method*> methods_of(const Daemon& daemon) {
  std::vector<const Method*> all;
  each_table(daemon, [&](std::span<const Method> table) {
    for (const Method& row : table) all.push_back(&row);
  });
  std::ranges::sort(all, {}, &Method::name);
  return all;
}

Outcome<Target> find_target(const Daemon& daemon, const std::string& name) {
  ProcessName wanted = process_name_from(name);
  if (!wanted.process) {
    if (std::ranges::count(daemon.groups(), wanted.group) == 0) return refusal(FaultCode::bad_name, name);
    return Target{.group = std::move(wanted.group), .process = std::nullopt};
  }
  for (Process& process : daemon.processes()) {
    if (process.group != wanted.group || process.name != *wanted.process) continue;
    return Target{.group = std::move(wanted.group), .process = std::move(process)};
  }
  return refusal(FaultCode::bad_name, name);
}

Outcome<Process> find_process(const Daemon& daemon, const std::string& name) {
  auto target = find_target(daemon, name);
  if (!target) return std::unexpected(target.error());
  if (!target->process) return refusal(FaultCode::bad_name, name);
  return std::move(*target->process);
}

Answer answer_from(const Outcome<>& outcome) {
  if (!outcome) return std::unexpected(outcome.error());
  return Value(true);
}

void call_method(Daemon& daemon, const Call& call, std::move_only_function<void(MethodResponse)> answer) {
  Reply reply = [answer = std::move(answer)](Answer given) mutable {
    if (given) {
      answer(std::move(*given));
    } else {
      answer(Fault{.code = static_cast<std::int64_t>(given.error().code), .text = given.error().text()});
    }
  };
  const Method* const found = find_method(daemon, call.method);
  if (found == nullptr) return reply(refused(FaultCode::unknown_method));
  const Method& method = *found;
  if (!fit(call.parameters, method)) return reply(refused(FaultCode::incorrect_parameters));
  if (method.name.starts_with(kSupervisor) && method.name != kSendEvent && is_leaving(daemon)) {
    return reply(refused(FaultCode::shutdown_state));
  }
  method.run(daemon, Parameters(call.parameters), std::move(reply));
}

}  // namespace foster::compat
