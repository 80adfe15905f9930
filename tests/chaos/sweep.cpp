#include "sweep.hpp"

#include <csignal>

#include "faults.hpp"
#include "fleet.hpp"
#include "oracle.hpp"
#include "quiet.hpp"
#include "sandbox.hpp"
#include "tracer.hpp"

namespace foster::chaos {
namespace {

/// What is to be seen of the service when an operation is done.
enum class Wanted : std::uint8_t { nothing, one, one_more_run, same_run };

struct Operation {
  std::string name;
  std::vector<std::string> before;  ///< Puts the service into its state before.
  Wanted wanted;
};

class Sweep {
 public:
  Sweep(const Options& options, Report& report)
      : step_(options.sweep_step),
        report_(report),
        sandbox_(options.foster),
        fleet_(sandbox_),
        faults_(sandbox_, report) {
    if (options.keeps_files) sandbox_.keep();
    for (const char* name : {"foster.one", "foster.two"}) {
      std::filesystem::copy_file(options.foster, sandbox_.path(name));
    }
    fleet_.add_target("target", options.speaker);
    fleet_.write_config();
  }

  bool begin() {
    const Outcome up = sandbox_.run({"up", "-d"});
    if (up.code != 0) report_.find("sweep", "foster up: " + up.output);
    return up.code == 0;
  }

  void end() {
    faults_.settle();
    const Histories histories = read_histories(sandbox_, fleet_.speakers());
    check_zombies(sandbox_, report_);
    const Outcome down = sandbox_.run({"down"});
    if (down.code != 0) report_.find("sweep", "foster down: " + down.output);
    check_nothing_left(sandbox_, {}, report_);
    const Testimonies all = read_testimonies(sandbox_);
    check_single(sandbox_, all, report_);
    check_exits(histories, all, faults_.losses(), report_);
    check_logs(sandbox_, all, faults_.losses(), report_);
  }

  /// @return Whether this machine lets us.
  bool sweep(const Operation& operation) {
    std::uint64_t moment = 1;
    std::uint64_t done = 0;
    for (;; moment += step_) {
      const auto result = kill_in(operation, moment);
      if (!result) return false;
      if (!result->is_done) break;
      ++done;
    }
    if (done == 0) report_.find("sweep", operation.name + ": nothing was seen of it");
    report_.say(operation.name + ": killed at " + std::to_string(done) + " of about " + std::to_string(moment) +
                " moments");
    report_.count("moments of a " + operation.name + " at which the supervisor was killed", done);
    report_.count("kills", done);
    return true;
  }

  /// The calls of a recovery, from the birth of the new supervisor on.
  bool sweep_recovery(TracePlan::Deed deed) {
    const std::string name = deed == TracePlan::Deed::kill ? "recovery" : "failing call";
    std::uint64_t done = 0;
    for (std::uint64_t moment = 1;; moment += step_) {
      const auto result = recover_with(deed, moment);
      if (!result) return false;
      if (!result->is_done) break;
      ++done;
    }
    report_.say(name + ": " + std::to_string(done) + " moments");
    if (done == 0) report_.find("sweep", name + ": nothing was seen of it");
    report_.count(deed == TracePlan::Deed::kill ? "moments of a recovery at which the supervisor was killed"
                                                : "calls of a recovery that failed once",
                  done);
    return true;
  }

 private:
  std::vector<std::string> arguments_of(const Operation& operation) {
    if (operation.name == "reload") {
      ++fleet_.with_role(Role::target).front()->generation;
      fleet_.write_config();
      return {"up", "-d"};
    }
    if (operation.name == "upgrade") {
      return {"upgrade", sandbox_.path(++upgrades_ % 2 == 0 ? "foster.one" : "foster.two")};
    }
    return {operation.name, "target"};
  }

  std::optional<TraceResult> kill_in(const Operation& operation, std::uint64_t moment) {
    faults_.settle();
    if (!operation.before.empty()) must(operation.before, operation.name, moment, "before");
    const auto supervisor = sandbox_.find_role("supervisor");
    const auto reaper = sandbox_.find_role("reaper");
    if (!supervisor || !reaper) return give_up("no supervisor to be seen");
    const auto before = live_tags();
    const auto arguments = arguments_of(operation);
    Tracer tracer({.supervisor = supervisor->pid, .reaper = reaper->pid, .moment = moment});
    if (!tracer.is_attached()) return give_up(tracer.problem);
    const Command command = sandbox_.begin(arguments);
    (void)wait_until([&] { return tracer.is_done() || sandbox_.has_ended(command); }, 60s);
    // Half of the children that were on their way wait until the next supervisor is there.
    if (tracer.is_done() && moment / step_ % 2 == 0) faults_.settle();
    const TraceResult result = tracer.finish();
    faults_.settle();
    const Outcome outcome = sandbox_.finish(command);
    const std::string where = operation.name + ", moment " + std::to_string(moment) + " (" + result.where + ")";
    judge(operation, outcome, before, arguments, where);
    return result;
  }

