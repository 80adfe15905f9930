#include "cli/top/live.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/session.hpp"
#include "cli/top/deeds.hpp"
#include "cli/top/feed.hpp"
#include "cli/top/keys.hpp"
#include "cli/top/layout.hpp"
#include "cli/top/model.hpp"
#include "cli/top/source.hpp"
#include "cli/top/terminal.hpp"
#include "sys/clock.hpp"
#include "sys/signals.hpp"

namespace foster::cli::top {
namespace {

using namespace std::chrono_literals;

// Two looks that an event brought close together make no rate.
constexpr auto kClosest = 800ms;
// A sequence of a key arrives within this, over a slow line, too.
constexpr Moment kEscapePatience = 100ms;
// Whatever goes on, nobody reads more screens than this.
constexpr Moment kBetweenScreens = 50ms;

sys::SignalSet watched_signals() {
  sys::SignalSet set;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH}) {
    set.add(*Signal::from_number(number));
  }
  return set;
}

struct Ending {
  std::optional<int> signal = {};  ///< What asked for it, and is to be seen by whoever waits for us.
  ExitCode code = ExitCode::done;
};

// The kernel decides: where nobody could continue it, a process is not stopped.
void stop_as_asked() {
  const sys::SignalSet found = sys::blocked_signals();
  sys::SignalSet open = found;
  open.remove(*Signal::from_number(SIGTSTP));
  (void)::raise(SIGTSTP);
  sys::set_blocked_signals(open);
  sys::set_blocked_signals(found);
}

class Live {
 public:
  Live(const Target& target, const std::vector<std::string>& names, Terminal& terminal, sys::SignalFd signals, Ink ink)
      : client_(target.directories, Patience::none),
        model_(target.name, kClosest),
        feed_(client_, target.name, with_names("/v1/services", names)),
        deeds_(client_, target.name),
        terminal_(terminal),
        signals_(std::move(signals)),
        ink_(ink) {}

  Ending run() {
    begin_anew();
    while (!ending_) {
      const Moment now = sys::monotonic_now();
      ask(now);
      if (now >= next_screen_) show(now);
      if (!ending_) wait(now);
      handle_signals();
      read_keys();
    }
    return *ending_;
  }

 private:
  void end(Ending ending) {
    if (!ending_) ending_ = ending;
  }

  // The terminal is ours (again), and shows nobody knows what.
  void begin_anew() {
    if (!terminal_.take()) return end({.code = ExitCode::failed});
    repaint();
  }

  void repaint() {
    shown_.reset();
    next_screen_ = {};
  }

  void ask(Moment now) {
    feed_.look(now);
    if (auto rows = feed_.pump(now)) model_.take(std::move(*rows), now, sys::wall_now());
    model_.lose(feed_.lost());
    if (auto message = deeds_.pump(now)) model_.say(std::move(*message));
    if (source_ && model_.page() != nullptr) source_->pump(*model_.page(), now);
  }

  // A terminal that is slow to take a screen gets the next one when it has this one.
  void show(Moment now) {
    if (terminal_.is_busy()) return;
    if (const Size size = terminal_.size(); size != model_.size()) {
      model_.resize(size);
      shown_.reset();
    }
    Grid wanted = draw(model_);
    const std::string bytes = paint(shown_ ? &*shown_ : nullptr, wanted, ink_);
    shown_ = std::move(wanted);
    next_screen_ = now + kBetweenScreens;
    if (!bytes.empty() && !terminal_.write(bytes)) end({.code = ExitCode::failed});
  }

