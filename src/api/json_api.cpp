#include "api/json_api.hpp"

#include <charconv>

#include "api/json_codec.hpp"

namespace foster::api {
namespace {

constexpr std::size_t kDefaultHistory = 100;
constexpr std::size_t kMostHistory = 10'000;

// The answer of the service, whatever its type, as a response.
template <class Value>
Done<Value> answer_with(Reply reply) {
  return [reply = std::move(reply)](Answer<Value> answer) mutable {
    reply(answer ? Response{.body = encode(*answer)} : problem_response(answer.error()));
  };
}

void change(ControlService& service, const Request& request, Verb verb, Reply reply) {
  auto wanted = decode_change(verb, request.body);
  if (!wanted) return reply(problem_response(wanted.error()));
  service.change(std::move(*wanted), request.actor, answer_with<std::vector<Outcome>>(std::move(reply)));
}

void history(ControlService& service, const Request& request, const std::string& name, Reply reply) {
  if (const auto problem = unknown_parameter(request, {"n"})) return reply(problem_response(*problem));
  const auto most = number_parameter(request, "n");
  if (!most) return reply(problem_response(most.error()));
  const auto rows = service.history(name, std::min<std::size_t>(most->value_or(kDefaultHistory), kMostHistory));
  reply(rows ? Response{.body = encode(*rows)} : problem_response(rows.error()));
}

}  // namespace

Response problem_response(const Problem& problem) {
  return {.status = http_status(problem.kind), .body = encode(problem)};
}

std::optional<Problem> unknown_parameter(const Request& request, std::initializer_list<std::string_view> known) {
  for (const Parameter& given : request.query) {
    bool is_known = false;
    for (const std::string_view one : known) is_known = is_known || one == given.name;
    if (!is_known) return Problem{Problem::Kind::bad_request, "unknown parameter \"" + given.name + "\"", {}};
  }
  return std::nullopt;
}

Answer<std::optional<std::uint64_t>> number_parameter(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) {
    return std::unexpected(Problem{Problem::Kind::bad_request, "\"" + std::string(name) + "\" must be a number", {}});
  }
  return value;
}

Answer<bool> flag_parameter(const Request& request, std::string_view name) {
  const std::string* text = request.parameter(name);
  if (text == nullptr || *text == "0" || *text == "false") return false;
  if (text->empty() || *text == "1" || *text == "true") return true;
  return std::unexpected(Problem{Problem::Kind::bad_request, "\"" + std::string(name) + "\" must be 1 or 0", {}});
}

void handle_info(ControlService& service, Request& request, Reply reply) {
  if (const auto problem = unknown_parameter(request, {})) return reply(problem_response(*problem));
  reply({.body = encode(service.info())});
}

void handle_list(ControlService& service, Request& request, Reply reply) {
  if (const auto problem = unknown_parameter(request, {"name"})) return reply(problem_response(*problem));
  std::vector<std::string> patterns;
  for (const Parameter& one : request.query) patterns.push_back(one.value);
  const auto rows = service.list(patterns);
  reply(rows ? Response{.body = encode(*rows)} : problem_response(rows.error()));
}

void handle_start(ControlService& service, Request& request, Reply reply) {
  change(service, request, Verb::start, std::move(reply));
}

void handle_stop(ControlService& service, Request& request, Reply reply) {
  change(service, request, Verb::stop, std::move(reply));
}

void handle_restart(ControlService& service, Request& request, Reply reply) {
  change(service, request, Verb::restart, std::move(reply));
}

void handle_signal(ControlService& service, Request& request, Reply reply) {
  auto wanted = decode_signal(request.body);
  if (!wanted) return reply(problem_response(wanted.error()));
  service.signal(std::move(wanted->patterns), wanted->signal, request.actor,
                 answer_with<std::vector<Outcome>>(std::move(reply)));
}

void handle_apply(ControlService& service, Request& request, Reply reply) {
  auto wanted = decode_apply(request.body);
  if (!wanted) return reply(problem_response(wanted.error()));
  service.apply(std::move(*wanted), request.actor, answer_with<Applied>(std::move(reply)));
}

void handle_run(ControlService& service, Request& request, Reply reply) {
  auto wanted = decode_run(request.body);
  if (!wanted) return reply(problem_response(wanted.error()));
  service.run(std::move(*wanted), request.actor, answer_with<std::vector<Outcome>>(std::move(reply)));
}

void handle_adopt(ControlService& service, Request& request, Reply reply) {
  auto wanted = decode_adopt(request.body);
  if (!wanted) return reply(problem_response(wanted.error()));
  service.adopt(std::move(*wanted), request.actor, answer_with<std::vector<Outcome>>(std::move(reply)));
}

void handle_upgrade(ControlService& service, Request& request, Reply reply) {
  auto wanted = decode_upgrade(request.body);
  if (!wanted) return reply(problem_response(wanted.error()));
  service.upgrade(std::move(*wanted), request.actor, answer_with<Upgraded>(std::move(reply)));
}

void handle_shutdown(ControlService& service, Request& request, Reply reply) {
  service.shut_down(request.actor, answer_with<std::vector<Outcome>>(std::move(reply)));
}

void handle_history(ControlService& service, Request& request, Reply reply) {
  history(service, request, request.captures.front(), std::move(reply));
}

void handle_whole_history(ControlService& service, Request& request, Reply reply) {
  history(service, request, {}, std::move(reply));
}

}  // namespace foster::api