  void judge(const Operation& operation, const Outcome& outcome, const std::set<std::string>& before,
             const std::vector<std::string>& arguments, const std::string& where) {
    if (outcome.code == 0) {
      report_.count("operations done although the supervisor was killed");
      if (!is_as_wanted(operation.wanted, before)) report_.find("sweep", where + ": done, they say; seen: " + seen());
      return;
    }
    if (outcome.code != 1 || outcome.output.empty()) {
      return report_.find("sweep", where + ": " + std::to_string(outcome.code) + " " + outcome.output);
    }
    report_.count("operations told of as interrupted");
    must(arguments, operation.name, 0, where);
    const Wanted wanted = operation.wanted == Wanted::one_more_run ? Wanted::one : operation.wanted;
    if (!is_as_wanted(wanted, before)) report_.find("sweep", where + ": asked again; seen: " + seen());
  }

  std::optional<TraceResult> recover_with(TracePlan::Deed deed, std::uint64_t moment) {
    faults_.settle();
    must({"start", "target"}, "recovery", moment, "before");
    const auto supervisor = sandbox_.find_role("supervisor");
    const auto reaper = sandbox_.find_role("reaper");
    if (!supervisor || !reaper) return give_up("no supervisor to be seen");
    const auto before = live_tags();
    Tracer tracer({.supervisor = supervisor->pid,
                   .reaper = reaper->pid,
                   .subject = TracePlan::Subject::successor,
                   .deed = deed,
                   .moment = moment});
    if (!tracer.is_attached()) return give_up(tracer.problem);
    // The tracer kills it; an answer before would be its own.
    (void)wait_until([&] { return Sandbox::state_of(supervisor->pid).value_or('Z') == 'Z'; }, 10s);
    faults_.settle();
    const TraceResult result = tracer.finish();
    faults_.settle();
    const std::string where = "recovery, moment " + std::to_string(moment) + " (" + result.where + ")";
    if (!is_as_wanted(Wanted::same_run, before)) {
      report_.find("sweep", where + ": the service was touched; seen: " + seen());
    }
    const std::string services = sandbox_.get("/v1/services");
    if (services.find("\"state\":\"running\"") == std::string::npos) {
      report_.find("sweep", where + ": it is not known to run: " + services);
      // As whoever has lost his services would do.
      (void)sandbox_.run({"up", "-d"});
    }
    return result;
  }

  void must(const std::vector<std::string>& arguments, const std::string& operation, std::uint64_t moment,
            const std::string& when) {
    const Outcome outcome = sandbox_.run(arguments);
    if (outcome.code == 0) return;
    report_.find("sweep", operation + " " + std::to_string(moment) + ", " + when + ": foster " + arguments.front() +
                              " ended with " + std::to_string(outcome.code) + " " + outcome.output);
  }

  std::optional<TraceResult> give_up(const std::string& why) {
    report_.say("skipped: " + why);
    return std::nullopt;
  }

  /// The runs of which a process lives.
  [[nodiscard]] std::set<std::string> live_tags() const {
    std::set<std::string> tags;
    for (const Process& process : sandbox_.processes()) {
      if (process.role.empty() && !process.tag.empty()) tags.insert(process.tag);
    }
    return tags;
  }

  [[nodiscard]] std::string seen() const {
    std::string text;
    for (const std::string& tag : live_tags()) text += tag + " ";
    return (text.empty() ? "nothing " : text) + (fleet_.target_listens() ? "and a socket" : "and no socket");
  }

  [[nodiscard]] bool is_as_wanted(Wanted wanted, const std::set<std::string>& before) const {
    // A child between clone and exec has no tag yet.
    return wait_until(
        [&] {
          const auto now = live_tags();
          // No loss takes its socket from it, or leaves one that nobody accepts at.
          if (fleet_.target_listens() == now.empty()) return false;
          switch (wanted) {
            case Wanted::nothing:
              return now.empty();
            case Wanted::one:
              return now.size() == 1;
            case Wanted::one_more_run:
              return now.size() == 1 && now != before;
            case Wanted::same_run:
              return now == before;
          }
          return false;
        },
        5s);
  }

  std::uint64_t step_;
  Report& report_;
  Sandbox sandbox_;
  Fleet fleet_;
  Faults faults_;
  unsigned upgrades_ = 0;
};

}  // namespace

void run_sweep(const Options& options, Report& report) {
  Sweep sweep(options, report);
  if (!sweep.begin()) return;
  const std::vector<std::string> start{"start", "target"};
  const Operation operations[] = {{"start", {"stop", "target"}, Wanted::one},
                                  {"stop", start, Wanted::nothing},
                                  {"restart", start, Wanted::one_more_run},
                                  {"reload", start, Wanted::one_more_run},
                                  {"upgrade", start, Wanted::same_run}};
  const auto is_asked = [&](const std::string& name) {
    return options.sweep_only.empty() || options.sweep_only == name;
  };
  bool may_trace = true;
  for (const Operation& operation : operations) {
    if (is_asked(operation.name)) may_trace = may_trace && sweep.sweep(operation);
  }
  if (may_trace && is_asked("recovery")) (void)sweep.sweep_recovery(TracePlan::Deed::kill);
  sweep.end();
}

void run_failing_calls(const Options& options, Report& report) {
  Sweep sweep(options, report);
  if (!sweep.begin()) return;
  (void)sweep.sweep_recovery(TracePlan::Deed::fail_call);
  sweep.end();
}

}  // namespace foster::chaos
