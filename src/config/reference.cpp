#include "config/reference.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/schema.hpp"

namespace foster::config {

namespace {

// Paragraphs in the Markdown both pages understand: `code`, and nothing else.
constexpr std::string_view kIntroduction[] = {
    "foster reads one file, `foster.toml`, written in TOML 1.0 (https://toml.io). It names the services, what each "
    "runs, and how it is kept running. `foster check FILE` reads a file and says all that is wrong with it, with the "
    "line, a caret and the nearest known key; an invalid file never stops what runs.",
    "A service needs a command and nothing else: every other key has a default, and the defaults are meant to be "
    "kept.",
};

struct Topic {
  std::string_view title;
  std::string_view text;
};

constexpr Topic kTopics[] = {
    {"Durations",
     "Text with a unit: `\"100ms\"`, `\"5s\"`, `\"1m30s\"`, `\"2h\"`, `\"1.5s\"`. The units are ns, us, ms, s, m, h "
     "and d, from large to small. Only `0` needs none. The longest is 3650d."},
    {"Sizes",
     "Text with a unit: `\"10MB\"` is 10,000,000 bytes, `\"64KiB\"` is 65,536. The units are B, kB, MB, GB and TB, "
     "which go by 1000, and KiB, MiB, GiB and TiB, which go by 1024."},
    {"Signals",
     "A name as in signal(7), with or without SIG, or a number in quotes: `\"TERM\"`, `\"SIGINT\"`, "
     "`\"RTMIN+3\"`, `\"15\"`."},
    {"Paths",
     "`directory` and `env-file` are relative to the file. `stdin` and `pidfile` are relative to the directory of the "
     "service. No path is expanded: `~` and `$HOME` are ordinary names."},
    {"Names",
     "Of foster and of services: at most 63 letters, digits, \".\", \"_\" and \"-\", the first a letter or a digit. A "
     "service's may also hold \"+\" and \"@\" and begin with \"_\", or be two such names with a colon between, in "
     "quotes: "
     "`[service.\"web:api\"]`. No two instances are called the same."},
    {"Commands",
     "A list is run as it is. Text is run directly when it is a simple command: it is split at blanks, 'single "
     "quotes' keep everything, \"double quotes\" know a backslash before \", $, a backquote and "
     "itself, and elsewhere a backslash keeps one character. Text "
     "that holds shell syntax is given to /bin/sh -c, as system() of Perl does. `shell = true` and `shell = false` "
     "decide it yourself."},
    {"Files of variables",
     "Each line of an env-file is KEY=VALUE; empty lines and lines that begin with # are skipped, and `export` in "
     "front is allowed. Values may be in 'single quotes', which keep everything, or in \"double quotes\", which know "
     "`\\n`, `\\t`, `\\r` and a backslash before \", $, a backquote and itself; both may span lines. A value without "
     "quotes ends before a # that follows a "
     "blank. A $ is never expanded."},
    {"Text", "The file, its env-files and everything in them is UTF-8 without NUL bytes. A file is at most 16 MiB."},
};

constexpr std::string_view kExample = R"(name = "shop"

[service.redis]
command = ["redis-server", "--port", "6390", "--save", ""]
ready = { tcp = "127.0.0.1:6390", timeout = "5s" }

[service.app]
command = "python3 app.py --task %i"    # a simple command: no shell
directory = "app"
workers = 2
needs = ["redis"]                       # started when redis is ready, stopped before it
environment = { REDIS_PORT = "6390" }
restart = "always"
backoff = { initial = "100ms", max = "30s", factor = 2, jitter = 0.1, reset-after = "10s" }
limit = { count = 5, within = "10s" }
stop = { signal = "TERM", timeout = "10s" }
log = { max-size = "10MB", keep = 5 }
ready = "notify"
umask = "022"

[service.report]
command = "generate-report > report.txt"    # shell syntax: /bin/sh -c
restart = "never"
autostart = false

[service.nginx]
type = "forking"                        # nginx leaves a daemon behind; it is supervised all the same
command = ["nginx", "-c", "nginx.conf"]
pidfile = "nginx.pid"
after = ["app"]
essential = true                        # when it has failed for good, everything is stopped
)";

// A key and where it stands: "backoff.initial".
struct Row {
  std::string path;
  KeyInfo info;
};

std::vector<Row> service_rows() {
  std::vector<Row> rows;
  for (const Key<core::Service>& key : service_keys()) {
    rows.push_back({.path = std::string(key.info.name), .info = key.info});
    if (key.children == nullptr) continue;
    for (const KeyInfo& child : key.children()) {
      rows.push_back({.path = fmt::format("{}.{}", key.info.name, child.name), .info = child});
    }
  }
  return rows;
}

bool is_words(std::string_view fallback) {
  return fallback.starts_with('(');
}

std::string_view without_parentheses(std::string_view words) {
  return words.substr(1, words.size() - 2);
}

// ---- Markdown ----

std::string markdown_row(const Row& row) {
  const KeyInfo& info = row.info;
  const std::string fallback =
      is_words(info.fallback) ? std::string(without_parentheses(info.fallback)) : fmt::format("`{}`", info.fallback);
  std::string text = fmt::format("### `{}`\n\n", row.path);
  text += fmt::format("- Type: {}\n- Default: {}\n", info.type, fallback);
  if (!info.unit.empty()) text += fmt::format("- Unit: {}\n", info.unit);
  // In a table of its own, a service is written as a header, not as a value.
  if (info.example.starts_with("[service.")) {
    text += fmt::format("- Example: `{}`\n", info.example);
  } else if (const std::size_t dot = row.path.find('.'); dot != std::string::npos) {
    text += fmt::format("- Example: `{} = {{ {} = {} }}`\n", row.path.substr(0, dot), info.name, info.example);
  } else {
    text += fmt::format("- Example: `{} = {}`\n", info.name, info.example);
  }
  return text + fmt::format("\n{}\n\n", info.doc);
}

std::string markdown_summary() {
  std::string text = "| key | type | default |\n| --- | --- | --- |\n";
  for (const Row& row : service_rows()) {
    const std::string fallback = is_words(row.info.fallback) ? std::string(without_parentheses(row.info.fallback))
                                                             : fmt::format("`{}`", row.info.fallback);
    text += fmt::format("| `{}` | {} | {} |\n", row.path, row.info.type, fallback);
  }
  return text + "\n";
}

// ---- man(7) ----

std::string escaped_for_man(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else if (c == '\'') {
      result += "\\(aq";
    } else if (c == '`') {
      result += "\\(ga";
    } else {
      result += c;
    }
  }
  return result;
}

