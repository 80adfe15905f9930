// Every sequence of up to five things that can happen to one instance, against the invariants.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/fleet.hpp"
#include "core/invariants.hpp"
#include "core/step_table.hpp"

namespace foster::sim {
namespace {

using namespace std::chrono_literals;
using namespace core;

#ifdef FOSTER_SANITIZED
constexpr unsigned kLength = 4;
#else
constexpr unsigned kLength = 5;
#endif

enum class Happens : std::uint8_t {
  start,
  stop,
  restart,
  spawned,
  spawn_fails,
  ends_well,
  ends_badly,
  gone,
  ready,
  not_ready,
  time,
  says_stopping,
  lost,
  shut_down
};
constexpr unsigned kHappens = 14;
constexpr std::array<const char*, kHappens> kWords{
    "start", "stop",  "restart",   "spawned",     "spawn fails",   "ends well",       "ends badly",
    "gone",  "ready", "not ready", "time passes", "says stopping", "supervisor lost", "shut down"};

// One instance and the little that is true of its run. What cannot happen does nothing.
class SmallWorld {
 public:
  explicit SmallWorld(const Model& model) : fleet_(1) {
    decide([&] { return fleet_.apply(model, {CauseKind::configured, {}, {}}, now_); });
  }

  void let(Happens what) {
    now_ += 1ms;
    const Cause person{CauseKind::requested, "somebody", {}};
    switch (what) {
      case Happens::start:
        return tell(event::Start{person});
      case Happens::stop:
        return tell(event::Stop{person});
      case Happens::restart:
        return tell(event::Restart{person});
      case Happens::spawned:
        if (!is_asked_) return;
        is_asked_ = false;
        facts_.runs.assign({{.id = 0, .run = run_, .main = Pid(100), .ended = {}, .alive = 2}});
        return tell(event::Spawned{run_, Pid(100)});
      case Happens::spawn_fails:
        if (!is_asked_) return;
        is_asked_ = false;
        return tell(event::SpawnFailed{run_, "no"});
      case Happens::ends_well:
      case Happens::ends_badly:
        return end_main(Exited{what == Happens::ends_well ? 0 : 1});
      case Happens::gone:
        if (!is_killed_ || facts_.runs.empty()) return;
        end_main(Killed{*Signal::from_number(SIGKILL)});
        facts_.runs[0].alive = 0;
        facts_.runs[0].gone_was_told = true;
        return tell(event::Gone{run_});
      case Happens::ready:
        return tell(event::Ready{run_, "yes"});
      case Happens::not_ready:
        return tell(event::NotReady{run_, "never"});
      case Happens::time:
        if (const auto next = fleet_.next_deadline()) now_ = std::max(now_, *next);
        return decide([&] { return fleet_.tick(now_); });
      case Happens::says_stopping:
        return tell(event::Stopping{run_});
      case Happens::lost:
        return recover();
      case Happens::shut_down:
        facts_.everything_is_killed = fleet_.is_shutting_down();
        return decide([&] { return fleet_.shut_down(0, {CauseKind::shutdown, {}, {}}, now_); });
    }
  }

  [[nodiscard]] const Violations& violations() const { return violations_; }
  [[nodiscard]] std::string seen() const { return std::string(to_string(fleet_.view(0).state)); }

 private:
  template <class Call>
  void decide(Call call) {
    for (const Action& action : call()) {
      check_action(fleet_, action, facts_, now_, violations_);
      if (const auto* spawn = std::get_if<action::Spawn>(&action)) {
        is_asked_ = true;
        is_killed_ = false;
        run_ = spawn->run;
      }
      if (std::holds_alternative<action::KillRest>(action)) is_killed_ = true;
      if (const auto* publish = std::get_if<action::Publish>(&action)) {
        const Transition& way = publish->transition;
        if (!may_follow(way.from, way.to)) violations_.push_back({4, "the table knows no such way"});
      }
    }
    check_runs(fleet_, facts_, violations_);
    if (!is_recovering_) check_wishes(fleet_, violations_);
  }

  void tell(const Event& event) {
    decide([&] { return fleet_.handle(0, event, now_); });
  }

  void end_main(const ExitStatus& status) {
    if (facts_.runs.empty() || !facts_.runs[0].main) return;
    facts_.runs[0].ended = facts_.runs[0].main;
    facts_.runs[0].main.reset();
    facts_.runs[0].alive -= 1;
    tell(event::MainExited{run_, status});
  }

  void recover() {
    const std::array<InstanceId, 1> ids{0};
    const std::array<InstanceRecord, 1> records{fleet_.record(0)};
    Fleet restored = Fleet::restore(fleet_.model(), ids, records, 1);
    check_recovery(fleet_, restored, violations_);
    fleet_ = std::move(restored);
    is_recovering_ = true;
    if (is_asked_) {
      is_asked_ = false;
      tell(event::SpawnLost{run_});
    }
    is_recovering_ = false;
    decide([&] { return fleet_.tick(now_); });
  }

  Fleet fleet_;
  WorldFacts facts_;
  Violations violations_;
  Instant now_{1h};
  Run run_ = 0;
  bool is_asked_ = false;
  bool is_killed_ = false;
  bool is_recovering_ = false;
};

Model one_service(Readiness ready, RestartWhen restart) {
  Service service;
  service.name = "one";
  service.argv = {"/bin/one"};
  service.ready = std::move(ready);
  service.restart = restart;
  service.limit = Limit{1, 10s};
  return {.name = "small", .services = {service}};
}

void tell_every_story(const Model& model) {
  std::array<unsigned, kLength> story{};
  for (bool done = false; !done;) {
    SmallWorld world(model);
    for (const unsigned what : story) world.let(static_cast<Happens>(what));
    if (!world.violations().empty()) {
      std::string words;
      for (const unsigned what : story) words.append(kWords[what]).append(", ");
      FAIL() << words << "then " << world.seen() << ": " << world.violations().front().text;
    }
    done = true;
    for (unsigned& what : story) {
      if (++what < kHappens) {
        done = false;
        break;
      }
      what = 0;
    }
  }
}

TEST(SmallWorldWithoutReadiness, BreaksNoInvariantWhateverHappens) {
  tell_every_story(one_service({}, RestartWhen::always));
}

TEST(SmallWorldWithReadiness, BreaksNoInvariantWhateverHappens) {
  tell_every_story(one_service({.how = ReadyNotify{}}, RestartWhen::on_failure));
}

}  // namespace
}  // namespace foster::sim
