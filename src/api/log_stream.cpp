#include "api/log_stream.hpp"

#include <map>

#include "api/json_api.hpp"
#include "api/log_name.hpp"
#include "api/log_position.hpp"
#include "api/log_source.hpp"

namespace foster::api {
namespace {

Problem bad_request(std::string message) {
  return {Problem::Kind::bad_request, std::move(message), {}};
}

LogFormat format_of(const Request& request) {
  const bool wants_events = request.accept.find("text/event-stream") != std::string::npos;
  return wants_events ? LogFormat::events : LogFormat::bytes;
}

Response respond_with(std::unique_ptr<LogSource> source, LogFormat format) {
  Response response;
  response.content_type = format == LogFormat::events ? "text/event-stream" : "application/octet-stream";
  response.source = std::move(source);
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

// What both handlers understand.
struct Options {
  std::optional<std::uint64_t> lines;
  AfterTheEnd after_the_end = AfterTheEnd::stop;
};

Answer<Options> options_of(const Request& request) {
  const auto lines = number_parameter(request, "lines");
  if (!lines) return std::unexpected(lines.error());
  const auto follow = flag_parameter(request, "follow");
  if (!follow) return std::unexpected(follow.error());
  return Options{.lines = *lines, .after_the_end = *follow ? AfterTheEnd::follow : AfterTheEnd::stop};
}

// `resume=NAME=POSITION`, any number of them.
Answer<std::map<std::string, LogPosition>> resume_positions(const Request& request) {
  std::map<std::string, LogPosition> positions;
  for (const Parameter& one : request.query) {
    if (one.name != "resume") continue;
    const auto equals = one.value.rfind('=');
    if (equals == std::string::npos) return std::unexpected(bad_request("\"resume\" must be NAME=POSITION"));
    const auto position = log_position_from_string(std::string_view(one.value).substr(equals + 1));
    if (!position) return std::unexpected(bad_request("\"resume\" must be NAME=POSITION"));
    positions[one.value.substr(0, equals)] = *position;
  }
  return positions;
}

std::optional<Problem> add_reader(ControlService& service, LogSource& source, const FoundLog& wanted,
                                  const Options& options, const LogPosition& from) {
  auto cursor = service.open_log(
      {.name = wanted.instance, .stream = wanted.stream, .last_lines = options.lines, .resume = from.token});
  if (!cursor) return cursor.error();
  source.add(log_name(wanted.instance, wanted.stream), std::move(*cursor), from);
  return std::nullopt;
}

Answer<core::Stream> stream_of(const Request& request) {
  const std::string* word = request.parameter("stream");
  if (word == nullptr || *word == "stdout") return core::Stream::out;
  if (*word == "stderr") return core::Stream::err;
  return std::unexpected(bad_request("\"stream\" must be stdout or stderr"));
}

}  // namespace

void handle_log(ControlService& service, Request& request, Reply reply) {
  if (const auto problem = unknown_parameter(request, {"lines", "follow", "resume", "raw", "stream"})) {
    return reply(problem_response(*problem));
  }
  const auto options = options_of(request);
  if (!options) return reply(problem_response(options.error()));
  const auto stream = stream_of(request);
  if (!stream) return reply(problem_response(stream.error()));
  const std::string* resume = request.parameter("resume");
  const std::string& position = resume != nullptr ? *resume : request.last_event_id;
  const auto from = position.empty() ? LogPosition{} : log_position_from_string(position);
  if (!from) return reply(problem_response(bad_request("\"resume\" must be a position")));
  const LogFormat format = format_of(request);
  auto source = std::make_unique<LogSource>(format, options->after_the_end);
  if (const auto problem = add_reader(service, *source, {request.captures.front(), *stream}, *options, *from)) {
    return reply(problem_response(*problem));
  }
  reply(respond_with(std::move(source), format));
}

void handle_logs(ControlService& service, Request& request, Reply reply) {
  if (const auto problem = unknown_parameter(request, {"name", "lines", "follow", "resume"})) {
    return reply(problem_response(*problem));
  }
  const auto options = options_of(request);
  if (!options) return reply(problem_response(options.error()));
  std::vector<LogPattern> patterns;
  for (const Parameter& one : request.query) {
    if (one.name == "name") patterns.push_back(parse_log_pattern(one.value));
  }
  auto positions = resume_positions(request);
  if (!positions) return reply(problem_response(positions.error()));
  const auto logs = find_logs(service, patterns);
  if (!logs) return reply(problem_response(logs.error()));
  const LogFormat format = format_of(request);
  auto source = std::make_unique<LogSource>(format, options->after_the_end);
  if (options->after_the_end == AfterTheEnd::follow) source->follow_new_ones(service, patterns, *positions);
  for (const FoundLog& log : *logs) {
    const std::string name = log_name(log.instance, log.stream);
    if (!log.is_kept) {
      source->ignore(name);
    } else if (const auto problem = add_reader(service, *source, log, *options, (*positions)[name])) {
      // Among many, one that cannot be read hides none of the others.
      if (logs->size() == 1) return reply(problem_response(*problem));
      source->ignore(name);
    }
  }
  reply(respond_with(std::move(source), format));
}

}  // namespace foster::api
