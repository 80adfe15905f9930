#include "api/json_codec.hpp"

#include "api/json_writer.hpp"
#include "api/timestamp.hpp"

namespace foster::api {
namespace {

// {"code": 3}, {"signal": "SIGKILL"}, or null where nothing ended or nobody could learn how.
void write_exit(JsonWriter& json, const std::optional<ExitStatus>& exit) {
  json.key("exit");
  if (exit && std::holds_alternative<Exited>(*exit)) {
    json.begin_object().key("code").number(std::get<Exited>(*exit).code).end_object();
  } else if (exit && std::holds_alternative<Killed>(*exit)) {
    json.begin_object().key("signal").string("SIG" + std::get<Killed>(*exit).signal.name()).end_object();
  } else {
    json.null();
  }
}

void write_cause(JsonWriter& json, const core::Cause& cause) {
  json.key("cause").string_or_null(core::to_string(cause));
  json.key("cause_kind").string(core::to_string(cause.kind));
  json.key("cause_detail").string_or_null(cause.detail);
}

void write_diagnostics(JsonWriter& json, const std::vector<Diagnostic>& diagnostics) {
  json.begin_array();
  for (const Diagnostic& one : diagnostics) {
    json.begin_object();
    json.key("file").string(one.file);
    json.key("line").number(one.line);
    json.key("column").number(one.column);
    json.key("severity").string(one.is_warning ? "warning" : "error");
    json.key("message").string(one.message);
    json.key("hint").string_or_null(one.hint);
    json.key("source").string_or_null(one.source_line);
    json.end_object();
  }
  json.end_array();
}

void write_row(JsonWriter& json, const InstanceRow& row) {
  const core::InstanceView& view = row.view;
  json.begin_object();
  json.key("service").string(view.service);
  json.key("instance").number(view.index);
  json.key("name").string(view.name);
  json.key("state").string(core::to_string(view.state));
  json.key("pid");
  view.pid ? json.number(view.pid->number()) : json.null();
  json.key("run");
  view.run != 0 ? json.number(view.run) : json.null();
  json.key("restarts").number(view.restarts);
  json.key("since").string(to_rfc3339(row.since));
  json.key("ready").boolean(view.ready.has_value());
  write_exit(json, view.exit);
  write_cause(json, view.cause);
  json.key("log").string_or_null(row.log);
  json.key("stderr_log").string_or_null(row.stderr_log);
  json.key("wanted").boolean(view.wanted);
  json.key("next");
  if (view.deadline) {
    const auto away = std::chrono::duration_cast<std::chrono::system_clock::duration>(*view.deadline - view.since);
    json.string(to_rfc3339(row.since + away));
  } else {
    json.null();
  }
  json.key("cpu");
  row.cpu ? json.decimal_micros(row.cpu->count()) : json.null();
  json.key("memory");
  row.memory ? json.number(*row.memory) : json.null();
  json.key("status").string_or_null(row.status);
  json.key("dropped_bytes").number(row.dropped_bytes);
  json.key("log_trouble").string_or_null(row.log_trouble);
  json.end_object();
}

void write_outcomes(JsonWriter& json, const std::vector<Outcome>& outcomes) {
  bool ok = true;
  json.key("outcomes").begin_array();
  for (const Outcome& one : outcomes) {
    ok = ok && one.ok;
    json.begin_object();
    json.key("name").string(one.name);
    json.key("ok").boolean(one.ok);
    json.key("state").string(core::to_string(one.state));
    json.key("why").string_or_null(one.why);
    json.end_object();
  }
  json.end_array();
  json.key("ok").boolean(ok);
}

void write_end(JsonWriter& json, const std::optional<core::RunEnd>& end) {
  json.key("use");
  if (end && end->use) {
    json.begin_object();
    json.key("user").decimal_micros(end->use->user_time.count());
    json.key("system").decimal_micros(end->use->system_time.count());
    json.key("memory");
    end->use->most_resident_bytes ? json.number(*end->use->most_resident_bytes) : json.null();
    json.end_object();
  } else {
    json.null();
  }
  json.key("last_output").string_or_null(end ? end->last_output : std::string());
}

void write_event(JsonWriter& json, const EventRow& row) {
  json.begin_object();
  json.key("id").number(row.id);
  json.key("time").string(to_rfc3339(row.time));
  json.key("name").string(row.name);
  json.key("from").string(core::to_string(row.from));
  json.key("to").string(core::to_string(row.to));
  json.key("run");
  row.run != 0 ? json.number(row.run) : json.null();
  write_exit(json, row.cause.exit);
  write_cause(json, row.cause);
  write_end(json, row.end);
  json.end_object();
}

// Enough for most rows at the first try.
constexpr std::size_t kUsualRow = 420;

}  // namespace

std::string_view to_string(Problem::Kind kind) {
  switch (kind) {
    case Problem::Kind::no_such_service:
      return "no-such-service";
    case Problem::Kind::bad_config:
      return "bad-config";
    case Problem::Kind::bad_request:
      return "bad-request";
    case Problem::Kind::conflict:
      return "conflict";
    case Problem::Kind::failed:
      return "failed";
  }
  return "";
}

unsigned http_status(Problem::Kind kind) {
  switch (kind) {
    case Problem::Kind::no_such_service:
      return 404;
    case Problem::Kind::bad_config:
      return 422;
    case Problem::Kind::bad_request:
      return 400;
    case Problem::Kind::conflict:
      return 409;
    case Problem::Kind::failed:
      return 500;
  }
  return 500;
}

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::start:
      return "start";
    case Verb::stop:
      return "stop";
    case Verb::restart:
      return "restart";
  }
  return "";
}