// `code` becomes bold.
std::string man_text(std::string_view text) {
  std::string result;
  bool in_code = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] != '`') continue;
    result += escaped_for_man(text.substr(begin, at - begin));
    begin = at + 1;
    if (at == text.size()) break;
    result += in_code ? "\\fR" : "\\fB";
    in_code = !in_code;
  }
  // A line must not begin with a control character.
  return result.starts_with('.') ? "\\&" + result : result;
}

std::string man_row(const Row& row) {
  const KeyInfo& info = row.info;
  std::string text = fmt::format(".TP\n\\fB{}\\fR = {}\n{}\n", escaped_for_man(row.path), escaped_for_man(info.type),
                                 man_text(info.doc));
  const std::string fallback(is_words(info.fallback) ? without_parentheses(info.fallback) : info.fallback);
  text += fmt::format(".br\nDefault: {}.", escaped_for_man(fallback));
  if (!info.unit.empty()) text += fmt::format(" Unit: {}.", escaped_for_man(info.unit));
  return text + fmt::format(" Example: {}\n", escaped_for_man(info.example));
}

}  // namespace

std::string_view config_example() {
  return kExample;
}

std::string config_markdown() {
  std::string text =
      "# foster.toml\n\n"
      "<!-- Generated from the table of keys (src/config/schema.cpp) by config_test; do not edit.\n"
      "     FOSTER_UPDATE_DOCS=1 config_test --gtest_filter='ConfigReference*' writes it anew. -->\n\n";
  for (const std::string_view paragraph : kIntroduction) text += fmt::format("{}\n\n", paragraph);
  text += fmt::format("## Example\n\n```toml\n{}```\n\n## Values\n\n", kExample);
  for (const Topic& topic : kTopics) text += fmt::format("**{}.** {}\n\n", topic.title, topic.text);
  text += "## Keys of the file\n\n";
  for (const KeyInfo& info : file_keys()) text += markdown_row({.path = std::string(info.name), .info = info});
  text +=
      "## Keys of a service\n\nIn `[service.NAME]`. A dot means a table in the value: `stop.timeout` is written "
      "`stop = { timeout = \"10s\" }`, or `stop.timeout = \"10s\"`.\n\n";
  text += markdown_summary();
  for (const Row& row : service_rows()) text += markdown_row(row);
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string config_man_page() {
  std::string text =
      ".\\\" Generated from the table of keys (src/config/schema.cpp) by config_test; do not edit.\n"
      ".TH FOSTER.TOML 5 \"\" \"foster\" \"File formats\"\n"
      ".SH NAME\nfoster.toml \\- the services that foster supervises\n.SH DESCRIPTION\n";
  for (const std::string_view paragraph : kIntroduction) text += fmt::format("{}\n.PP\n", man_text(paragraph));
  text += ".SH VALUES\n";
  for (const Topic& topic : kTopics) text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", topic.title, man_text(topic.text));
  text += ".SH KEYS OF THE FILE\n";
  for (const KeyInfo& info : file_keys()) text += man_row({.path = std::string(info.name), .info = info});
  text += fmt::format(".SH KEYS OF A SERVICE\n{}\n",
                      man_text("In `[service.NAME]`. A dot means a table in the value: `stop.timeout` is written "
                               "`stop = { timeout = \"10s\" }`, or `stop.timeout = \"10s\"`."));
  for (const Row& row : service_rows()) text += man_row(row);
  text +=
      fmt::format(".SH EXAMPLE\n.EX\n{}.EE\n.SH SEE ALSO\n\\fBfoster\\fR(1), \\fBsignal\\fR(7), \\fBsd_notify\\fR(3)\n",
                  escaped_for_man(kExample));
  return text;
}

}  // namespace foster::config