  void wait(Moment now) {
    Moment next = feed_.next();
    for (const auto& other : {deeds_.next(), source_ ? source_->next() : std::nullopt}) {
      if (other) next = std::min(next, *other);
    }
    if (keys_.is_waiting()) next = std::min(next, key_began_ + kEscapePatience);
    if (is_stale_) next = std::min(next, next_screen_);
    std::vector<pollfd> fds;
    const short events = terminal_.is_busy() ? POLLIN | POLLOUT : POLLIN;
    fds.push_back({terminal_.fd().get(), events, 0});
    fds.push_back({signals_.fd().get(), POLLIN, 0});
    feed_.watch(fds);
    deeds_.watch(fds);
    if (source_) source_->watch(fds);
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(std::max(next - now, Moment{}));
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(pause.count()));  // interrupted: look again
    is_stale_ = ready > 0;
    if ((fds[0].revents & POLLOUT) != 0 && !terminal_.flush()) end({.code = ExitCode::failed});
    if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) end({.code = ExitCode::failed});
  }

  void handle_signals() {
    while (const auto signal = signals_.read()) {
      switch (static_cast<int>(signal->ssi_signo)) {
        case SIGINT:
          return end({});
        case SIGWINCH:
          repaint();
          break;
        case SIGTSTP:
          terminal_.give_back();
          stop_as_asked();
          begin_anew();
          break;
        case SIGCONT:
          begin_anew();
          break;
        default:
          return end({.signal = static_cast<int>(signal->ssi_signo)});
      }
    }
  }

  void read_keys() {
    if (ending_) return;
    const auto bytes = terminal_.read();
    if (!bytes) return end({.code = ExitCode::failed});
    const Moment now = sys::monotonic_now();
    std::vector<Key> keys;
    if (!bytes->empty()) {
      keys = keys_.take(*bytes);
      key_began_ = now;
    } else if (keys_.is_waiting() && now >= key_began_ + kEscapePatience) {
      keys = keys_.give_up();
    }
    if (keys.empty()) return;
    next_screen_ = {};
    for (const Key& key : keys) {
      if (const auto wish = model_.press(key)) {
        std::visit([this](const auto& what) { grant(what); }, *wish);
      }
    }
  }

  void grant(const wish::Quit&) { end({}); }
  void grant(const wish::Repaint&) { repaint(); }
  void grant(const wish::Change& change) { model_.say(deeds_.begin(change)); }
  void grant(const wish::ShowLog& about) {
    model_.show(Page("Output of " + about.name, Page::Begin::at_the_end));
    source_ = follow_log(client_, about.name);
  }
  void grant(const wish::ShowWhy& about) {
    const auto& rows = model_.listing().all();
    const auto row = std::ranges::find(rows, about.name, &Row::name);
    if (row == rows.end()) return;
    model_.show(Page("Why " + about.name + " is " + std::string(core::to_string(row->state)), Page::Begin::at_the_top));
    source_ = ask_why(client_, *row);
  }
  void grant(const wish::ClosePage&) { source_.reset(); }

  Client client_;
  Model model_;
  Feed feed_;
  Deeds deeds_;
  std::unique_ptr<Source> source_;
  Terminal& terminal_;
  sys::SignalFd signals_;
  Ink ink_;
  KeyReader keys_;
  Moment key_began_{};
  Moment next_screen_{};
  std::optional<Grid> shown_;
  std::optional<Ending> ending_;
  bool is_stale_ = false;  ///< Something has come since the last screen.
};

// As if there had been no screen: whoever waits for this process learns what ended it.
void die_of(int number) {
  (void)std::signal(number, SIG_DFL);
  (void)::raise(number);
  sys::set_blocked_signals({});
}

}  // namespace

ExitCode show_live(Context& context, const Target& target, const std::vector<std::string>& names, Ink ink) {
  auto terminal = Terminal::open(BorrowedFd(STDOUT_FILENO));
  if (!terminal) {
    context.complain("cannot open the terminal: {}", to_string(terminal.error()));
    return ExitCode::failed;
  }
  std::optional<sys::ScopedSignalMask> blocked(std::in_place, watched_signals());
  auto signals = sys::SignalFd::open(watched_signals());
  if (!signals) {
    context.complain("{}", to_string(signals.error()));
    return ExitCode::failed;
  }
  const Ending ending = Live(target, names, *terminal, std::move(*signals), ink).run();
  terminal->give_back();
  if (ending.signal) die_of(*ending.signal);
  return ending.code;
}

}  // namespace foster::cli::top
