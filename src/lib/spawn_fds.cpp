#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "lib/spawn_request.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster {
namespace {

constexpr int kStandardStreams = 3;

/// Keeps away from the numbers of our own standard streams, which may be closed: what is printed must not go there.
Result<UniqueFd> above_standard_streams(UniqueFd fd) {
  if (fd.get() >= kStandardStreams) return fd;
  auto number = sys::check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kStandardStreams), "dup");
  if (!number) return Failure(number.error());
  return UniqueFd(*number);
}

/// Turns one source after the other into a descriptor of ours.
class FdPreparation {
 public:
  FdPreparation(const SpawnPlan& plan, ReadyRequest& ready) : plan_(plan), ready_(ready) {}

  Result<> run() {
    // Asked before anything is opened, which would take the number of a closed one.
    for (int stream = 0; stream < kStandardStreams; ++stream) {
      flags_[static_cast<std::size_t>(stream)] = ::fcntl(stream, F_GETFD);
    }
    for (const auto& [target, source] : plan_.fds) {
      if (std::holds_alternative<SameFd>(source)) continue;
      auto done = std::visit([this, at = target](const auto& wanted) { return place(at, wanted); }, source);
      if (!done) return done;
    }
    for (int stream = 0; stream < kStandardStreams; ++stream) {
      if (plan_.fds.contains(stream)) continue;
      if (auto done = inherit_stream(stream); !done) return done;
    }
    for (const auto& [target, source] : plan_.fds) {
      const auto* same = std::get_if<SameFd>(&source);
      if (same == nullptr) continue;
      if (auto done = place(target, *same); !done) return done;
    }
    return {};
  }

 private:
  Result<> place(int target, const InheritFd&) {
    if (target < kStandardStreams) return inherit_stream(target);
    if (::fcntl(target, F_GETFD) < 0) return failure("inherit descriptor", errno, std::to_string(target));
    map(target, BorrowedFd(target));
    return {};
  }

  Result<> place(int target, const NullFd&) {
    return open(target, "/dev/null", target == STDIN_FILENO ? O_RDONLY : O_RDWR);
  }

  Result<> place(int target, const FileFd& file) {
    const auto flags = [&] {
      switch (file.mode) {
        case FileFd::Mode::read:
          return O_RDONLY;
        case FileFd::Mode::write:
          return O_WRONLY | O_CREAT | O_TRUNC;
        case FileFd::Mode::append:
          return O_WRONLY | O_CREAT | O_APPEND;
      }
      return O_RDONLY;
    }();
    return open(target, (plan_.directory / file.path).native(), flags);
  }

  Result<> place(int target, const LentFd& lent) {
    map(target, lent.fd);
    return {};
  }

  Result<> place(int target, const OwnedFd& owned) {
    if (!owned.fd || !*owned.fd) return failure("descriptor", EBADF, std::to_string(target));
    map(target, *owned.fd);
    return {};
  }

  Result<> place(int target, const PipeFd& pipe) {
    std::array<int, 2> numbers{};
    if (auto made = sys::check_done(::pipe2(numbers.data(), O_CLOEXEC), "pipe"); !made) return made;
    UniqueFd reader(numbers[0]);
    UniqueFd writer(numbers[1]);
    const auto usual = target == STDIN_FILENO ? PipeFd::Flow::to_child : PipeFd::Flow::from_child;
    if (pipe.flow.value_or(usual) == PipeFd::Flow::to_child) std::swap(reader, writer);
    auto ours = above_standard_streams(std::move(reader));
    if (!ours) return Failure(ours.error());
    ready_.pipes.emplace(target, std::move(*ours));
    hold(target, std::move(writer));
    return {};
  }

  /// After all others: a source that is itself the same as another is refused.
  Result<> place(int target, const SameFd& same) {
    const auto found = sources_.find(same.target);
    if (found != sources_.end() && !is_same(same.target)) {
      map(target, BorrowedFd(found->second));
      return {};
    }
    const bool is_untouched_stream = same.target >= 0 && same.target < kStandardStreams && !is_same(same.target);
    if (!is_untouched_stream) {
      return failure("descriptor", EINVAL, std::to_string(target) + " = " + std::to_string(same.target));
    }
    map(target, BorrowedFd(same.target));
    return {};
  }

  [[nodiscard]] bool is_same(int target) const {
    const auto found = plan_.fds.find(target);
    return found != plan_.fds.end() && std::holds_alternative<SameFd>(found->second);
  }

  /// Nothing has to be done for one that is open and survives exec.
  Result<> inherit_stream(int stream) {
    const int flags = flags_[static_cast<std::size_t>(stream)];
    if (flags < 0) return place(stream, NullFd{});
    if ((flags & FD_CLOEXEC) != 0) map(stream, BorrowedFd(stream));
    return {};
  }

  Result<> open(int target, const std::string& path, int flags) {
    // O_NOCTTY: a terminal that is opened for a child must not become ours.
    auto fd = sys::open_file(path, flags | O_NOCTTY, 0666);
    if (!fd) return Failure(fd.error());
    hold(target, std::move(*fd));
    return {};
  }

  void hold(int target, UniqueFd fd) {
    map(target, fd);
    ready_.held.push_back(std::move(fd));
  }

  void map(int target, BorrowedFd source) {
    sources_.insert_or_assign(target, source.get());
    ready_.request.fds.push_back({source, target});
  }

  const SpawnPlan& plan_;
  ReadyRequest& ready_;
  std::array<int, kStandardStreams> flags_{};
  std::map<int, int> sources_;
};

}  // namespace

Result<> prepare_fds(const SpawnPlan& plan, ReadyRequest& ready) {
  return FdPreparation(plan, ready).run();
}

}  // namespace foster
