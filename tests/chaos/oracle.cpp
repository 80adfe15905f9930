#include "oracle.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <span>

#include "foster/signal.hpp"
#include "witness.hpp"

namespace foster::chaos {
namespace {

namespace json = boost::json;

std::string name_of(const Testimony& run) {
  return run.instance + " run " + std::to_string(run.run) + " (pid " + std::to_string(run.pid) + ")";
}

std::string whole_log(const Sandbox& sandbox, const std::string& instance, Report& report) {
  const std::string current = sandbox.logs() + "/" + instance + ".log";
  unsigned oldest = 0;
  while (::access((current + "." + std::to_string(oldest + 1)).c_str(), F_OK) == 0) ++oldest;
  std::string text;
  for (unsigned n = oldest; n > 0; --n) text += testing::contents_of(current + "." + std::to_string(n));
  text += testing::contents_of(current);
  report.count("log files checked", oldest + 1);
  report.count("log bytes checked", text.size());
  return text;
}

struct Match {
  std::uint64_t lines = 0;  ///< Whole ones.
  std::size_t end = 0;      ///< Behind the last byte that is as expected.
};

/// How far the log from `at` on is what this run says.
Match match(const std::string& log, std::size_t at, const Testimony& run) {
  Match found{.lines = 0, .end = at};
  for (; found.lines < run.begun; ++found.lines) {
    char line[kLongestLine];
    const std::size_t size = make_line(line, run.instance.c_str(), run.run, found.lines);
    if (log.compare(found.end, size, line, size) != 0) {
      // Of a line that was cut, what is there.
      std::size_t part = 0;
      while (part < size && found.end + part < log.size() && log[found.end + part] == line[part]) ++part;
      found.end += part;
      return found;
    }
    found.end += size;
  }
  return found;
}

/// The start of a line of the same instance shares bytes with whatever comes next: go back to where the line began.
std::size_t line_begin(const std::string& log, std::size_t at, std::size_t end) {
  const std::size_t newline = end > at ? log.rfind('\n', end - 1) : std::string::npos;
  return newline == std::string::npos || newline < at ? at : newline + 1;
}

/// Where the first of the later runs of which there is anything begins.
std::size_t next_run(const std::string& log, std::size_t from, std::span<const Testimony> later) {
  for (const Testimony& run : later) {
    char line[kLongestLine];
    const std::size_t size = make_line(line, run.instance.c_str(), run.run, 0);
    const std::size_t found = log.find(std::string_view(line, size), from);
    if (found != std::string::npos) return found;
  }
  return log.size();
}

void check_log(const std::string& log, std::span<const Testimony> runs, const Losses& losses, Report& report) {
  std::size_t at = 0;
  for (std::size_t n = 0; n < runs.size(); ++n) {
    const Testimony& run = runs[n];
    const Match found = match(log, at, run);
    const std::size_t whole = line_begin(log, at, found.end);
    report.count("log lines checked", found.lines);
    at = whole;
    if (found.lines >= run.done) continue;
    at = next_run(log, whole, runs.subspan(n + 1));
    // What was cut within a line stays without its end; nothing else may stand before the next run.
    if (losses.ended_unheard(run.last_ns) && at <= found.end) {
      report.count("lines lost with a FIFO that nobody held (the documented limit)", run.done - found.lines);
      continue;
    }
    report.find("log", name_of(run) + ": line " + std::to_string(found.lines) + " of " + std::to_string(run.done) +
                           " is missing or not in its place, at byte " + std::to_string(found.end) + ": '" +
                           log.substr(whole, 60) + "'");
  }
  if (at < log.size()) {
    report.find("log", runs.front().instance + ": nobody wrote what stands from byte " + std::to_string(at) + " of " +
                           std::to_string(log.size()) + " on: '" + log.substr(at, 60) + "'");
  }
}

std::optional<Testimony> read_testimony(const std::string& path) {
  const std::string bytes = testing::contents_of(path);
  if (bytes.size() != sizeof(Witness)) return std::nullopt;
  const auto witness = std::make_unique<Witness>();
  std::memcpy(static_cast<void*>(witness.get()), bytes.data(), sizeof(Witness));
  return Testimony{.instance = witness->instance,
                   .run = witness->run,
                   .pid = witness->pid,
                   .begin_ns = witness->begin_ns,
                   .last_ns = witness->last_ns,
                   .begun = witness->begun,
                   .done = witness->done,
                   .plan = witness->plan,
                   .value = witness->value,
                   .asked = witness->asked};
}

/// What an exit that is reported may be; each as "code 3" or "signal 9".
std::set<std::string> possible_exits(const Testimony& run, const Losses& losses) {
  std::set<std::string> possible;
  if (run.plan == Witness::exit_code) possible.insert("code " + std::to_string(run.value));
  if (run.plan == Witness::signal) possible.insert("signal " + std::to_string(run.value));
  // A signal of ours may have come first, even between its last word and its end.
  if (const auto sent = losses.signals.find(run.pid); sent != losses.signals.end()) {
    for (const int signal : sent->second) {
      if (signal != SIGTERM || run.begun == 0) possible.insert("signal " + std::to_string(signal));
    }
  }
  for (const int signal : losses.sent_to(run.instance, run.begin_ns, run.last_ns)) {
    if (signal != SIGTERM || run.begun == 0) possible.insert("signal " + std::to_string(signal));
  }
  // Asked to end before it could listen.
  if (run.plan == Witness::none && run.begun <= 1) possible.insert("signal " + std::to_string(SIGTERM));
  return possible;
}

std::string exit_of(const json::object& event) {
  const json::object* exit = event.at("exit").if_object();
  if (exit == nullptr) return {};
  if (const json::value* code = exit->if_contains("code")) {
    return "code " + std::to_string(code->to_number<int>());
  }
  if (const json::value* signal = exit->if_contains("signal")) {
    const auto known = Signal::from_name(std::string(signal->as_string()));
    return "signal " + (known ? std::to_string(known->number()) : std::string(signal->as_string()));
  }
  return json::serialize(*exit);
}

bool tells_of_an_unknown_end(const json::object& event) {
  return std::string(event.at("cause").as_string()).find("status unknown") != std::string::npos;
}

}  // namespace

Histories read_histories(const Sandbox& sandbox, const std::vector<std::string>& names) {
  Histories histories;
  for (const std::string& name : names) histories.push_back(sandbox.get("/v1/services/" + name + "/history?n=10000"));
  return histories;
}

Testimonies read_testimonies(const Sandbox& sandbox) {
  Testimonies all;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox.witnesses())) {
    if (entry.path().extension() != ".witness") continue;
    if (auto found = read_testimony(entry.path())) all[found->instance].push_back(std::move(*found));
  }
  for (auto& [instance, runs] : all) {
    std::ranges::sort(runs, [](const Testimony& a, const Testimony& b) {
      return std::pair(a.run, a.begin_ns) < std::pair(b.run, b.begin_ns);
    });
  }
  return all;
}

