#include "supervisor/upgrade.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "reaper/role_arguments.hpp"
#include "reaper/wire.hpp"
#include "supervisor/main.hpp"
#include "sys/clock.hpp"
#include "sys/clone.hpp"
#include "sys/files.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
constexpr int kVerdictNumber = 3;
constexpr std::size_t kLongestVerdict = 4096;

/// Where this build lies on disk, or what has been put in its place since.
Result<std::string> own_program() {
  std::array<char, 4096> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return failure("readlink", errno, "/proc/self/exe");
  std::string_view name(path.data(), static_cast<std::size_t>(size));
  constexpr std::string_view kReplaced = " (deleted)";
  if (name.ends_with(kReplaced)) name.remove_suffix(kReplaced.size());
  return std::string(name);
}

std::vector<std::string> own_environment() {
  std::vector<std::string> words;
  for (char** one = ::environ; *one != nullptr; ++one) words.emplace_back(*one);
  return words;
}

bool is_same_file(BorrowedFd file, const std::string& path) {
  struct stat here{};
  struct stat there{};
  return ::fstat(file.get(), &here) == 0 && ::stat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

}  // namespace

Upgrade::Upgrade(Tools tools)
    : tools_(std::move(tools)), deadline_(tools_.loop, [this] {
        text_ = "it did not answer within " + std::to_string(kPatience.count()) + " s";
        decide();
      }) {}

void Upgrade::begin(const std::string& program, api::Done<api::Upgraded> done) {
  if (done_) {
    done(std::unexpected(api::Problem{api::Problem::Kind::conflict, "an upgrade is under way", {}}));
    return;
  }
  done_ = std::move(done);
  auto own = program.empty() ? own_program() : Result<std::string>(program);
  if (own) program_ = std::move(*own);
  const auto started = own ? start_trial(program_) : Result<>(Failure(own.error()));
  if (started) return;
  finish(
      std::unexpected(api::Problem{api::Problem::Kind::failed, "cannot upgrade: " + to_string(started.error()), {}}));
}

Result<> Upgrade::start_trial(const std::string& program) {
  text_.clear();
  auto file = sys::open_file(program, O_PATH);
  if (!file) return Failure(file.error());
  file_ = std::move(*file);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure("pipe", errno);
  verdict_.reset(ends[0]);
  const UniqueFd theirs(ends[1]);
  (void)::fcntl(verdict_.get(), F_SETFL, O_NONBLOCK);
  auto null = sys::open_file("/dev/null", O_RDWR);
  if (!null) return Failure(null.error());
  reaper::RoleArguments role;
  role.name = tools_.name;
  role.directories = tools_.directories;
  std::vector<std::string> argv = reaper::role_words(role);
  argv.insert(argv.begin(), {kTrialRole, "--ready-fd", std::to_string(kVerdictNumber)});
  auto spawned = sys::spawn({.program = program,
                             .argv = std::move(argv),
                             .environment = own_environment(),
                             .directory = "/",
                             .fds = {{*null, 0}, {*null, 1}, {*null, 2}, {theirs, kVerdictNumber}},
                             .session = sys::SessionMode::new_session,
                             .parent = sys::Parent::grandparent});
  if (!spawned) return Failure(spawned.error());
  tools_.exits.expect(spawned->pid.number(), [](const reaper::Exited&) {});  // what it says counts
  if (auto handle = sys::ProcessHandle::adopt(spawned->pid, std::move(spawned->pidfd))) trial_ = std::move(*handle);
  watch_.emplace(tools_.loop, verdict_, [this] { read(); });
  deadline_.arm(core::Instant(sys::monotonic_now() + kPatience));
  return {};
}

void Upgrade::read() {
  std::array<char, 1024> buffer;
  for (;;) {
    const ssize_t size = ::read(verdict_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size > 0) text_.append(buffer.data(), static_cast<std::size_t>(size));
    if (size <= 0 || text_.contains('\n') || text_.size() > kLongestVerdict) return decide();
  }
}

void Upgrade::decide() {
  deadline_.cancel();
  watch_.reset();
  verdict_.reset();
  if (trial_) (void)trial_->signal(*Signal::from_number(SIGKILL));  // ESRCH: it has ended, as it should
  trial_.reset();
  std::string_view verdict = text_;
  verdict = verdict.substr(0, verdict.find('\n'));
  constexpr std::string_view kGood = "READY ";
  if (!verdict.starts_with(kGood)) {
    const std::string why = verdict.empty() ? "it is no foster, or cannot start" : std::string(verdict);
    return finish(std::unexpected(
        api::Problem{api::Problem::Kind::failed, "cannot upgrade: " + program_ + " is refused: " + why, {}}));
  }
  api::Upgraded upgraded{.program = program_, .from = FOSTER_VERSION, .to = std::string(verdict.substr(kGood.size()))};
  if (auto handed = hand_over(); !handed) {
    return finish(
        std::unexpected(api::Problem{api::Problem::Kind::failed, "cannot upgrade: " + to_string(handed.error()), {}}));
  }
  finish(std::move(upgraded));
  tools_.leave();
}

Result<> Upgrade::hand_over() {
  if (!is_same_file(file_, program_)) return failure("upgrade", 0, program_ + " was replaced while it was tried");
  const reaper::Plain message{.header = {reaper::kWireVersion, reaper::MessageKind::upgrade}};
  const BorrowedFd fds[] = {file_};
  return tools_.channel.send(bytes_of(message), fds);
}

void Upgrade::finish(api::Answer<api::Upgraded> answer) {
  file_.reset();
  verdict_.reset();
  std::exchange(done_, nullptr)(std::move(answer));
}

}  // namespace foster::supervisor
