#include <foster/daemonize_by_reexec.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>

#include "lib/before_fork.hpp"
#include "lib/daemon_birth.hpp"
#include "lib/launch_message.hpp"
#include "lib/launch_watch.hpp"
#include "lib/reexec_message.hpp"
#include "sys/clone.hpp"
#include "sys/pidfd.hpp"
#include "sys/procfs.hpp"

namespace foster {
namespace {

constexpr const char* kVariable = "FOSTER_REEXEC";
constexpr std::size_t kMaxMessage = 64 * 1024;
constexpr std::size_t kMaxArguments = 2 * 1024 * 1024;

Result<> check_texts(const DaemonizeOptions& options, const ReexecOptions& reexec) {
  const auto has_zero = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  const auto any_has_zero = [&](const auto& texts) { return texts && std::ranges::any_of(*texts, has_zero); };
  const auto path_of = [](const StreamTarget& target) {
    const auto* file = std::get_if<FileStream>(&target);
    return file == nullptr ? std::string() : file->path.native();
  };
  bool found = has_zero(reexec.program) || any_has_zero(reexec.arguments) || any_has_zero(reexec.environment);
  for (const auto* target : {&options.standard_input, &options.standard_output, &options.standard_error}) {
    found |= has_zero(path_of(*target));
  }
  found |= (options.directory && has_zero(*options.directory)) || (options.pidfile && has_zero(*options.pidfile));
  found |= options.identity && (has_zero(options.identity->user) || has_zero(options.identity->group));
  for (const HandedFd& handed : reexec.descriptors) found |= has_zero(handed.name);
  if (found) return failure("daemonize", EINVAL, "zero byte in a text");
  return {};
}

Result<> check_reexec(const DaemonizeOptions& options, const ReexecOptions& reexec) {
  if (std::getenv(kVariable) != nullptr) return failure("daemonize", EDEADLK, "reexec_daemon was not called");
  if (!options.fork) return failure("daemonize", EINVAL, "by reexec without fork");
  if (reexec.descriptors.size() > sys::Channel::kMaxFds) {
    return failure("daemonize", EINVAL, std::to_string(reexec.descriptors.size()) + " descriptors");
  }
  if (auto sound = check_texts(options, reexec); !sound) return sound;
  return check_options(options);
}

Result<> send_options(sys::Channel& channel, const DaemonizeOptions& options, const ReexecOptions& reexec) {
  ReexecMessage message{.options = options, .launcher = ::getpid(), .names = {}};
  std::vector<BorrowedFd> fds;
  for (const HandedFd& handed : reexec.descriptors) {
    message.names.push_back(handed.name);
    fds.push_back(handed.fd);
  }
  const std::string bytes = to_bytes(message);
  if (bytes.size() > kMaxMessage) return failure("daemonize", E2BIG, "options");
  return channel.send(std::as_bytes(std::span(bytes)), fds);
}

std::vector<std::string> environment_with(const ReexecOptions& reexec, int channel) {
  std::vector<std::string> lines;
  if (reexec.environment) {
    lines = *reexec.environment;
  } else {
    for (char** line = environ; line != nullptr && *line != nullptr; ++line) lines.emplace_back(*line);
  }
  lines.push_back(std::string(kVariable) + "=" + std::to_string(channel));
  return lines;
}

sys::SpawnRequest request_for(const DaemonizeOptions& options, const ReexecOptions& reexec, BorrowedFd channel) {
  sys::SpawnRequest request;
  request.program = reexec.program.native();
  request.argv = reexec.arguments ? *reexec.arguments : sys::read_cmdline(Pid(::getpid()), kMaxArguments);
  if (request.argv.empty()) request.argv.push_back(request.program);
  request.environment = environment_with(reexec, channel.get());
  request.other_fds = options.close_descriptors ? sys::OtherFds::close : sys::OtherFds::keep;
  request.fds.push_back({channel, channel.get()});
  for (const int number : options.keep_descriptors) {
    if (number > STDERR_FILENO) request.fds.push_back({BorrowedFd(number), number});
  }
  return request;
}

/// The variable's channel, if it is one: nothing else of that number is touched.
std::optional<sys::Channel> inherited_channel(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number <= STDERR_FILENO) return std::nullopt;
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) return std::nullopt;
  if (::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) return std::nullopt;
  return sys::Channel(UniqueFd(number));
}

}  // namespace

