#include "story.hpp"

#include <array>
#include <csignal>
#include <utility>

namespace foster::chaos {
namespace {

constexpr auto kPatience = 120s;
constexpr std::size_t kMostPending = 3;

}  // namespace

Story::Story(Sandbox& sandbox, Fleet& fleet, Faults& faults, Report& report, std::uint64_t seed)
    : sandbox_(sandbox), fleet_(fleet), faults_(faults), report_(report), dice_(seed) {}

void Story::tell(std::chrono::seconds how_long) {
  const auto end = Clock::now() + how_long;
  auto next_word = Clock::now() + 30s;
  while (Clock::now() < end) {
    do_one(choose());
    report_.count("deeds");
    // At any moment of a recovery, or after it.
    if (dice_.throw_under(60)) rest(std::chrono::microseconds(dice_.throw_one(40'000)));
    if (dice_.throw_under(40)) faults_.settle();
    collect(false);
    if (Clock::now() < next_word) continue;
    report_.say("… " + std::to_string(report_.counted("kills")) + " kills");
    next_word += 30s;
  }
  faults_.settle();
  collect(true);
}

Story::Deed Story::choose() {
  // Per thousand.
  static constexpr std::array<std::pair<Deed, unsigned>, 8> kWeights{{{Deed::kill_supervisor, 520},
                                                                      {Deed::crash_supervisor, 8},
                                                                      {Deed::kill_reaper, 80},
                                                                      {Deed::kill_both, 50},
                                                                      {Deed::pause_supervisor, 10},
                                                                      {Deed::hang_supervisor, 2},
                                                                      {Deed::kill_service, 150},
                                                                      {Deed::command, 180}}};
  unsigned thrown = dice_.throw_one(1000);
  for (const auto& [deed, weight] : kWeights) {
    if (thrown < weight) return deed;
    thrown -= weight;
  }
  return Deed::kill_supervisor;
}

void Story::do_one(Deed deed) {
  static constexpr std::array kSignals{SIGKILL, SIGSEGV, SIGABRT, SIGTERM};
  const auto targets = fleet_.with_role(Role::target);
  const Service& target = *targets[dice_.throw_one(static_cast<unsigned>(targets.size()))];
  const unsigned number = dice_.throw_one(1000);
  switch (deed) {
    case Deed::kill_supervisor:
      return faults_.kill_supervisor(SIGKILL);
    case Deed::crash_supervisor:
      return faults_.kill_supervisor(number % 2 == 0 ? SIGSEGV : SIGABRT);
    case Deed::kill_reaper:
      return faults_.kill_reaper();
    case Deed::kill_both:
      return faults_.kill_both();
    case Deed::pause_supervisor:
      return faults_.stop_supervisor_for(std::chrono::milliseconds(number / 2));
    case Deed::hang_supervisor:
      return faults_.hang_supervisor();
    case Deed::kill_service:
      return faults_.kill_service(target.name, kSignals[number % 4], number / 4);
    case Deed::command:
      return give_command();
  }
}

void Story::give_command() {
  const auto targets = fleet_.with_role(Role::target);
  Service& target = *targets[dice_.throw_one(static_cast<unsigned>(targets.size()))];
  const unsigned kind = dice_.throw_one(10);
  const bool is_cut_short = dice_.throw_under(60);
  const auto moment = std::chrono::microseconds(dice_.throw_one(60'000));
  if (pending_.size() >= kMostPending) return;
  if (kind < 2) {
    pending_.push_back(sandbox_.begin({"stop", target.name}));
  } else if (kind < 5) {
    pending_.push_back(sandbox_.begin({"start", target.name}));
  } else if (kind < 7) {
    pending_.push_back(sandbox_.begin({"restart", target.name}));
  } else if (kind < 9) {
    ++target.generation;
    fleet_.write_config();
    pending_.push_back(sandbox_.begin({"up", "-d"}));
  } else {
    pending_.push_back(sandbox_.begin({"upgrade", sandbox_.path(++upgrades_ % 2 == 0 ? "foster.one" : "foster.two")}));
  }
  if (!is_cut_short) return;
  rest(moment);
  faults_.kill_supervisor(SIGKILL);
}

void Story::collect(bool all) {
  std::erase_if(pending_, [&](const Command& command) {
    const bool is_late = Clock::now() > command.begun + kPatience;
    if (!all && !is_late && !sandbox_.has_ended(command)) return false;
    judge(command, sandbox_.finish(command, kPatience));
    return true;
  });
}

void Story::judge(const Command& command, const Outcome& outcome) {
  const std::string kind = command.name.substr(0, command.name.find(' '));
  const std::string what = "foster " + command.name + ": " + std::to_string(outcome.code) + " " + outcome.output;
  switch (outcome.code) {
    case 0:
      return report_.count("commands done: " + kind);
    case 1:
      if (outcome.output.empty()) report_.find("command", what + "(failed without a word)");
      return report_.count("commands that told of a failure: " + kind);
    case 5:
      // Only while nothing of foster was there to be asked.
      if (!faults_.may_be_nobody(command.begun_ns, now_ns())) report_.find("command", what);
      return report_.count("commands that found no foster: " + kind);
    default:
      report_.find("command", what);
  }
}

}  // namespace foster::chaos
