#include "cli/attach.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <foster/exit_status.hpp>

#include "api/json_codec.hpp"
#include "cli/event_feed.hpp"
#include "cli/line_printer.hpp"
#include "cli/log_ends.hpp"
#include "cli/log_follower.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "sys/signals.hpp"

namespace foster::cli {
namespace {

sys::SignalSet requests_to_end() {
  return {*Signal::from_number(SIGINT), *Signal::from_number(SIGTERM), *Signal::from_number(SIGHUP),
          *Signal::from_number(SIGQUIT)};
}

class Attachment {
 public:
  Attachment(Context& context, AttachOptions options)
      : context_(context),
        options_(std::move(options)),
        client_(options_.target.directories),
        logs_(client_, {.names = {},
                        .lines = 0,
                        .follow = true,
                        .from = ends_of_logs(client_.directories().logs, options_.model)}),
        printer_(context.out, context.has_colour(context.out) ? LinePrinter::Colours::on : LinePrinter::Colours::off) {
    for (const std::string& name : log_names(options_.model)) printer_.expect(name);
  }

  ExitCode run(sys::SignalFd signals) {
    if (!begin()) return end();
    while (!has_ended()) {
      wait(signals);
      while (const auto signal = signals.read()) stop();
      read_answers();
      read_events();
      read_logs();
      context_.out.flush();
    }
    return end();
  }

 private:
  bool begin() {
    if (auto begun = logs_.begin(); !begun) {
      (void)complain_about(context_, options_.target, begun.error());
      return false;
    }
    follow_events();
    const api::ApplyRequest request{.config = options_.config, .dry_run = false, .wait = true};
    apply_ = ask("/v1/apply", api::encode(request));
    return true;
  }

  std::optional<Exchange> ask(const char* target, std::string body) {
    auto exchange = client_.begin({.method = "POST", .target = target, .body = std::move(body)});
    if (!exchange) return std::nullopt;
    return std::move(*exchange);
  }

  void follow_events() {
    auto exchange = client_.begin({.target = "/v1/events"});
    events_ = exchange ? std::optional(std::move(*exchange)) : std::nullopt;
  }

  void wait(const sys::SignalFd& signals) const {
    std::array<pollfd, 6> fds{};
    const auto watch = [](const std::optional<Exchange>& exchange) {
      return pollfd{exchange ? exchange->fd().get() : -1, POLLIN, 0};
    };
    fds[0] = {signals.fd().get(), POLLIN, 0};
    fds[1] = {is_gone_ ? -1 : logs_.fd().get(), POLLIN, 0};
    fds[2] = watch(events_);
    fds[3] = watch(apply_);
    fds[4] = watch(shutdown_);
    fds[5] = {options_.reaper.pidfd.get(), POLLIN, 0};
    (void)::poll(fds.data(), fds.size(), -1);  // interrupted: everything is looked at anyway
  }

  void stop() {
    ++stops_;
    context_.complain("{}", stops_ == 1 ? "stopping everything in order; once more: at once" : "killing everything");
    shutdown_ = ask("/v1/shutdown", {});
  }

  void read_answers() {
    if (apply_) {
      std::string body;
      const auto state = apply_->pump([&](const Piece& piece) { body += piece.bytes; });
      if (state == Exchange::State::done) note_applied({.status = apply_->status(), .body = apply_->body()});
      if (state != Exchange::State::going) apply_.reset();
    }
    if (!shutdown_) return;
    const auto state = shutdown_->pump([](const Piece&) {});
    if (state == Exchange::State::going) return;
    // A supervisor that was lost meanwhile has to be asked again.
    shutdown_ = state == Exchange::State::lost && client_.may_be_alive() ? ask("/v1/shutdown", {}) : std::nullopt;
  }

  void note_applied(const Reply& reply) {
    if (!reply.is_ok()) {
      failure_ = complain_about(context_, reply);
      shutdown_ = ask("/v1/shutdown", {});
      return;
    }
    const auto changed = read_changed(reply.body);
    if (!changed || stops_ > 0) return;
    show_diagnostics(context_, changed->warnings);
    (void)complain_about(context_, changed->outcomes, "did not become ready");
  }

  void read_events() {
    if (!events_) return;
    const auto state = events_->pump([&](const Piece& piece) {
      feed_.take(piece.bytes, [&](const FeedEvent& event) {
        if (const auto row = read_event(event.data)) note(*row);
      });
    });
    if (state == Exchange::State::going) return;
    events_.reset();
    feed_ = {};
    if (!is_gone_ && client_.may_be_alive()) follow_events();
  }

  void note(const HistoryRow& row) {
    if (row.to == core::State::waiting || row.to == core::State::starting) return;
    const char* colon = row.cause.empty() ? "" : ": ";
    printer_.say(row.name, fmt::format("[{}{}{}]", core::to_string(row.to), colon, row.cause));
  }

  void read_logs() {
    if (is_gone_) return;
    const auto state = logs_.pump([&](std::string_view name, std::string_view bytes) { printer_.take(name, bytes); });
    is_gone_ = state != LogFollower::State::going;
  }

  // The reaper is the last to go. One that was lost is replaced by its supervisor, and is not ours any more.
  bool has_ended() {
    if (options_.reaper.pidfd) {
      int status = 0;
      if (::waitpid(options_.reaper.pid.number(), &status, WNOHANG) <= 0) return false;
      options_.reaper.pidfd.reset();
      const ExitStatus exit = exit_status_from_wait(status);
      if (std::holds_alternative<Exited>(exit)) exit_ = exit;
    }
    return exit_.has_value() || is_gone_;
  }

  ExitCode end() {
    if (!is_gone_ && exit_) read_logs();
    printer_.finish();
    if (failure_) return *failure_;
    return exit_ ? static_cast<ExitCode>(as_exit_code(*exit_)) : ExitCode::done;
  }

  Context& context_;
  AttachOptions options_;
  Client client_;
  LogFollower logs_;
  LinePrinter printer_;
  EventFeed feed_;
  std::optional<Exchange> events_;
  std::optional<Exchange> apply_;
  std::optional<Exchange> shutdown_;
  std::optional<ExitStatus> exit_;
  std::optional<ExitCode> failure_;
  unsigned stops_ = 0;
  bool is_gone_ = false;
};

}  // namespace

ExitCode attach(Context& context, AttachOptions options) {
  sys::block_signals(requests_to_end());
  auto signals = sys::SignalFd::open(requests_to_end());
  if (!signals) {
    context.complain("{}", to_string(signals.error()));
    return ExitCode::failed;
  }
  return Attachment(context, std::move(options)).run(std::move(*signals));
}

}  // namespace foster::cli
