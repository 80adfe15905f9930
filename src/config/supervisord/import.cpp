#include "config/supervisord/import.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/raw.hpp"
#include "config/schema.hpp"
#include "config/shell_words.hpp"
#include "config/supervisord/to_model.hpp"
#include "config/toml.hpp"
#include "config/utf8.hpp"

namespace foster::config::supervisord {

namespace {

constexpr std::size_t kCommentWidth = 110;

// On one line and without control bytes: a comment must not end early.
std::string one_line(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    result += point.valid && !is_control(point.value) ? text.substr(at, point.length) : " ";
    at += point.length;
  }
  return result;
}

std::string comment(std::string_view text) {
  const std::string line = one_line(text);
  std::string result = "#";
  std::size_t width = 1;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    const std::string_view word = std::string_view(line).substr(at, end - at);
    if (width + word.size() + 1 > kCommentWidth) {
      result += "\n#";
      width = 1;
    }
    result.append(" ").append(word);
    width += word.size() + 1;
    at = end + 1;
  }
  return result + "\n";
}

bool runs_a_shell(const Process& process) {
  if (process.argv.size() != 3 || process.argv[1] != "-c") return false;
  const std::string name = std::filesystem::path(process.argv[0]).filename().string();
  return name == "sh" || name == "bash" || name == "dash";
}

bool looks_secret(std::string_view name) {
  for (const std::string_view part : {"PASS", "SECRET", "TOKEN", "KEY"}) {
    if (name.contains(part)) return true;
  }
  return false;
}

class Importer {
 public:
  Importer(const Config& config, const core::Model& model) : config_(config), model_(model) {
    for (const SharedGroup& group : config_.groups) {
      for (const Process& process : group->processes) processes_.emplace(service_name(process), &process);
    }
  }

  std::string run() {
    std::string text = header();
    for (const core::Service& service : model_.services) {
      const Process& process = *processes_.at(service.name);
      text += "\n";
      if (told_.emplace(process.written->section, process.group).second) text += about_program(process, service);
      text += section_of(service);
    }
    return text + about_left_out();
  }

 private:
  std::string header() {
    RawTable file;
    file.append("name", Raw(model_.name));
    std::string text = comment(fmt::format("Made from {} by foster import.", config_.path));
    text += comment(
        "Each process is a service of its own here, and all keys say what Supervisor does. What could be said better "
        "is "
        "told once for each program; a key that is left out gets foster's default (docs/config.md).");
    text += comment(
        "backoff, limit and start-retries repeat Supervisor's rules: waits of 1, 2, 3 seconds after starts that "
        "failed, "
        "and restarts at once and without end after runs that did not. Without these three lines a service that "
        "crashes "
        "again and again is slowed down, and given up after 5 failures in 10 seconds.");
    text += comment(
        "start-seconds calls a service ready that has been up for so long. Better is to ask it: "
        "ready = { tcp = \"127.0.0.1:8000\" }, { http = … }, { log = … } or \"notify\"; then needs = [\"NAME\"] makes "
        "others "
        "wait for that.");
    if (config_.daemon.user) text += comment("foster itself runs as whoever starts it; the services have a user.");
    return text + write_toml(file);
  }

  [[nodiscard]] std::size_t siblings_of(const Process& process) const {
    std::size_t count = 0;
    for (const SharedGroup& group : config_.groups) {
      count += static_cast<std::size_t>(std::ranges::count_if(group->processes, [&](const Process& other) {
        return other.written->section == process.written->section && other.group == process.group;
      }));
    }
    return count;
  }

  std::string about_program(const Process& process, const core::Service& service) const {
    const Place where = process.written->where;
    std::string text =
        comment(fmt::format("[{}], {} line {}", process.written->section,
                            where.file < config_.files.size() ? config_.files[where.file].path : "", where.at.line));
    if (const std::size_t count = siblings_of(process); count > 1) {
      text +=
          comment(fmt::format("- {} services that differ by a number: one with workers = {} can replace them, where %i "
                              "in the command is the "
                              "number of the worker, from 0.",
                              count, count));
    }
    if (runs_a_shell(process)) {
      text +=
          comment("- The shell can go: command = \"" + process.argv[2] +
                  "\" is run without one where it holds no shell syntax, and stop signals reach the program itself.");
    }
    if (service.stop.target == core::StopTarget::group) {
      text += comment(
          "- stop.target = \"group\" is needed only where the main process passes no signals on: nothing of a "
          "service is alive after a stop in any case.");
    }
    if (process.written->keys.contains("priority")) {
      text +=
          comment(fmt::format("- priority={}: say what is meant with needs = [\"NAME\"] (ready before this starts, "
                              "stopped after it) or after = [\"NAME\"].",
                              process.priority));
    }
    if (std::ranges::any_of(process.environment, [](const auto& v) { return looks_secret(v.first); })) {
      text += comment("- A secret in the environment is better kept in a file of its own: env-file = \".env\"");
    }
    if (service.stderr_log && service.log.enabled && service.stderr_log->enabled) {
      text += comment(
          "- Without stderr-log both streams are in one log, in the order of the writes; without log.file it is in "
          "foster's log directory.");
    }
    return text;
  }

  static std::string section_of(const core::Service& service) {
    RawTable services;
    services.append(service.name, Raw(write_table(service_keys(), service)));
    RawTable file;
    file.append("service", Raw(std::move(services)));
    std::string text = write_toml(file);
    return text.starts_with('\n') ? text.substr(1) : text;
  }

  // Groups of which no process became a service.
  [[nodiscard]] std::string about_left_out() const {
    std::string text;
    for (const SharedGroup& group : config_.groups) {
      if (!group->pool) continue;
      text += "\n" + comment(fmt::format("[{}] is left out: {}", group->written->section,
                                         "foster up delivers no events to listeners; foster watch --json and the event "
                                         "stream of the API tell them"));
    }
    return text;
  }

  const Config& config_;
  const core::Model& model_;
  std::map<std::string, const Process*> processes_;
  std::set<std::pair<std::string, std::string>> told_;  // sections with their groups
};

}  // namespace

std::string import_text(const Config& config, const core::Model& model) {
  return Importer(config, model).run();
}

}  // namespace foster::config::supervisord
