#include "recovery_time.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "fleet.hpp"
#include "sandbox.hpp"

namespace foster::chaos {
namespace {

// Between two rounds, so that each begins with a supervisor that has nothing left to do.
constexpr auto kBetween = 30ms;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// From the kill until somebody else than the killed one has answered GET /v1/info.
std::optional<Clock::duration> recover_once(const Sandbox& sandbox, pid_t supervisor) {
  const std::string own_word = "\"supervisor\":" + std::to_string(supervisor) + ",";
  const auto begin = Clock::now();
  ::kill(supervisor, SIGKILL);
  while (Clock::now() - begin < 60s) {
    const std::string answer = sandbox.get("/v1/info");
    if (!answer.empty() && answer.find(own_word) == std::string::npos) return Clock::now() - begin;
  }
  return std::nullopt;
}

}  // namespace

void measure_recovery(const Options& options, Report& report) {
  Sandbox sandbox(options.foster);
  Fleet fleet(sandbox);
  fleet.add_sleepers(options.services);
  fleet.write_config();
  if (const Outcome up = sandbox.run({"up", "-d"}); up.code != 0) return report.find("recovery", up.output);
  std::vector<double> times;
  for (unsigned round = 0; round < options.rounds; ++round) {
    rest(kBetween);
    sandbox.reap();
    const auto supervisor = sandbox.find_role("supervisor");
    if (!supervisor) continue;
    const auto time = recover_once(sandbox, supervisor->pid);
    if (!time) return report.find("recovery", "no answer within a minute");
    times.push_back(milliseconds(*time));
  }
  std::size_t services = 0;
  for (const Process& process : sandbox.processes()) services += process.tag.empty() ? 0 : 1;
  if (services != options.services) report.find("recovery", std::to_string(services) + " services are left");
  if (sandbox.run({"down"}).code != 0) report.find("recovery", "foster down failed");
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  char line[160];
  std::snprintf(line, sizeof line, "%u services, %zu kills: an answer after p50 %.1f ms, p99 %.1f ms, longest %.1f ms",
                options.services, times.size(), at(0.5), at(0.99), times.back());
  report.say(line);
}

}  // namespace foster::chaos
