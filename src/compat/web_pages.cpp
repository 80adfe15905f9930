#include "compat/web_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>
#include <tuple>

#include "compat/description.hpp"
#include "compat/log_window.hpp"
#include "compat/method.hpp"
#include "compat/process_name.hpp"
#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kStyle = "/stylesheets/supervisor.css";
constexpr std::int64_t kLeastTail = 1024;
constexpr std::int64_t kMostTail = 1 << 20;

constexpr std::string_view kStyleSheet =
    R"(body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3em .8em .3em 0; border-bottom: 1px solid #8884; vertical-align: baseline; }
form { display: inline; }
.running { color: #17803d; } .fatal, .backoff, .unknown { color: #c02020; font-weight: bold; }
.message { padding: .5em 1em; background: #8882; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #ddd; } a { color: #8ab4f8; } }
)";

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  std::string quoted;
  for (const char c : out) {
    if (c == '"') {
      quoted += "&quot;";
    } else {
      quoted += c;
    }
  }
  return quoted;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string document(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"{}\"></head>\n"
      "<body>\n{}</body></html>\n",
      title, kStyle, body);
}

// A button of its own form: what changes something is never a link.
std::string button(std::string_view action, std::string_view text, const std::string& name = {}) {
  const std::string field =
      name.empty() ? "" : fmt::format("<input type=\"hidden\" name=\"processname\" value=\"{}\">", escaped(name));
  return fmt::format(
      "<form method=\"post\" action=\"index.html\"><input type=\"hidden\" name=\"action\" value=\"{}\">{}"
      "<button>{}</button></form>\n",
      action, field, text);
}

std::string row(const Process& process, std::int64_t now) {
  const std::string name = full_name(process.group, process.name);
  const std::string in_url = url_encoded(name);
  std::string actions;
  if (process.state == ProcessState::running) {
    actions = button("restart", "Restart", name) + button("stop", "Stop", name);
  } else if (process.state == ProcessState::stopped || process.state == ProcessState::exited ||
             process.state == ProcessState::fatal) {
    actions = button("start", "Start", name);
  }
  actions += button("clearlog", "Clear Log", name);
  for (const std::string_view channel : {"stdout", "stderr"}) {
    actions += fmt::format("<a href=\"logtail/{}/{}\" target=\"_blank\">Tail -f {}</a>\n", in_url, channel,
                           channel == "stdout" ? "Stdout" : "Stderr");
  }
  const std::string state = lower(name_of(process.state));
  return fmt::format(
      "<tr><td class=\"{0}\">{0}</td><td>{1}</td><td><a href=\"tail.html?processname={2}\" "
      "target=\"_blank\">{3}</a></td>"
      "<td>{4}</td></tr>\n",
      state, escaped(description_of(process, now)), in_url, escaped(name), actions);
}

std::string index_page(const Daemon& daemon, const WebForm& form) {
  std::string body = "<h1>Supervisor</h1>\n";
  if (const auto message = form.value("message"); !message.empty()) {
    body += fmt::format("<p class=\"message\">{}</p>\n", escaped(message));
  }
  body += button("refresh", "Refresh") + button("restartall", "Restart All") + button("stopall", "Stop All");
  auto processes = daemon.processes();
  std::ranges::stable_sort(processes, {}, [](const Process& one) { return std::tie(one.group, one.name); });
  if (processes.empty()) return document("Supervisor", body + "<p>No programs to manage</p>\n");
  body += "<table><thead><tr><th>State</th><th>Description</th><th>Name</th><th>Action</th></tr></thead><tbody>\n";
  for (const Process& process : processes) body += row(process, daemon.now());
  return document("Supervisor", body + "</tbody></table>\n");
}

std::string tail_of(Daemon& daemon, const WebForm& form) {
  const std::string name(form.value("processname"));
  if (name.empty()) return "No process name found";
  const auto process = find_process(daemon, name);
  if (!process)
    return fmt::format("ERROR: unexpected rpc fault [{}] {}", static_cast<int>(process.error().code),
                       process.error().text());
  const std::string_view limit = form.value("limit");
  std::int64_t most = kLeastTail;
  (void)std::from_chars(limit.data(), limit.data() + limit.size(), most);
  most = std::clamp(most, kLeastTail, kMostTail);
  if (process->stdout_log.empty()) return fmt::format("No file for {}", name);
  daemon.bring_logs_up_to_date(*process);
  const auto text = read_window(process->stdout_log, -most, 0);
  return text ? *text : fmt::format("No file for {}", name);
}

