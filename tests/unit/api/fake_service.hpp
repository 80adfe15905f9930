// A foster without processes, for tests of what speaks to one: it answers from values and keeps what it was asked.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/json_codec.hpp"
#include "api/log_name.hpp"
#include "api/service.hpp"
#include "core/glob.hpp"

namespace foster::api {

/// One instance as the tests like it: "web" or "web:1", running as pid 4711 since 2031.
inline InstanceRow row_of(const std::string& name, core::State state = core::State::running) {
  const auto colon = name.find(':');
  InstanceRow row{.view = {.id = 0,
                           .service = name.substr(0, colon),
                           .index = colon == std::string::npos ? 0U : unsigned(std::stoul(name.substr(colon + 1))),
                           .name = name,
                           .state = state,
                           .wanted = true,
                           .run = 1,
                           .restarts = 0,
                           .pid = {},
                           .since = core::Instant(std::chrono::seconds(100)),
                           .ready = {},
                           .deadline = {},
                           .exit = {},
                           .cause = {core::CauseKind::requested, "root (pid 812)", {}}},
                  .log = "/var/log/foster/shop/" + name + ".log",
                  .since = std::chrono::sys_days{std::chrono::year(2031) / 5 / 7} + std::chrono::hours(9),
                  .cpu = {},
                  .memory = {},
                  .status = {}};
  if (core::may_be_alive(state)) row.view.pid = Pid(4711);
  if (state == core::State::running) row.view.ready = row.view.since;
  return row;
}

class FakeService final : public ControlService {
 public:
  // What it says.
  Info about{.version = "1.2.3",
             .name = "shop",
             .reaper = 100,
             .supervisor = 101,
             .runtime_dir = "/run/foster/shop",
             .state_dir = "/var/lib/foster/shop",
             .log_dir = "/var/log/foster/shop",
             .config = "",
             .history_trouble = "",
             .recoveries = 0};
  std::vector<InstanceRow> rows;
  std::map<std::string, std::string> logs;
  std::vector<EventRow> events;
  std::optional<Problem> refuse_with;        ///< Every request that changes something fails so.
  std::vector<std::string> failing;          ///< Instances whose outcome is not ok.
  bool answers_later = false;                ///< Keep the answers in `pending`.
  std::vector<core::ServiceChange> changes;  ///< What apply says.

  // What it was asked.
  std::vector<std::string> asked;
  std::vector<std::move_only_function<void()>> pending;
  Actor actor;
  std::optional<RunRequest> run_request;
  std::size_t open_cursors = 0;

  Info info() const override { return about; }