std::string_view to_string(core::ServiceChange::Kind kind) {
  switch (kind) {
    case core::ServiceChange::Kind::add:
      return "add";
    case core::ServiceChange::Kind::remove:
      return "remove";
    case core::ServiceChange::Kind::restart:
      return "restart";
    case core::ServiceChange::Kind::update:
      return "update";
    case core::ServiceChange::Kind::unchanged:
      return "unchanged";
  }
  return "";
}

std::string encode(const Info& info) {
  JsonWriter json;
  json.begin_object();
  json.key("version").string(info.version);
  json.key("name").string(info.name);
  json.key("reaper").number(info.reaper);
  json.key("supervisor").number(info.supervisor);
  json.key("runtime_dir").string(info.runtime_dir);
  json.key("state_dir").string(info.state_dir);
  json.key("config").string_or_null(info.config);
  json.key("log_dir").string(info.log_dir);
  json.key("history_trouble").string_or_null(info.history_trouble);
  json.key("recoveries").number(info.recoveries);
  json.key("hangs").number(info.hangs);
  json.end_object();
  return json.take();
}

std::string encode(const std::vector<InstanceRow>& rows) {
  JsonWriter json;
  json.reserve(64 + rows.size() * kUsualRow);
  json.begin_object().key("services").begin_array();
  for (const InstanceRow& row : rows) write_row(json, row);
  json.end_array().end_object();
  return json.take();
}

std::string encode(const std::vector<Outcome>& outcomes) {
  JsonWriter json;
  json.begin_object();
  write_outcomes(json, outcomes);
  json.end_object();
  return json.take();
}

std::string encode(const Upgraded& upgraded) {
  JsonWriter json;
  json.begin_object();
  json.key("program").string(upgraded.program);
  json.key("from").string(upgraded.from);
  json.key("to").string(upgraded.to);
  json.end_object();
  return json.take();
}

std::string encode(const Applied& applied) {
  JsonWriter json;
  json.begin_object();
  json.key("changes").begin_array();
  for (const core::ServiceChange& change : applied.changes) {
    json.begin_object();
    json.key("kind").string(to_string(change.kind));
    json.key("service").string(change.service);
    json.key("why").string_or_null(change.why);
    json.end_object();
  }
  json.end_array();
  json.key("warnings");
  write_diagnostics(json, applied.warnings);
  write_outcomes(json, applied.outcomes);
  json.end_object();
  return json.take();
}

std::string encode(const std::vector<EventRow>& rows) {
  JsonWriter json;
  json.begin_object().key("events").begin_array();
  for (const EventRow& row : rows) write_event(json, row);
  json.end_array().end_object();
  return json.take();
}

std::string encode(const EventRow& row) {
  JsonWriter json;
  write_event(json, row);
  return json.take();
}

std::string encode(const Problem& problem) {
  return encode_error(to_string(problem.kind), problem.message, problem.diagnostics);
}

std::string encode_error(std::string_view kind, std::string_view message, const std::vector<Diagnostic>& diagnostics) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.key("kind").string(kind);
  json.key("message").string(message);
  json.key("diagnostics");
  write_diagnostics(json, diagnostics);
  json.end_object().end_object();
  return json.take();
}

}  // namespace foster::api