void check_logs(const Sandbox& sandbox, const Testimonies& all, const Losses& losses, Report& report) {
  for (const auto& [instance, runs] : all) check_log(whole_log(sandbox, instance, report), runs, losses, report);
}

void check_exits(const Histories& histories, const Testimonies& all, const Losses& losses, Report& report) {
  std::map<std::pair<std::string, std::uint32_t>, std::string> told;
  json::array events;
  for (const std::string& history : histories) {
    boost::system::error_code error;
    const json::value parsed = json::parse(history, error);
    if (error || !parsed.is_object()) return report.find("exit", "there is no history: " + history.substr(0, 200));
    for (const json::value& value : parsed.at("events").as_array()) events.push_back(value);
  }
  for (const json::value& value : events) {
    const json::object& event = value.as_object();
    if (!event.at("run").is_number()) continue;
    std::uint32_t run = event.at("run").to_number<std::uint32_t>();
    // Why a run begins is the end of the one before.
    if (event.at("to").as_string() == "starting") --run;
    const std::pair key(std::string(event.at("name").as_string()), run);
    std::string exit = exit_of(event);
    if (exit.empty() && tells_of_an_unknown_end(event)) exit = "unknown";
    if (!exit.empty()) told[key] = exit;
  }
  for (const auto& [instance, runs] : all) {
    for (const Testimony& run : runs) {
      const auto found = told.find({instance, run.run});
      const bool is_last = &run == &runs.back();
      if (found == told.end()) {
        // Of one that was asked to end, only that is told; one that began unheard and ended with both is as if it never
        // was.
        const bool ended_by_itself = run.plan != Witness::none && run.asked == 0;
        if (!is_last && ended_by_itself && !losses.outlived_a_reaper(run.begin_ns, run.last_ns))
          report.find("exit", name_of(run) + ": the history does not tell of its end");
        continue;
      }
      report.count("exits checked");
      if (found->second == "unknown") {
        report.count("exits told as unknown");
        if (!losses.outlived_a_reaper(run.begin_ns, run.last_ns)) {
          report.find("exit", name_of(run) + ": told as unknown, and no reaper was lost in its time");
        } else if (!losses.ended_between_reapers(run.last_ns)) {
          // Linux tells of strangers only from 6.15 on.
          report.count("exits told as unknown, of runs that outlived their reaper");
        }
        continue;
      }
      const auto possible = possible_exits(run, losses);
      if (possible.contains(found->second)) continue;
      std::string expected;
      for (const std::string& one : possible) expected += (expected.empty() ? "" : " or ") + one;
      report.find("exit", name_of(run) + ": told as " + found->second + "; it was " +
                              (expected.empty() ? "never asked to end, nor killed by us" : expected));
    }
  }
}

void check_single(const Sandbox& sandbox, const Testimonies& all, Report& report) {
  const std::string duplicates = testing::contents_of(sandbox.path("witness/duplicates"));
  if (!duplicates.empty()) report.find("one-run", "began while another run lived: " + duplicates);
  for (const auto& [instance, runs] : all) {
    report.count("runs", runs.size());
    for (std::size_t n = 1; n < runs.size(); ++n) {
      if (runs[n].run == runs[n - 1].run) report.find("one-run", name_of(runs[n]) + ": its number was given before");
    }
  }
}

}  // namespace foster::chaos