  Answer<std::vector<InstanceRow>> list(const std::vector<std::string>& patterns) const override {
    std::vector<InstanceRow> found;
    for (const InstanceRow& row : rows) {
      const bool is_wanted =
          patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& glob) {
            return core::matches_glob(glob, row.view.name) || core::matches_glob(glob, row.view.service);
          });
      if (is_wanted) found.push_back(row);
    }
    for (const std::string& glob : patterns) {
      const bool hits = std::ranges::any_of(rows, [&](const InstanceRow& row) {
        return core::matches_glob(glob, row.view.name) || core::matches_glob(glob, row.view.service);
      });
      if (!hits) {
        return std::unexpected(Problem{Problem::Kind::no_such_service, "no service matches \"" + glob + "\"", {}});
      }
    }
    return found;
  }

  void change(ChangeRequest request, const Actor& who, Done<std::vector<Outcome>> done) override {
    note(std::string(to_string(request.verb)) + " " + joined(request.patterns) + (request.wait ? "" : " no-wait"), who);
    const auto state = request.verb == Verb::stop ? core::State::stopped : core::State::running;
    answer(outcomes_of(request.patterns, state), std::move(done));
  }
  void signal(std::vector<std::string> patterns, Signal signal, const Actor& who,
              Done<std::vector<Outcome>> done) override {
    note("signal " + signal.name() + " " + joined(patterns), who);
    answer(outcomes_of(patterns, core::State::running), std::move(done));
  }
  void apply(ApplyRequest request, const Actor& who, Done<Applied> done) override {
    note("apply " + request.config + (request.dry_run ? " dry" : ""), who);
    Applied applied{.changes = changes, .warnings = {}, .outcomes = {}};
    if (request.wait && !request.dry_run) applied.outcomes = *outcomes_of({}, core::State::running);
    answer<Applied>(std::move(applied), std::move(done));
  }
  void run(RunRequest request, const Actor& who, Done<std::vector<Outcome>> done) override {
    note("run " + request.name, who);
    run_request = request;
    rows.push_back(row_of(request.name));
    answer(outcomes_of({request.name}, core::State::running), std::move(done));
  }
  void adopt(AdoptRequest request, const Actor& who, Done<std::vector<Outcome>> done) override {
    note("adopt " + request.name + " pid=" + std::to_string(request.pid) + " " + request.pidfile + " " +
             request.definition,
         who);
    answer(outcomes_of({request.name}, core::State::running), std::move(done));
  }
  void upgrade(UpgradeRequest request, const Actor& who, Done<Upgraded> done) override {
    note("upgrade " + request.program, who);
    answer<Upgraded>(Upgraded{.program = request.program, .from = "1.2.3", .to = "1.2.4"}, std::move(done));
  }
  void shut_down(const Actor& who, Done<std::vector<Outcome>> done) override {
    note("shutdown", who);
    answer(outcomes_of({}, core::State::stopped), std::move(done));
  }

  Answer<std::vector<EventRow>> history(const std::string& name, std::size_t most) const override {
    std::vector<EventRow> found;
    for (const EventRow& row : events) {
      if (name.empty() || row.name == name) found.push_back(row);
    }
    if (found.size() > most) found.erase(found.begin(), found.end() - std::ptrdiff_t(most));
    return found;
  }

  Answer<std::unique_ptr<LogCursor>> open_log(const LogRequest& request) override {
    const std::string name = log_name(request.name, request.stream);
    if (!logs.contains(name)) {
      return std::unexpected(Problem{Problem::Kind::no_such_service, "no service is called " + request.name, {}});
    }
    std::size_t from = 0;
    const std::string& text = logs[name];
    if (!request.resume.empty()) {
      from = std::stoul(request.resume);
    } else if (request.last_lines) {
      from = text.size();
      for (auto left = *request.last_lines; left > 0 && from > 0; --left) {
        const auto newline = from >= 2 ? text.rfind('\n', from - 2) : std::string::npos;
        from = newline == std::string::npos ? 0 : newline + 1;
      }
    }
    return std::make_unique<Cursor>(*this, name, from);
  }

  std::unique_ptr<EventCursor> follow_events(std::optional<std::uint64_t> after) override {
    std::size_t next = events.size();
    if (after) {
      next = 0;
      while (next < events.size() && events[next].id <= *after) ++next;
    }
    return std::make_unique<Follower>(*this, next);
  }

  void happen(EventRow row) {
    events.push_back(std::move(row));
    wake();
  }
  void write(const std::string& name, std::string_view bytes) {
    logs[name] += bytes;
    wake();
  }
  /// Gives the answers that were kept.
  void answer_now() {
    for (auto& one : std::exchange(pending, {})) one();
  }

 private:
  template <class Base>
  class Waiting : public Base {
   public:
    explicit Waiting(FakeService& owner) : owner_(owner) {
      ++owner_.open_cursors;
      owner_.waiting_[this] = nullptr;
    }
    ~Waiting() override {
      --owner_.open_cursors;
      owner_.waiting_.erase(this);
    }
    void when_more(std::move_only_function<void()> more) override { owner_.waiting_[this] = std::move(more); }

   protected:
    FakeService& owner_;
  };
  class Cursor final : public Waiting<LogCursor> {
   public:
    Cursor(FakeService& owner, std::string name, std::size_t at) : Waiting(owner), name_(std::move(name)), at_(at) {}
    bool read(std::string& out, std::size_t most) override {
      const std::string part = owner_.logs[name_].substr(at_, most);
      out += part;
      at_ += part.size();
      return !part.empty();
    }
    std::string position() const override { return std::to_string(at_); }

   private:
    std::string name_;
    std::size_t at_;
  };
  class Follower final : public Waiting<EventCursor> {
   public:
    Follower(FakeService& owner, std::size_t at) : Waiting(owner), at_(at) {}
    std::vector<EventRow> next(std::size_t most) override {
      std::vector<EventRow> found;
      while (at_ < owner_.events.size() && found.size() < most) found.push_back(owner_.events[at_++]);
      return found;
    }

   private:
    std::size_t at_;
  };

  static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }
  void note(std::string what, const Actor& who) {
    asked.push_back(std::move(what));
    actor = who;
  }
  Answer<std::vector<Outcome>> outcomes_of(const std::vector<std::string>& patterns, core::State state) {
    const auto found = list(patterns);
    if (!found) return std::unexpected(found.error());
    std::vector<Outcome> outcomes;
    for (const InstanceRow& row : *found) {
      const bool ok = std::ranges::find(failing, row.view.name) == failing.end();
      outcomes.push_back({.name = row.view.name,
                          .ok = ok,
                          .state = ok ? state : core::State::failed,
                          .why = ok ? "" : "exited with code 3"});
    }
    return outcomes;
  }
  template <class Value>
  void answer(Answer<Value> value, Done<Value> done) {
    if (refuse_with) value = std::unexpected(*refuse_with);
    if (!answers_later) return done(std::move(value));
    pending.push_back([value = std::move(value), done = std::move(done)]() mutable { done(std::move(value)); });
  }
  void wake() {
    std::vector<std::move_only_function<void()>> due;
    for (auto& [cursor, more] : waiting_) {
      if (more) due.push_back(std::exchange(more, nullptr));
    }
    for (auto& more : due) more();
  }

  std::map<void*, std::move_only_function<void()>> waiting_;
};

/// One transition of the tests: it ended with this code and will be tried again.
inline EventRow event_of(std::uint64_t id, const std::string& name, int code = 3) {
  return {.id = id,
          .time = std::chrono::sys_days{std::chrono::year(2031) / 5 / 7} + std::chrono::milliseconds(250 + id),
          .name = name,
          .from = core::State::running,
          .to = core::State::backoff,
          .run = 2,
          .cause = {core::CauseKind::ended, "", Exited{code}}};
}

}  // namespace foster::api
