#include "reaper/supervisor_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "reaper/handover.hpp"
#include "sys/wait.hpp"

namespace foster::reaper {
namespace {

enum class Which : std::uint8_t { first, later };

/// A number that nobody else gets; a socket takes the place of the file when there is one.
UniqueFd reserve_number() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

std::vector<std::string> argv_of(const SupervisorRecipe& recipe, const UniqueFd& listener, const UniqueFd& kept,
                                 Which which) {
  std::vector<std::string> words{"foster: supervisor"};
  const auto add_fd = [&](const char* option, const UniqueFd& fd) {
    if (!fd) return;
    words.emplace_back(option);
    words.push_back(std::to_string(fd.get()));
  };
  add_fd("--channel", recipe.channel);
  add_fd("--lock", recipe.lock);
  add_fd("--listener", listener);
  add_fd("--kept", kept);
  if (which == Which::first) add_fd("--ready-fd", recipe.ready);
  words.insert(words.end(), recipe.arguments.begin(), recipe.arguments.end());
  return words;
}

std::vector<int> fds_of(const SupervisorRecipe& recipe, const UniqueFd& listener, const UniqueFd& kept) {
  constexpr std::size_t kOwn = 8;
  std::vector<int> fds{recipe.channel.get()};
  fds.reserve(kOwn + std::size_t{HeldFds::kPlaces});
  for (const UniqueFd* fd : {&listener, &kept, &recipe.lock}) {
    if (*fd) fds.push_back(fd->get());
  }
  return fds;
}

}  // namespace

SupervisorProcess::Words::Words(std::vector<std::string> words) : words_(std::move(words)) {
  for (std::string& word : words_) pointers_.push_back(word.data());
  pointers_.push_back(nullptr);
}

SupervisorProcess::SupervisorProcess(SupervisorRecipe recipe)
    : recipe_(std::move(recipe)),
      listener_(reserve_number()),
      kept_(::memfd_create("kept", MFD_CLOEXEC)),
      first_argv_(argv_of(recipe_, listener_, kept_, Which::first)),
      later_argv_(argv_of(recipe_, listener_, kept_, Which::later)),
      inherited_(fds_of(recipe_, listener_, kept_)),
      always_inherited_(inherited_.size()) {}

bool SupervisorProcess::start(const HeldFds& held) noexcept {
  const bool is_first = !std::exchange(started_before_, true);
  LaunchPlan plan;
  plan.program = recipe_.program.c_str();
  plan.fallback = "/proc/self/exe";
  plan.argv = (is_first ? first_argv_ : later_argv_).get();
  plan.environment = ::environ;
  inherited_.resize(always_inherited_);  // never more
  if (recipe_.ready) inherited_.push_back(recipe_.ready.get());
  if (kept_) list_held(kept_, held, inherited_);
  plan.inherited = inherited_.data();
  plan.inherited_count = inherited_.size();
  if (recipe_.file_limit) {
    plan.restore_file_limit = true;
    plan.file_limit = *recipe_.file_limit;
  }
  const Launched launched = launch(plan);
  // Closed whether it started or not: the launcher must not wait for a supervisor that comes later.
  recipe_.ready.reset();
  if (launched.pid == 0) return false;
  pid_ = Pid(launched.pid);
  return true;
}

void SupervisorProcess::keep_listener(UniqueFd socket) noexcept {
  // Without a number to keep it under, the next supervisor makes its own.
  has_listener_ = listener_ && ::dup3(socket.get(), listener_.get(), O_CLOEXEC) >= 0;
}

void SupervisorProcess::replace_lock(BorrowedFd lock) noexcept {
  // Cannot fail between two open descriptors.
  if (recipe_.lock) (void)::dup3(lock.get(), recipe_.lock.get(), O_CLOEXEC);
}

std::optional<BorrowedFd> SupervisorProcess::listener() const noexcept {
  if (!has_listener_) return std::nullopt;
  return listener_;
}

void SupervisorProcess::kill() const noexcept {
  if (pid_) (void)::kill(pid_->number(), SIGKILL);  // a child of ours that is not reaped: the pid is its own
}

std::optional<int> SupervisorProcess::take_end() noexcept {
  if (!pid_) return std::nullopt;
  const std::optional<sys::ExitReport> report = sys::release_exit(*pid_);
  if (!report) return std::nullopt;
  pid_.reset();
  return report->wait_status;
}

}  // namespace foster::reaper
