// The requests' half of json_codec.hpp: written by clients, read by the server.
#include <boost/json.hpp>

#include <initializer_list>

#include "api/json_codec.hpp"
#include "api/json_writer.hpp"

namespace foster::api {
namespace {

namespace json = boost::json;

std::unexpected<Problem> bad_request(std::string message) {
  return std::unexpected(Problem{Problem::Kind::bad_request, std::move(message), {}});
}

// The body as an object that has no members but these. An empty body stands for an empty object.
Answer<json::object> object_of(std::string_view body, std::initializer_list<std::string_view> known) {
  if (body.empty()) return json::object{};
  json::error_code error;
  json::value value = json::parse({body.data(), body.size()}, error);
  if (error) return bad_request("the body is not JSON: " + error.message());
  if (!value.is_object()) return bad_request("the body must be a JSON object");
  for (const auto& member : value.get_object()) {
    const std::string_view name{member.key().data(), member.key().size()};
    bool is_known = false;
    for (const std::string_view one : known) is_known = is_known || one == name;
    if (!is_known) return bad_request("unknown member \"" + std::string(name) + "\"");
  }
  return std::move(value.get_object());
}

Answer<bool> flag(const json::object& object, std::string_view name, bool otherwise) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) return bad_request("\"" + std::string(name) + "\" must be true or false");
  return value->get_bool();
}

Answer<std::string> text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return bad_request("\"" + std::string(name) + "\" is missing");
  if (!value->is_string()) return bad_request("\"" + std::string(name) + "\" must be a string");
  return std::string(value->get_string().data(), value->get_string().size());
}

Answer<std::vector<std::string>> names(const json::object& object) {
  const json::value* value = object.if_contains("names");
  if (value == nullptr) return bad_request("\"names\" is missing");
  if (!value->is_array()) return bad_request("\"names\" must be an array of strings");
  std::vector<std::string> list;
  for (const json::value& one : value->get_array()) {
    if (!one.is_string()) return bad_request("\"names\" must be an array of strings");
    list.emplace_back(one.get_string().data(), one.get_string().size());
  }
  if (list.empty()) return bad_request("\"names\" is empty; [\"*\"] means all");
  return list;
}

void write_names(JsonWriter& out, const std::vector<std::string>& list) {
  out.key("names").begin_array();
  for (const std::string& one : list) out.string(one);
  out.end_array();
}

}  // namespace

std::string encode(const ChangeRequest& request) {
  JsonWriter out;
  out.begin_object();
  write_names(out, request.patterns);
  out.key("wait").boolean(request.wait).end_object();
  return out.take();
}

std::string encode(const SignalRequest& request) {
  JsonWriter out;
  out.begin_object();
  write_names(out, request.patterns);
  out.key("signal").string("SIG" + request.signal.name()).end_object();
  return out.take();
}

std::string encode(const ApplyRequest& request) {
  JsonWriter out;
  out.begin_object();
  out.key("config").string(request.config);
  out.key("dry_run").boolean(request.dry_run);
  out.key("wait").boolean(request.wait).end_object();
  return out.take();
}

std::string encode(const RunRequest& request) {
  JsonWriter out;
  out.begin_object();
  out.key("name").string(request.name);
  out.key("definition").plain(request.definition);
  out.key("replace").boolean(request.replace);
  out.key("wait").boolean(request.wait).end_object();
  return out.take();
}

std::string encode(const AdoptRequest& request) {
  JsonWriter out;
  out.begin_object();
  out.key("name").string(request.name);
  if (request.pidfile.empty()) {
    out.key("pid").number(request.pid);
  } else {
    out.key("pidfile").string(request.pidfile);
  }
  if (!request.definition.empty()) out.key("definition").plain(request.definition);
  out.end_object();
  return out.take();
}

std::string encode(const UpgradeRequest& request) {
  JsonWriter out;
  out.begin_object();
  if (!request.program.empty()) out.key("program").string(request.program);
  out.end_object();
  return out.take();
}