std::string tail_page(Daemon& daemon, const WebForm& form) {
  const std::string title = escaped(fmt::format("Supervisor: {}", form.value("processname")));
  const std::string again = fmt::format("<p><a href=\"tail.html?processname={}&amp;limit={}\">Refresh</a></p>\n",
                                        url_encoded(form.value("processname")), url_encoded(form.value("limit")));
  return document(title, fmt::format("<pre>{}</pre>\n{}", escaped(tail_of(daemon, form)), again));
}

std::string time_now(const Daemon& daemon) {
  const std::time_t now = daemon.now();
  char text[32] = {};
  std::tm parts{};
  if (::localtime_r(&now, &parts) == nullptr || std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts) == 0)
    return {};
  return text;
}

Call call(std::string_view method, Array parameters = {}) {
  return {.method = fmt::format("supervisor.{}", method), .parameters = std::move(parameters)};
}

}  // namespace

bool is_web_page(std::string_view path) {
  return path == "/" || path == "/index.html" || path == "/tail.html" || path == "/ok.html" || path == kStyle;
}

std::string web_page(Daemon& daemon, std::string_view path, const WebForm& form) {
  if (path == "/ok.html") return "OK";
  if (path == kStyle) return std::string(kStyleSheet);
  if (path == "/tail.html") return tail_page(daemon, form);
  return index_page(daemon, form);
}

std::string_view web_page_type(std::string_view path) {
  return path == kStyle ? "text/css;charset=utf-8" : "text/html;charset=utf-8";
}

std::optional<WebAction> web_action(const Daemon& daemon, const WebForm& form) {
  const std::string_view action = form.value("action");
  const std::string name(form.value("processname"));
  const std::string now = time_now(daemon);
  if (action == "refresh") return WebAction{.calls = {}, .done = "Page refreshed at " + now, .process = {}};
  if (action == "stopall") {
    return WebAction{.calls = {call("stopAllProcesses")}, .done = "All stopped at " + now, .process = {}};
  }
  if (action == "restartall") {
    return WebAction{.calls = {call("stopAllProcesses"), call("startAllProcesses")},
                     .done = "All restarted at " + now,
                     .process = {}};
  }
  const bool is_of_one = action == "start" || action == "stop" || action == "restart" || action == "clearlog";
  if (is_of_one && !find_process(daemon, name)) {
    return WebAction{.calls = {}, .done = fmt::format("No such process named {}", name), .process = name};
  }
  if (action == "start") {
    return WebAction{
        .calls = {call("startProcess", {name})}, .done = fmt::format("Process {} started", name), .process = name};
  }
  if (action == "stop") {
    return WebAction{
        .calls = {call("stopProcess", {name})}, .done = fmt::format("Process {} stopped", name), .process = name};
  }
  if (action == "restart") {
    return WebAction{.calls = {call("stopProcess", {name}), call("startProcess", {name})},
                     .done = fmt::format("Process {} restarted", name),
                     .process = name};
  }
  if (action == "clearlog") {
    return WebAction{
        .calls = {call("clearProcessLogs", {name})}, .done = fmt::format("Log for {} cleared", name), .process = name};
  }
  return std::nullopt;
}

std::string web_refusal(const WebAction& action, const Fault& fault) {
  const auto error = [&action](std::string_view what) {
    return fmt::format("ERROR: Process {}: {}", action.process, what);
  };
  switch (static_cast<FaultCode>(fault.code)) {
    case FaultCode::bad_name:
      return fmt::format("No such process named {}", action.process);
    case FaultCode::no_file:
      return error("no such file");
    case FaultCode::not_executable:
      return error("file not executable");
    case FaultCode::already_started:
      return error("already started");
    case FaultCode::spawn_error:
      return error("spawn error");
    case FaultCode::abnormal_termination:
      return error("abnormal termination");
    default:
      return fmt::format("unexpected rpc fault [{}] {}", fault.code, fault.text);
  }
}

}  // namespace foster::compat
