#include "campaign.hpp"

#include "clients.hpp"
#include "faults.hpp"
#include "fleet.hpp"
#include "oracle.hpp"
#include "quiet.hpp"
#include "sandbox.hpp"
#include "story.hpp"
#include "watcher.hpp"

namespace foster::chaos {
namespace {

using Pids = std::map<std::string, pid_t>;

/// The first process of each service that nobody touches.
Pids steady_pids(const Sandbox& sandbox, Fleet& fleet) {
  Pids first;
  const auto processes = sandbox.processes();
  for (const Service* service : fleet.with_role(Role::steady)) {
    std::uint64_t oldest = UINT64_MAX;
    for (const Process& process : processes) {
      if (process.instance != service->name || process.start_time > oldest) continue;
      if (process.start_time == oldest && process.pid > first[service->name]) continue;
      oldest = process.start_time;
      first[service->name] = process.pid;
    }
  }
  return first;
}

bool must(Sandbox& sandbox, const std::vector<std::string>& arguments, Report& report) {
  const Outcome outcome = sandbox.run(arguments, 120s);
  if (outcome.code == 0) return true;
  report.find("command",
              "foster " + arguments.front() + " in quiet: " + std::to_string(outcome.code) + " " + outcome.output);
  return false;
}

/// What the briefs do all the time is no quiet.
QuietState quiet_descriptors(Sandbox& sandbox, Report& report) {
  (void)must(sandbox, {"stop", "brief*"}, report);
  QuietState state = look_at_descriptors(sandbox);
  // A client that has just left is still seen for a moment.
  rest(200ms);
  state = look_at_descriptors(sandbox);
  (void)must(sandbox, {"start", "brief*"}, report);
  return state;
}

}  // namespace

void run_campaign(const Options& options, Report& report) {
  Sandbox sandbox(options.foster);
  if (options.keeps_files) sandbox.keep();
  for (const char* name : {"foster.one", "foster.two"}) {
    std::filesystem::copy_file(options.foster, sandbox.path(name));
  }
  Fleet fleet(sandbox);
  fleet.add_speakers(options.speaker);
  fleet.add_real_servers();
  fleet.write_config();
  if (!must(sandbox, {"up", "-d"}, report)) return;
  const QuietState before = quiet_descriptors(sandbox, report);
  const Pids pids = steady_pids(sandbox, fleet);

  Faults faults(sandbox, report);
  std::set<std::string> cgroups;
  Histories histories;
  {
    Watcher watcher(sandbox, report);
    Clients clients(fleet, report);
    Story(sandbox, fleet, faults, report, options.seed).tell(options.seconds);
    (void)must(sandbox, {"start", "*"}, report);
    if (steady_pids(sandbox, fleet) != pids) {
      report.find("pids", "a service that nobody touched was restarted");
      for (const Service* service : fleet.with_role(Role::steady)) {
        report.say(sandbox.get("/v1/services/" + service->name + "/history?n=20"));
      }
    }
    (void)must(sandbox, {"stop", "brief*"}, report);
    check_descriptors(sandbox, before, report);
    check_zombies(sandbox, report);
    cgroups = watcher.cgroups();
  }
  (void)must(sandbox, {"stop", "*"}, report);
  check_kept_processes(sandbox, report);
  histories = read_histories(sandbox, fleet.speakers());
  (void)must(sandbox, {"down"}, report);
  check_nothing_left(sandbox, cgroups, report);

  const Testimonies all = read_testimonies(sandbox);
  check_single(sandbox, all, report);
  for (const Service* service : fleet.with_role(Role::steady)) {
    const auto runs = all.find(service->name);
    if (runs != all.end() && runs->second.size() != 1) {
      report.find("pids", service->name + " had " + std::to_string(runs->second.size()) + " runs");
    }
  }
  check_exits(histories, all, faults.losses(), report);
  check_logs(sandbox, all, faults.losses(), report);
}

}  // namespace foster::chaos