Answer<ChangeRequest> decode_change(Verb verb, std::string_view body) {
  const auto object = object_of(body, {"names", "wait"});
  if (!object) return std::unexpected(object.error());
  auto patterns = names(*object);
  if (!patterns) return std::unexpected(patterns.error());
  const auto wait = flag(*object, "wait", true);
  if (!wait) return std::unexpected(wait.error());
  return ChangeRequest{.verb = verb, .patterns = std::move(*patterns), .wait = *wait};
}

Answer<SignalRequest> decode_signal(std::string_view body) {
  const auto object = object_of(body, {"names", "signal"});
  if (!object) return std::unexpected(object.error());
  auto patterns = names(*object);
  if (!patterns) return std::unexpected(patterns.error());
  const auto word = text(*object, "signal");
  if (!word) return std::unexpected(word.error());
  const auto signal = Signal::from_name(*word);
  if (!signal) return bad_request("no signal is called \"" + *word + "\"");
  return SignalRequest{.patterns = std::move(*patterns), .signal = *signal};
}

Answer<ApplyRequest> decode_apply(std::string_view body) {
  const auto object = object_of(body, {"config", "dry_run", "wait"});
  if (!object) return std::unexpected(object.error());
  auto config = text(*object, "config");
  if (!config) return std::unexpected(config.error());
  if (!config->starts_with('/')) return bad_request("\"config\" must be an absolute path");
  const auto dry_run = flag(*object, "dry_run", false);
  if (!dry_run) return std::unexpected(dry_run.error());
  const auto wait = flag(*object, "wait", true);
  if (!wait) return std::unexpected(wait.error());
  return ApplyRequest{.config = std::move(*config), .dry_run = *dry_run, .wait = *wait};
}

Answer<AdoptRequest> decode_adopt(std::string_view body) {
  const auto object = object_of(body, {"name", "pid", "pidfile", "definition"});
  if (!object) return std::unexpected(object.error());
  auto name = text(*object, "name");
  if (!name) return std::unexpected(name.error());
  AdoptRequest request{.name = std::move(*name), .pid = 0, .pidfile = {}, .definition = {}};
  const json::value* pid = object->if_contains("pid");
  const bool has_pidfile = object->if_contains("pidfile") != nullptr;
  if ((pid != nullptr) == has_pidfile) return bad_request("one of \"pid\" and \"pidfile\" is needed");
  if (has_pidfile) {
    auto path = text(*object, "pidfile");
    if (!path) return std::unexpected(path.error());
    if (!path->starts_with('/')) return bad_request("\"pidfile\" must be an absolute path");
    request.pidfile = std::move(*path);
  } else {
    json::error_code error;
    request.pid = pid->to_number<pid_t>(error);
    if (error || request.pid <= 0) return bad_request("\"pid\" must be the number of a process");
  }
  if (const json::value* definition = object->if_contains("definition")) {
    if (!definition->is_object()) return bad_request("\"definition\" must be an object");
    request.definition = json::serialize(*definition);
  }
  return request;
}

Answer<UpgradeRequest> decode_upgrade(std::string_view body) {
  const auto object = object_of(body, {"program"});
  if (!object) return std::unexpected(object.error());
  if (object->if_contains("program") == nullptr) return UpgradeRequest{};
  auto program = text(*object, "program");
  if (!program) return std::unexpected(program.error());
  if (!program->starts_with('/')) return bad_request("\"program\" must be an absolute path");
  return UpgradeRequest{.program = std::move(*program)};
}

Answer<RunRequest> decode_run(std::string_view body) {
  const auto object = object_of(body, {"name", "definition", "replace", "wait"});
  if (!object) return std::unexpected(object.error());
  auto name = text(*object, "name");
  if (!name) return std::unexpected(name.error());
  const json::value* definition = object->if_contains("definition");
  if (definition == nullptr) return bad_request("\"definition\" is missing");
  if (!definition->is_object()) return bad_request("\"definition\" must be an object");
  const auto replace = flag(*object, "replace", false);
  if (!replace) return std::unexpected(replace.error());
  const auto wait = flag(*object, "wait", true);
  if (!wait) return std::unexpected(wait.error());
  return RunRequest{
      .name = std::move(*name), .definition = json::serialize(*definition), .replace = *replace, .wait = *wait};
}

}  // namespace foster::api
