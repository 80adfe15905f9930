#include "cli/explain/stage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <utility>

#include <foster/spawn.hpp>
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/procfs.hpp"

namespace foster::cli {
namespace {

using namespace std::chrono_literals;

// Far more than any deed takes, however busy the machine.
constexpr std::chrono::nanoseconds kPatience = 30s;
constexpr int kLookMilliseconds = 5;

/// "ok 4711", or "error 11 fork".
Result<long> number_in(std::string_view answer) {
  std::string text(answer);
  const auto blank = text.find(' ');
  char* rest = nullptr;
  const long number = blank == std::string::npos ? 0 : std::strtol(text.c_str() + blank, &rest, 10);
  if (text.starts_with("ok")) return number;
  return failure(rest != nullptr && *rest != '\0' ? rest + 1 : "play", static_cast<int>(number));
}

}  // namespace

void Stage::fail(Error error) {
  if (!problem_) problem_ = std::move(error);
}

bool Stage::is_going_on() {
  if (!interrupted_by_) interrupted_by_ = interruption_.came();
  return !problem_ && !interrupted_by_;
}

const Stage::Part* Stage::find(std::string_view role) const {
  const auto found = parts_.find(role);
  return found != parts_.end() ? &found->second : nullptr;
}

void Stage::add(const std::string& role, int number, Pid pid) {
  auto handle = sys::ProcessHandle::open(pid);
  if (!handle) return fail(handle.error());
  const auto start_ticks = handle->identity().start_time;
  parts_.insert_or_assign(role, Part{number, std::move(*handle), start_ticks});
  roles_.push_back(role);
  (void)tell(role, "name " + role);
}

void Stage::enter(const std::string& role) {
  if (!is_going_on()) return;
  SpawnPlan plan;
  plan.program = "/proc/self/exe";
  plan.argv = {kPuppetRole};
  // A service's tag, for one, would make services of them.
  plan.environment.base = EnvironmentPlan::Base::empty;
  plan.directory = "/";
  plan.session = ChildSession::new_session;
  plan.tie_to_parent = TieToParent::tree;
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) plan.fds[number] = NullFd{};
  std::vector<sys::Channel> theirs;
  for (std::size_t n = 0; n < kMostPuppets; ++n) {
    auto pair = sys::Channel::pair();
    if (!pair) return fail(pair.error());
    channels_.push_back(std::move(pair->first));
    theirs.push_back(std::move(pair->second));
    plan.fds[kFirstPuppetFd + static_cast<int>(n)] = LentFd{theirs.back().fd()};
  }
  auto child = spawn(plan);
  if (!child) return fail(child.error());
  first_.emplace(std::move(*child));
  if (const auto stat = sys::read_stat(first_->pid()); stat && stat->ppid > 0) guard_ = Pid(stat->ppid);
  add(role, 0, first_->pid());
}

void Stage::fork(std::string_view parent, const std::string& child) {
  const auto number = static_cast<int>(roles_.size());
  assert(roles_.size() < kMostPuppets);
  const long pid = tell(parent, fmt::format("fork {}", number));
  if (pid > 0) add(child, number, Pid(static_cast<pid_t>(pid)));
}

Result<long> Stage::attempt(std::string_view role, const std::string& deed) {
  const Part* part = is_going_on() ? find(role) : nullptr;
  return part != nullptr ? ask(part->number, deed) : failure(deed, ECANCELED);
}

long Stage::tell(std::string_view role, const std::string& deed) {
  if (!is_going_on()) return 0;
  const auto number = attempt(role, deed);
  if (number) return *number;
  fail({fmt::format("{}: {}", role, number.error().step), number.error().code, number.error().detail});
  return 0;
}

Result<long> Stage::ask(int part, const std::string& deed) {
  sys::Channel& channel = channels_[static_cast<std::size_t>(part)];
  if (auto sent = channel.send(std::as_bytes(std::span(deed))); !sent) return Failure(sent.error());
  const auto deadline = sys::monotonic_now() + kPatience;
  while (sys::monotonic_now() < deadline && is_going_on()) {
    std::array<pollfd, 2> ready{pollfd{channel.fd().get(), POLLIN, 0}, pollfd{interruption_.fd().get(), POLLIN, 0}};
    (void)::poll(ready.data(), ready.size(), 1000);
    std::array<std::byte, 256> buffer{};
    const auto receipt = channel.take(buffer);
    if (!receipt) return Failure(receipt.error());
    if (receipt->outcome == sys::Channel::Outcome::end) return failure(deed, EPIPE);
    if (receipt->outcome == sys::Channel::Outcome::empty) continue;
    return number_in({reinterpret_cast<const char*>(buffer.data()), receipt->size});
  }
  return failure(deed, ETIMEDOUT);
}

void Stage::exit(std::string_view role, int code) {
  (void)tell(role, fmt::format("exit {}", code));
  wait_until([&] { return !is_alive(role); }, "the end of a process");
}

void Stage::signal(std::string_view role, int number) {
  if (!is_going_on() || find(role) == nullptr) return;
  if (auto sent = find(role)->handle.signal(*Signal::from_number(number)); !sent) fail(sent.error());
}

std::string Stage::open_terminal() {
  terminal_.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> path{};
  if (!terminal_ || ::grantpt(terminal_.get()) != 0 || ::unlockpt(terminal_.get()) != 0 ||
      ::ptsname_r(terminal_.get(), path.data(), path.size()) != 0) {
    fail({"open a terminal", errno, ""});
  }
  return path.data();
}

void Stage::type(std::string_view text) const {
  (void)!::write(terminal_.get(), text.data(), text.size());  // a few bytes, into an empty terminal
}

void Stage::wait_until(const std::function<bool()>& condition, std::string_view what, Patience patience) {
  const auto deadline = sys::monotonic_now() + kPatience;
  while (is_going_on() && !condition()) {
    if (patience == Patience::limited && sys::monotonic_now() >= deadline)
      return fail({fmt::format("wait for {}", what), ETIMEDOUT, ""});
    pollfd ready{interruption_.fd().get(), POLLIN, 0};
    (void)::poll(&ready, 1, kLookMilliseconds);
  }
}

Pid Stage::pid_of(std::string_view role) const {
  const Part* part = find(role);
  return part != nullptr ? part->handle.pid() : Pid(1);
}

bool Stage::was_started_at(std::string_view role, std::uint64_t ticks) const {
  const Part* part = find(role);
  return part != nullptr && part->start_ticks == ticks;
}

bool Stage::is_alive(std::string_view role) const {
  const Part* part = find(role);
  return part != nullptr && part->handle.is_alive();
}

void Stage::clear() {
  first_.reset();  // the guard kills all of them, and has ended when this returns
  channels_.clear();
  terminal_.reset();
}

}  // namespace foster::cli
