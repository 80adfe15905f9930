#include <foster/reap.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <unordered_map>
#include <utility>

#include "lib/adopted.hpp"
#include "lib/child_signal.hpp"
#include "lib/child_state.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/own_children.hpp"

namespace foster {
namespace {

/// In the epoll set: somebody has ended whom we may not have been given.
constexpr std::uint64_t kAnyEnd = 0;

bool has_children() noexcept {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

int milliseconds_until(const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept {
  if (!deadline) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline->time_since_epoch() - sys::monotonic_now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
}

}  // namespace

class Reaper::Impl {
 public:
  static Result<std::unique_ptr<Impl>> open(Take take) {
    auto impl = std::unique_ptr<Impl>(new Impl(take));
    auto epoll = sys::check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create");
    if (!epoll) return Failure(epoll.error());
    impl->epoll_.reset(*epoll);
    if (take == Take::given) return impl;
    if (auto listening = impl->listen(); !listening) return Failure(listening.error());
    return impl;
  }

  Result<> add(std::shared_ptr<ChildState> state) {
    const std::uint64_t key = next_key_++;
    if (auto watched = watch(state->process().fd(), key); !watched) return watched;
    keys_.insert_or_assign(state->process().pid(), key);
    given_.emplace(key, std::move(state));
    return {};
  }

  [[nodiscard]] BorrowedFd fd() const noexcept { return epoll_; }

  std::vector<Reaped> reap_now() {
    collect();
    std::vector<Reaped> all(std::make_move_iterator(ends_.begin()), std::make_move_iterator(ends_.end()));
    ends_.clear();
    return all;
  }

  std::optional<Reaped> reap_next(std::optional<std::chrono::steady_clock::time_point> deadline) {
    for (;;) {
      if (ends_.empty()) collect();
      if (!ends_.empty()) {
        const Reaped first = ends_.front();
        ends_.pop_front();
        return first;
      }
      if (given_.empty() && (take_ == Take::given || !has_children())) return std::nullopt;
      pollfd ready{epoll_.get(), POLLIN, 0};
      if (::poll(&ready, 1, milliseconds_until(deadline)) == 0 && milliseconds_until(deadline) == 0)
        return std::nullopt;
    }
  }

 private:
  using Given = std::unordered_map<std::uint64_t, std::shared_ptr<ChildState>>;

  explicit Impl(Take take) noexcept : take_(take), owner_(::getpid()) {}

  Result<> listen() {
    auto signal = ChildSignal::open();
    if (!signal) return Failure(signal.error());
    signal_.emplace(std::move(*signal));
    if (auto watched = watch(signal_->fd(), kAnyEnd); !watched) return watched;
    // Readable from the start: of those who ended before, nobody will send a signal any more.
    auto first = sys::check(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    if (!first) return Failure(first.error());
    first_look_.reset(*first);
    return watch(first_look_, kAnyEnd);
  }

  Result<> watch(BorrowedFd fd, std::uint64_t key) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
    return sys::check_done(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event), "watch child");
  }

  void collect() {
    if (owner_ != ::getpid()) return;
    bool has_any_end = false;
    std::array<epoll_event, 64> events;
    for (int count = kMost; count == kMost;) {
      count = sys::retry_on_eintr([&] { return ::epoll_wait(epoll_.get(), events.data(), kMost, 0); });
      int told = 0;
      for (int i = 0; i < count; ++i) {
        const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
        if (key == kAnyEnd) {
          has_any_end = true;
        } else if (const auto found = given_.find(key); found != given_.end()) {
          told += tell_if_ended(found) ? 1 : 0;
        }
      }
      if (told == 0) break;
    }
    if (has_any_end) look_for_others();
  }

  /// Out of epoll before anything else: a child between clone and exec may share the descriptor for a moment.
  bool tell_if_ended(Given::iterator found) {
    ChildState& child = *found->second;
    const auto ended = child.try_wait();
    if (!ended) return false;
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, child.process().fd().get(), nullptr);
    ends_.push_back({child.process().pid(), ended->status, ended->use, Whose::given});
    if (const auto key = keys_.find(child.process().pid()); key != keys_.end() && key->second == found->first) {
      keys_.erase(key);
    }
    given_.erase(found);
    return true;
  }

  void look_for_others() {
    // First the signals, then the children: an end in between sends a new one.
    signal_->drain();
    std::uint64_t ignored = 0;
    (void)!::read(first_look_.get(), &ignored, sizeof ignored);
    adopts_ = adopts_orphans();
    our_session_ = ::getsid(0);
    while (const auto pid = sys::peek_exit()) {
      // Whoever is left alone is found first, again and again: the others have to be looked for one by one.
      if (!take_other(*pid)) return look_at_each();
    }
  }

  void look_at_each() {
    sys::for_each_child([&](const sys::ProcessStat& stat) {
      if (stat.state == 'Z') (void)take_other(Pid(stat.pid));
    });
  }

  /// Whether this zombie is gone now.
  bool take_other(Pid pid) {
    if (const auto key = keys_.find(pid); key != keys_.end()) {
      const auto found = given_.find(key->second);
      return found != given_.end() && tell_if_ended(found);
    }
    const auto stat = sys::read_stat(pid);
    const bool is_adopted = adopts_ && stat && is_certainly_adopted(*stat, our_session_);
    if (!is_adopted && take_ != Take::everything) return false;
    const auto report = sys::release_exit(pid);
    if (!report) return false;
    const Ended ended = ended_from(*report);
    ends_.push_back({pid, ended.status, ended.use, is_adopted ? Whose::adopted : Whose::other});
    return true;
  }

  static constexpr int kMost = 64;

  Take take_;
  pid_t owner_;
  UniqueFd epoll_;
  std::optional<ChildSignal> signal_;
  UniqueFd first_look_;
  std::uint64_t next_key_ = kAnyEnd + 1;
  Given given_;
  std::unordered_map<Pid, std::uint64_t> keys_;
  std::deque<Reaped> ends_;
  bool adopts_ = false;
  pid_t our_session_ = 0;
};

Reaper::Reaper(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Reaper::Reaper(Reaper&& other) noexcept = default;
Reaper& Reaper::operator=(Reaper&& other) noexcept = default;
Reaper::~Reaper() = default;

Result<Reaper> Reaper::open(Take take) {
  auto impl = Impl::open(take);
  if (!impl) return Failure(impl.error());
  return Reaper(std::move(*impl));
}

Result<> Reaper::add(const Child& child) {
  return impl_->add(ChildAccess::state(child));
}

Result<> Reaper::add(Pid pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid.number()), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0) {
    return failure("add", errno, std::to_string(pid.number()));
  }
  auto process = sys::ProcessHandle::open(pid);
  if (!process) return Failure(process.error());
  return impl_->add(std::make_shared<ChildState>(std::move(*process), ChildReach{}, std::map<int, UniqueFd>{}));
}

BorrowedFd Reaper::fd() const noexcept {
  return impl_->fd();
}

std::vector<Reaped> Reaper::reap_now() {
  return impl_->reap_now();
}

std::optional<Reaped> Reaper::reap_next(std::optional<std::chrono::steady_clock::time_point> deadline) {
  return impl_->reap_next(deadline);
}

Result<> become_subreaper() {
  return sys::check_done(::prctl(PR_SET_CHILD_SUBREAPER, 1), "become subreaper");
}

bool adopts_orphans() noexcept {
  int is_subreaper = 0;
  (void)::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return is_subreaper != 0 || ::getpid() == 1;
}

}  // namespace foster
