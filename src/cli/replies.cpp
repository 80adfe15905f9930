#include "cli/replies.hpp"

#include <boost/json.hpp>

#include "api/timestamp.hpp"

namespace foster::cli {
namespace {

namespace json = boost::json;

// One object of an answer. What is absent, null or of another type reads as nothing.
class Fields {
 public:
  explicit Fields(const json::value& value) : object_(value.if_object()) {}

  [[nodiscard]] const json::value* find(std::string_view name) const {
    return object_ != nullptr ? object_->if_contains({name.data(), name.size()}) : nullptr;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
  }
  [[nodiscard]] bool flag(std::string_view name) const {
    const json::value* value = find(name);
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  template <class Number>
  [[nodiscard]] std::optional<Number> number(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    json::error_code error;
    const auto number = value->to_number<Number>(error);
    if (error) return std::nullopt;
    return number;
  }
  [[nodiscard]] core::State state(std::string_view name) const {
    return core::state_from_string(text(name)).value_or(core::State::stopped);
  }
  [[nodiscard]] std::optional<WallTime> time(std::string_view name) const { return api::from_rfc3339(text(name)); }
  [[nodiscard]] std::optional<ExitStatus> exit() const {
    const json::value* value = find("exit");
    if (value == nullptr || !value->is_object()) return std::nullopt;
    const Fields fields(*value);
    if (const auto code = fields.number<int>("code")) return Exited{*code};
    if (const auto signal = Signal::from_name(fields.text("signal"))) return Killed{*signal};
    return std::nullopt;
  }
  template <class Element, class Read>
  [[nodiscard]] std::vector<Element> list(std::string_view name, Read read) const {
    std::vector<Element> elements;
    const json::value* value = find(name);
    if (value == nullptr || !value->is_array()) return elements;
    elements.reserve(value->get_array().size());
    for (const json::value& one : value->get_array()) elements.push_back(read(Fields(one)));
    return elements;
  }

 private:
  const json::object* object_;
};

// What is read once and let go of as a whole has its memory in few pieces.
std::optional<json::value> parse(std::string_view text, std::string_view needed) {
  json::error_code error;
  auto memory = json::make_shared_resource<json::monotonic_resource>();
  json::value value = json::parse({text.data(), text.size()}, error, std::move(memory));
  if (error || Fields(value).find(needed) == nullptr) return std::nullopt;
  return value;
}

Row row_from(const Fields& fields) {
  return {.service = fields.text("service"),
          .name = fields.text("name"),
          .state = fields.state("state"),
          .pid = fields.number<std::int64_t>("pid"),
          .run = fields.number<std::uint64_t>("run"),
          .restarts = fields.number<std::uint64_t>("restarts").value_or(0),
          .since = fields.time("since").value_or(WallTime{}),
          .is_ready = fields.flag("ready"),
          .exit = fields.exit(),
          .cause = fields.text("cause"),
          .cause_kind = fields.text("cause_kind"),
          .log = fields.text("log"),
          .stderr_log = fields.text("stderr_log"),
          .is_wanted = fields.flag("wanted"),
          .next = fields.time("next"),
          .cpu = fields.number<double>("cpu"),
          .memory = fields.number<std::uint64_t>("memory"),
          .status = fields.text("status"),
          .dropped_bytes = fields.number<std::uint64_t>("dropped_bytes").value_or(0),
          .log_trouble = fields.text("log_trouble")};
}

DiagnosticRow diagnostic_from(const Fields& fields) {
  return {.file = fields.text("file"),
          .line = fields.number<unsigned>("line").value_or(0),
          .column = fields.number<unsigned>("column").value_or(0),
          .is_warning = fields.text("severity") == "warning",
          .message = fields.text("message"),
          .hint = fields.text("hint"),
          .source = fields.text("source")};
}

std::optional<UseRow> use_from(const json::value* value) {
  if (value == nullptr || !value->is_object()) return std::nullopt;
  const Fields fields(*value);
  return UseRow{.user = fields.number<double>("user").value_or(0),
                .system = fields.number<double>("system").value_or(0),
                .memory = fields.number<std::uint64_t>("memory")};
}

HistoryRow history_from(const Fields& fields) {
  return {.id = fields.number<std::uint64_t>("id").value_or(0),
          .time = fields.time("time").value_or(WallTime{}),
          .name = fields.text("name"),
          .from = fields.state("from"),
          .to = fields.state("to"),
          .run = fields.number<std::uint64_t>("run"),
          .exit = fields.exit(),
          .cause = fields.text("cause"),
          .cause_kind = fields.text("cause_kind"),
          .cause_detail = fields.text("cause_detail"),
          .use = use_from(fields.find("use")),
          .last_output = fields.text("last_output")};
}

}  // namespace

std::optional<std::vector<Row>> read_rows(std::string_view text) {
  const auto value = parse(text, "services");
  if (!value) return std::nullopt;
  return Fields(*value).list<Row>("services", row_from);
}

std::optional<InstanceInfo> read_info(std::string_view text) {
  const auto value = parse(text, "reaper");
  if (!value) return std::nullopt;
  const Fields fields(*value);
  return InstanceInfo{.version = fields.text("version"),
                      .name = fields.text("name"),
                      .reaper = fields.number<std::int64_t>("reaper").value_or(0),
                      .supervisor = fields.number<std::int64_t>("supervisor").value_or(0),
                      .runtime_dir = fields.text("runtime_dir"),
                      .state_dir = fields.text("state_dir"),
                      .log_dir = fields.text("log_dir"),
                      .config = fields.text("config"),
                      .history_trouble = fields.text("history_trouble")};
}

std::optional<TakenOver> read_upgraded(std::string_view text) {
  const auto value = parse(text, "program");
  if (!value) return std::nullopt;
  const Fields fields(*value);
  return TakenOver{.program = fields.text("program"), .from = fields.text("from"), .to = fields.text("to")};
}

std::optional<Changed> read_changed(std::string_view text) {
  const auto value = parse(text, "outcomes");
  if (!value) return std::nullopt;
  const Fields fields(*value);
  Changed changed;
  changed.outcomes = fields.list<OutcomeRow>("outcomes", [](const Fields& one) {
    return OutcomeRow{
        .name = one.text("name"), .is_ok = one.flag("ok"), .state = one.state("state"), .why = one.text("why")};
  });
  changed.changes = fields.list<ChangeRow>("changes", [](const Fields& one) {
    return ChangeRow{.kind = one.text("kind"), .service = one.text("service"), .why = one.text("why")};
  });
  changed.warnings = fields.list<DiagnosticRow>("warnings", diagnostic_from);
  return changed;
}

std::optional<std::vector<HistoryRow>> read_history(std::string_view text) {
  const auto value = parse(text, "events");
  if (!value) return std::nullopt;
  return Fields(*value).list<HistoryRow>("events", history_from);
}

std::vector<std::string> raw_events(std::string_view text) {
  std::vector<std::string> events;
  const auto value = parse(text, "events");
  if (!value || !value->get_object().at("events").is_array()) return events;
  for (const json::value& one : value->get_object().at("events").get_array()) events.push_back(json::serialize(one));
  return events;
}

std::optional<HistoryRow> read_event(std::string_view text) {
  const auto value = parse(text, "to");
  if (!value) return std::nullopt;
  return history_from(Fields(*value));
}

std::optional<ProblemRow> read_problem(std::string_view text) {
  const auto value = parse(text, "error");
  if (!value) return std::nullopt;
  const Fields fields(*Fields(*value).find("error"));
  return ProblemRow{.kind = fields.text("kind"),
                    .message = fields.text("message"),
                    .diagnostics = fields.list<DiagnosticRow>("diagnostics", diagnostic_from)};
}

std::vector<std::string> rows_with_foster(std::string_view text, std::string_view name) {
  std::vector<std::string> rows;
  const auto value = parse(text, "services");
  if (!value || !value->get_object().at("services").is_array()) return rows;
  for (const json::value& one : value->get_object().at("services").get_array()) {
    json::object row{{"foster", json::string_view(name.data(), name.size())}};
    if (one.is_object()) row.insert(one.get_object().begin(), one.get_object().end());
    rows.push_back(json::serialize(row));
  }
  return rows;
}

}  // namespace foster::cli
