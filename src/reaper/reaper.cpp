#include "reaper/reaper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <span>
#include <utility>

#include <foster/exit_status.hpp>

#include "ledger/ledger.hpp"
#include "reaper/attention.hpp"
#include "reaper/forwarded_signals.hpp"
#include "reaper/handover.hpp"
#include "reaper/held_fds.hpp"
#include "reaper/keep_alive.hpp"
#include "reaper/leftovers.hpp"
#include "reaper/outbox.hpp"
#include "reaper/role_arguments.hpp"
#include "reaper/successor.hpp"
#include "reaper/supervisor_process.hpp"
#include "reaper/wire.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/memory.hpp"
#include "sys/pidfd.hpp"
#include "sys/signals.hpp"
#include "sys/wait.hpp"

namespace foster::reaper {
namespace {

/// How long the others get between SIGTERM and SIGKILL when pid 1 goes.
constexpr std::chrono::milliseconds kLastPatience{2000};

bool is_request_to_end(std::uint32_t signal) noexcept {
  return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

class Reaper {
 public:
  struct Beginning {
    ledger::Ledger ledger;
    sys::SignalFd signals;
    sys::Channel channel;
    SupervisorRecipe recipe;
    HeldFds held;
    std::uint64_t sequence;
    bool something_may_run;
  };

  explicit Reaper(Beginning from)
      : ledger_(std::move(from.ledger)),
        signals_(std::move(from.signals)),
        outbox_(std::move(from.channel), from.sequence),
        successor_(from.recipe.arguments),
        supervisor_(std::move(from.recipe)),
        held_(std::move(from.held)),
        something_may_run_(from.something_may_run) {}

  /// Goes on where another program of this process was.
  void take_over(const Handover& handover) noexcept {
    was_ever_up_ = true;
    is_first_ = false;
    keep_alive_.started();
    if (handover.is_up != 0) keep_alive_.answered(sys::monotonic_now());
    if (handover.listener >= 0) supervisor_.keep_listener(UniqueFd(handover.listener));
    if (handover.supervisor_pid > 0) {
      supervisor_.adopt(Pid(handover.supervisor_pid));
    } else {
      start_at_ = sys::monotonic_now();
    }
  }

  int loop() noexcept {
    if (is_first_) start_supervisor();
    while (!end_) {
      wait();
      if (woken_.by_signal) read_signals();
      if (woken_.by_message) read_messages();
      outbox_.send_signals();
      forward_exits();
      bury_supervisor();
      look_after_supervisor();
      become_successor();
      end_or_keep_alive();
    }
    return leave();
  }

 private:
  void wait() noexcept {
    const auto listener = attention_.wants_clients() && supervisor_.pid() ? supervisor_.listener() : std::nullopt;
    std::array<pollfd, 3> fds{
        pollfd{signals_.fd().get(), POLLIN, 0},
        pollfd{outbox_.channel().fd().get(), static_cast<short>(outbox_.is_full() ? POLLIN | POLLOUT : POLLIN), 0},
        pollfd{listener ? listener->get() : -1, POLLIN, 0}};
    const std::optional<timespec> timeout = time_left();
    // What is still to be done would bring back what it needs.
    if (std::exchange(rests_, false)) sys::release_unused_memory();
    (void)::ppoll(fds.data(), fds.size(), timeout ? &*timeout : nullptr, nullptr);  // woken for nothing is no harm
    woken_ = {.by_signal = fds[0].revents != 0, .by_message = (fds[1].revents & POLLIN) != 0};
    if ((fds[1].revents & POLLOUT) != 0) outbox_.try_again();
    if ((fds[2].revents & POLLIN) != 0) attention_.client_waits(sys::monotonic_now());
  }

  /// Until something has to be done that nobody wakes us for.
  std::optional<timespec> time_left() const noexcept {
    const std::optional<Instant> due = start_at_ ? start_at_ : attention_.next_look();
    if (!due) return std::nullopt;
    const Instant left = std::max(*due - sys::monotonic_now(), Instant::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    return timespec{seconds.count(), (left - seconds).count()};
  }

  void read_signals() noexcept {
    while (const std::optional<signalfd_siginfo> info = signals_.read()) {
      if (info->ssi_signo == SIGCHLD) continue;  // whoever ended is looked for after every wait
      outbox_.add(*info);
      if (is_request_to_end(info->ssi_signo)) note_request_to_end(static_cast<int>(info->ssi_signo));
    }
  }

  void note_request_to_end(int signal) noexcept {
    const Instant now = sys::monotonic_now();
    const auto listening = keep_alive_.is_up() ? LastResort::Supervisor::up : LastResort::Supervisor::down;
    if (last_resort_.requested(now, listening)) {
      constexpr int kSignalBase = 128;
      end_ = End{kSignalBase + signal, How::kill_everything};
    }
    if (start_at_) start_at_ = now;  // somebody must be there to answer
  }

  /// Looks at the supervisor alone, which must not wait behind zombies that nobody reads about.
  void bury_supervisor() noexcept {
    const std::optional<int> wait_status = supervisor_.take_end();
    if (!wait_status) return;
    ledger_.set_supervisor_pid(std::nullopt);
    read_messages();  // what it sent before its end counts
    supervisor_ended(*wait_status);
  }

  void supervisor_ended(int wait_status) noexcept {
    attention_.forget();
    // One that had to be killed has failed, and is braked like any other.
    if (std::exchange(is_given_up_, false)) wait_status = SupervisorProcess::wait_status_of_failure;
    const bool by_itself = !WIFSIGNALED(wait_status) || WTERMSIG(wait_status) != SIGKILL;
    if (is_first_ && !was_ever_up_ && !something_may_run_ && by_itself) failed_start_ = wait_status;
    start_at_ = keep_alive_.ended(wait_status, sys::monotonic_now());
  }

  void forward_exits() noexcept {
    while (!outbox_.is_full()) {
      const std::optional<sys::ExitReport> report = peek_report();
      if (!report) return;
      if (supervisor_.pid() == Pid(report->pid)) {
        bury_supervisor();
        continue;
      }
      if (!outbox_.send(*report)) return;
      // Only what is on its way may go: until here the pid could not be anybody else's.
      (void)sys::release_exit(Pid(report->pid));
    }
  }

  /// A supervisor that hangs is as good as lost, and harder to notice.
  void look_after_supervisor() noexcept {
    if (!supervisor_.pid() || is_given_up_) return;
    const Instant now = sys::monotonic_now();
    if (attention_.is_time_for_client(now) && client_still_waits()) {
      outbox_.send_ping();
      attention_.client_waits(now);
    }
    const Attention::Sight sight{
        .untaken = outbox_.untaken(), .applied = ledger_.last_exit_sequence(), .is_up = keep_alive_.is_up()};
    if (!attention_.is_lost(sight, now)) return;
    is_given_up_ = true;
    ledger_.count_hang();
    supervisor_.kill();
  }

  bool client_still_waits() const noexcept {
    const auto listener = supervisor_.listener();
    pollfd door{listener ? listener->get() : -1, POLLIN, 0};
    return ::poll(&door, 1, 0) == 1 && (door.revents & POLLIN) != 0;
  }

  void read_messages() noexcept {
    for (;;) {
      Message message{};
      std::array<UniqueFd, 2> fds;
      const auto receipt = outbox_.channel().take(std::as_writable_bytes(std::span(&message, 1)), fds);
      if (!receipt) {
        if (receipt.error().code == EMSGSIZE) continue;  // no message of ours, and gone
        return;
      }
      if (receipt->outcome != sys::Channel::Outcome::message) return;
      obey(message, receipt->size, std::move(fds[0]), std::move(fds[1]));
    }
  }

  void hold(HeldFds::Kind kind, const Slot& message, std::size_t size, UniqueFd fd) noexcept {
    if (size >= sizeof(Slot) && fd) held_.hold(HeldFds::place_of(kind, message.slot), std::move(fd));
  }

  void release(HeldFds::Kind kind, const Slot& message, std::size_t size) noexcept {
    if (size >= sizeof(Slot)) held_.release(HeldFds::place_of(kind, message.slot));
  }

  // A message of an unknown kind, or a torn one, is passed over: nothing here is worth an end.
  void obey(const Message& message, std::size_t size, UniqueFd fd, UniqueFd second) noexcept {
    if (size < sizeof(Plain)) return;
    switch (message.header.kind) {
      case MessageKind::up:
        was_ever_up_ = true;
        keep_alive_.answered(sys::monotonic_now());
        return;
      case MessageKind::rest:
        rests_ = true;
        return;
      case MessageKind::hold:
        return hold(HeldFds::Kind::fifo, message.slot, size, std::move(fd));
      case MessageKind::release:
        return release(HeldFds::Kind::fifo, message.slot, size);
      case MessageKind::hold_process:
        return hold(HeldFds::Kind::process, message.slot, size, std::move(fd));
      case MessageKind::release_process:
        return release(HeldFds::Kind::process, message.slot, size);
      case MessageKind::hold_watch:
        if (fd) held_.hold(HeldFds::kWatch, std::move(fd));
        return;
      case MessageKind::hold_listener:
        if (size >= sizeof(Slot) && fd) held_.hold(HeldFds::place_of_listener(message.slot.slot), std::move(fd));
        return;
      case MessageKind::release_listener:
        if (size >= sizeof(Slot)) held_.release(HeldFds::place_of_listener(message.slot.slot));
        return;
      case MessageKind::hold_listener_names:
        if (fd) held_.hold(HeldFds::kListenerNames, std::move(fd));
        return;
      case MessageKind::hold_stderr:
        return hold(HeldFds::Kind::stderr_fifo, message.slot, size, std::move(fd));
      case MessageKind::hold_both:
        hold(HeldFds::Kind::fifo, message.slot, size, std::move(fd));
        return hold(HeldFds::Kind::stderr_fifo, message.slot, size, std::move(second));
      case MessageKind::release_stderr:
        return release(HeldFds::Kind::stderr_fifo, message.slot, size);
      case MessageKind::finish:
        if (size >= sizeof(Finish)) finish_ = message.finish.exit_code;
        return;
      case MessageKind::listen:
        if (fd) supervisor_.keep_listener(std::move(fd));
        return;
      case MessageKind::upgrade:
        if (fd) upgrade_to_ = std::move(fd);
        return;
      case MessageKind::lock:
        if (fd) supervisor_.replace_lock(fd);
        return;
      case MessageKind::ledger:
        if (fd) go_on_with_ledger(std::move(fd));
        return;
      case MessageKind::exited:
      case MessageKind::signalled:
      case MessageKind::ping:
        return;  // ours to send
    }
  }

  void go_on_with_ledger(UniqueFd file) noexcept {
    auto moved = ledger::Ledger::of_file(std::move(file));
    if (moved) ledger_ = std::move(*moved);
  }

  /// Goes on as another program, or, when that cannot be, as this one.
  void become_successor() noexcept {
    if (!upgrade_to_) return;
    const UniqueFd program = std::move(upgrade_to_);
    const SupervisorRecipe& recipe = supervisor_.recipe();
    const auto listener = supervisor_.listener();
    Handover handover;
    handover.supervisor_pid = supervisor_.pid() ? supervisor_.pid()->number() : 0;
    handover.sequence = outbox_.sequence();
    handover.channel = outbox_.channel().fd().get();
    handover.supervisor_channel = recipe.channel.get();
    handover.lock = recipe.lock ? recipe.lock.get() : -1;
    handover.listener = listener ? listener->get() : -1;
    handover.is_up = keep_alive_.is_up() ? 1 : 0;
    handover.limits_files = recipe.file_limit ? 1 : 0;
    if (recipe.file_limit) handover.file_limit = *recipe.file_limit;
    const auto file = hand_over(handover, held_);
    if (file) successor_.become(program, *file);
    keep_all(handover, held_);
  }

  void end_or_keep_alive() noexcept {
    if (end_ || supervisor_.pid()) return;
    if (finish_) {
      end_ = End{*finish_, How::quietly};
    } else if (failed_start_) {
      end_ = End{as_exit_code(exit_status_from_wait(*failed_start_)), How::quietly};
    } else if (start_at_ && *start_at_ <= sys::monotonic_now()) {
      is_first_ = false;
      ledger_.count_recovery();
      start_supervisor();
    }
  }

  void start_supervisor() noexcept {
    start_at_.reset();
    if (supervisor_.start(held_)) {
      ledger_.set_supervisor_pid(supervisor_.pid());
      keep_alive_.started();
    } else {
      supervisor_ended(SupervisorProcess::wait_status_of_failure);
    }
  }

  int leave() noexcept {
    const Scope scope = ::getpid() == 1 ? Scope::pid_namespace : Scope::children;
    if (end_->how == How::kill_everything) {
      (void)kill_leftovers(scope);  // what the kernel holds up will not end by waiting longer
    } else if (scope == Scope::pid_namespace) {
      (void)end_leftovers(scope, kLastPatience);
    }
    ledger_.set_supervisor_pid(std::nullopt);
    ledger_.set_reaper({});
    return end_->exit_code;
  }

  enum class How : std::uint8_t { quietly, kill_everything };
  struct End {
    int exit_code;
    How how;
  };

  ledger::Ledger ledger_;
  sys::SignalFd signals_;
  Outbox outbox_;
  Successor successor_;
  SupervisorProcess supervisor_;
  HeldFds held_;
  KeepAlive keep_alive_;
  Attention attention_;
  LastResort last_resort_;

  struct Woken {
    bool by_signal = false;
    bool by_message = false;
  };
  Woken woken_;
  UniqueFd upgrade_to_;              // the program to go on as
  std::optional<Instant> start_at_;  // while there is no supervisor
  std::optional<int> finish_;        // its exit code
  std::optional<int> failed_start_;  // wait status of the first supervisor
  std::optional<End> end_;
  bool rests_ = false;        // from the next wait on
  bool is_given_up_ = false;  // the supervisor that runs was killed because it hangs
  bool is_first_ = true;
  bool was_ever_up_ = false;
  const bool something_may_run_;
};

/// All that can be held, and some of our own. @return What was found, to be given back to the supervisor.
std::optional<rlimit64> raise_file_limit() noexcept {
  constexpr rlim64_t kWanted = HeldFds::kPlaces + 64;
  rlimit64 found{};
  if (::getrlimit64(RLIMIT_NOFILE, &found) != 0 || found.rlim_cur >= kWanted) return std::nullopt;
  const rlimit64 raised{std::min(kWanted, found.rlim_max), found.rlim_max};
  if (::setrlimit64(RLIMIT_NOFILE, &raised) != 0) return std::nullopt;
  return found;
}

Result<> become_reaper(ledger::Ledger& ledger, std::optional<Pid> supervisor) {
  if (::getpid() != 1) {
    if (auto done = sys::check_done(::prctl(PR_SET_CHILD_SUBREAPER, 1), "become subreaper"); !done) return done;
  }
  (void)::prctl(PR_SET_NAME, "foster: reaper");  // a name too long would be cut, nothing else can happen
  const auto self = sys::ProcessHandle::open(Pid(::getpid()));
  if (!self) return Failure(self.error());
  ledger.set_reaper(self->identity());
  ledger.set_supervisor_pid(supervisor);
  return {};
}

/// What the reaper of this instance begins with, or goes on with.
struct Inheritance {
  sys::Channel channel;
  SupervisorRecipe recipe;
  HeldFds held{};
  std::optional<Handover> handover{};
};

Result<Inheritance> begin(Options& options) {
  auto channel = sys::Channel::pair();
  if (!channel) return Failure(std::move(channel).error());
  HeldFds held;
  if (options.bequest) (void)take_over(options.bequest, held);  // what cannot be read is lost, as it would be without
  options.bequest.reset();
  return Inheritance{.channel = std::move(channel->first),
                     .recipe = {.program = std::move(options.program),
                                .arguments = std::move(options.supervisor_arguments),
                                .channel = std::move(channel->second).into_fd(),
                                .lock = std::move(options.instance_lock),
                                .ready = std::move(options.ready_fd),
                                .file_limit = raise_file_limit()},
                     .held = std::move(held)};
}

Result<Inheritance> inherit(Options& options) {
  HeldFds held;
  const auto handover = take_over(options.takeover, held);
  if (!handover) return Failure(handover.error());
  options.takeover.reset();
  Inheritance inheritance{.channel = sys::Channel(UniqueFd(handover->channel)),
                          .recipe = {.program = std::move(options.program),
                                     .arguments = std::move(options.supervisor_arguments),
                                     .channel = UniqueFd(handover->supervisor_channel)},
                          .held = std::move(held),
                          .handover = *handover};
  if (handover->lock >= 0) inheritance.recipe.lock = UniqueFd(handover->lock);
  if (handover->limits_files != 0) inheritance.recipe.file_limit = handover->file_limit;
  return inheritance;
}

/// Claims are cleared when what claimed them has ended, so one that is left may live. Where no slot is taken, a new
/// life of the instance begins.
Result<bool> something_may_run(ledger::Ledger& ledger) {
  const auto slots = ledger.occupied();
  if (!slots) return Failure(slots.error());
  if (slots->empty() || ledger.stamp() == 0) {
    ledger.set_stamp(static_cast<std::uint64_t>(sys::monotonic_now().count()));
  }
  return std::ranges::any_of(*slots, [&](ledger::Slot slot) { return ledger.claimed_by(slot).has_value(); });
}

}  // namespace

Result<int> run(Options options) {
  auto directory = sys::open_file(options.runtime_directory, O_RDONLY | O_DIRECTORY);
  if (!directory) return Failure(std::move(directory).error());
  const auto boot = sys::boot_id();
  if (!boot) return Failure(boot.error());
  auto ledger = ledger::Ledger::open(*directory, options.instance_name, *boot);
  if (!ledger) return Failure(std::move(ledger).error());
  const auto may_run = something_may_run(*ledger);
  if (!may_run) return Failure(may_run.error());

  const sys::SignalSet watched = watched_signals();
  sys::block_signals(watched);
  restore_child_signal(SA_NOCLDSTOP);
  auto signals = sys::SignalFd::open(watched);
  if (!signals) return Failure(std::move(signals).error());
  auto from = options.takeover ? inherit(options) : begin(options);
  if (!from) return Failure(std::move(from).error());
  const auto& handover = from->handover;
  const bool has_supervisor = handover && handover->supervisor_pid > 0;
  auto done = become_reaper(*ledger, has_supervisor ? std::optional(Pid(handover->supervisor_pid)) : std::nullopt);
  if (!done) return Failure(std::move(done).error());

  const std::uint64_t sequence = handover ? handover->sequence : ledger->last_exit_sequence();
  Reaper reaper({.ledger = std::move(*ledger),
                 .signals = std::move(*signals),
                 .channel = std::move(from->channel),
                 .recipe = std::move(from->recipe),
                 .held = std::move(from->held),
                 .sequence = sequence,
                 .something_may_run = *may_run});
  if (handover) reaper.take_over(*handover);
  directory->reset();
  return reaper.loop();
}

}  // namespace foster::reaper