ReexecDaemon::ReexecDaemon(Daemon daemon, std::vector<Received> descriptors) noexcept
    : daemon_(std::move(daemon)), descriptors_(std::move(descriptors)) {}

UniqueFd ReexecDaemon::take(std::string_view name) noexcept {
  const auto is_wanted = [&](const Received& one) { return one.fd && one.name == name; };
  const auto found = std::ranges::find_if(descriptors_, is_wanted);
  return found == descriptors_.end() ? UniqueFd() : std::move(found->fd);
}

ReexecDaemon DaemonAccess::make(Daemon daemon, std::vector<std::string> names, std::span<UniqueFd> fds) {
  std::vector<ReexecDaemon::Received> received;
  for (std::size_t i = 0; i < names.size(); ++i) received.push_back({std::move(names[i]), std::move(fds[i])});
  return {std::move(daemon), std::move(received)};
}

Result<LaunchReport> daemonize_by_reexec(const DaemonizeOptions& options, const ReexecOptions& reexec) {
  if (auto sound = check_reexec(options, reexec); !sound) return Failure(sound.error());
  if (auto known = find_identity(options); !known) return Failure(known.error());
  auto ends = make_launch_channel();
  if (!ends) return Failure(ends.error());
  auto& [ours, theirs] = *ends;
  if (auto sent = send_options(ours, options, reexec); !sent) return Failure(sent.error());

  flush_streams();
  auto spawned = sys::spawn(request_for(options, reexec, theirs.fd()));
  if (!spawned) return Failure(spawned.error());
  auto child = sys::ProcessHandle::adopt(spawned->pid, std::move(spawned->pidfd));
  if (!child) return Failure(child.error());
  {
    const UniqueFd closed = std::move(theirs).into_fd();
  }
  const auto kind = options.fork_again ? LaunchedChild::watcher : LaunchedChild::daemon;
  return wait_for_daemon(std::move(ours), std::move(*child), kind, options.patience);
}

std::optional<ReexecDaemon> reexec_daemon() {
  const char* text = std::getenv(kVariable);
  if (text == nullptr) return std::nullopt;
  auto channel = inherited_channel(text);
  (void)::unsetenv(kVariable);
  if (!channel) return std::nullopt;
  std::vector<std::byte> buffer(kMaxMessage);
  std::array<UniqueFd, sys::Channel::kMaxFds> fds;
  const auto receipt = channel->take(buffer, fds);
  if (!receipt || receipt->outcome != sys::Channel::Outcome::message) return std::nullopt;
  auto message = reexec_message_from({reinterpret_cast<const char*>(buffer.data()), receipt->size});
  if (!message || message->names.size() != receipt->fd_count) leave(*channel, {"daemonize", EBADMSG, "reexec"});

  DaemonizeOptions& options = message->options;
  if (options.fork_again) {
    if (auto alone = check_single_thread("reexec_daemon"); !alone)
      leave(*channel, {"reexec_daemon", EBUSY, "threads are running"});
  }
  auto credentials = find_identity(options);
  if (!credentials) leave(*channel, credentials.error());
  for (UniqueFd& fd : std::span(fds).first(message->names.size())) {
    auto moved = above_standard_streams(std::move(fd));
    if (!moved) leave(*channel, moved.error());
    fd = std::move(*moved);
    options.keep_descriptors.push_back(fd.get());
  }
  auto daemon = become_daemon(options, *credentials, std::move(*channel), message->launcher);
  return DaemonAccess::make(std::move(daemon), std::move(message->names), fds);
}

}  // namespace foster
