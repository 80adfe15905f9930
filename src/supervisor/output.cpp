#include "supervisor/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "logs/log_file.hpp"
#include "logs/tail.hpp"
#include "sys/clock.hpp"
#include "sys/fifo.hpp"

namespace foster::supervisor {
namespace {
using namespace std::chrono_literals;
// While the disk refuses, the bytes wait in the FIFO. Looked after the more often the faster they come.
constexpr core::Duration kShortestPause = 20ms;
constexpr core::Duration kLongestPause = 1s;
// Enough for an error message: the history keeps them for a long time, and of services that fail again and again.
constexpr std::uint64_t kLastLines = 5;
constexpr std::size_t kMostLastWords = 640;
}  // namespace

std::string fifo_name(std::uint32_t slot, core::Stream stream) {
  return std::to_string(slot) + (stream == core::Stream::err ? ".stderr" : "");
}

std::string losses_name(const std::string& fifo_name) {
  return fifo_name + ".dropped";
}

logs::Rotation rotation_of(const core::LogPolicy& policy) {
  return {.max_size = policy.max_size, .keep = policy.keep};
}

std::string staged_name(const std::string& fifo_name) {
  return fifo_name + ".staged";
}

namespace {

Result<sys::FifoReader> open_fifo(const OutputPlace& place, const OutputPlan& plan) {
  if (plan.writer) {
    auto removed = sys::FifoReader::open_removed(*plan.writer, place.fifo_directory + "/" + plan.fifo_name);
    if (removed) return removed;
    auto there = sys::FifoReader::open(place.fifos, plan.fifo_name);  // as a rule it is
    if (there) return there;
  }
  return sys::FifoReader::make(place.fifos, plan.fifo_name, plan.access);
}

bool must_be_looked_at(const core::LogPolicy& policy) {
  return policy.syslog || policy.strip_ansi || policy.capture || policy.events;
}

}  // namespace

Result<std::unique_ptr<Output>> Output::open(Loop& loop, const OutputPlace& place, OutputPlan plan) {
  auto log = logs::find_log_place(plan.path, place.logs);
  if (!log) return Failure(log.error());
  auto fifo = open_fifo(place, plan);
  if (!fifo) return Failure(fifo.error());
  std::unique_ptr<Output> output(new Output(loop, place, std::move(plan), std::move(*log), std::move(*fifo)));
  if (auto sifted = output->sift(place); !sifted) return Failure(sifted.error());
  output->watch();
  if (output->pump_.has_more()) output->try_again_later();
  return output;
}

Output::Output(Loop& loop, const OutputPlace& place, OutputPlan plan, logs::LogPlace log, sys::FifoReader fifo)
    : loop_(loop),
      fifos_(place.fifos),
      logs_(place.logs),
      plan_(std::move(plan)),
      log_(std::move(log)),
      pump_(std::move(fifo), log_.file(rotation_of(plan_.policy)),
            logs::Losses(place.fifos, losses_name(plan_.fifo_name))) {
  if (plan_.policy.syslog && place.system_log) system_log_.emplace(place.system_log, plan_.name);
}

// What an earlier policy left half-way is looked at once more.
Result<> Output::sift(const OutputPlace& place) {
  const std::string name = staged_name(plan_.fifo_name);
  const bool is_wanted = must_be_looked_at(plan_.policy);
  if (!is_wanted && ::faccessat(place.fifos.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return {};
  auto staged = logs::Staged::open(place.fifos, name);
  if (!staged) return Failure(staged.error());
  if (!is_wanted && staged->bytes().empty()) {
    (void)::unlinkat(place.fifos.get(), name.c_str(), 0);
    return {};
  }
  const logs::FilterRules rules{.strips_ansi = plan_.policy.strip_ansi, .capture = plan_.policy.capture};
  pump_.sift(std::make_unique<logs::Sieve>(std::move(*staged), rules, [this](const ToldOutput& told) { hear(told); }));
  return {};
}

void Output::hear(const ToldOutput& told) {
  if (told.part == OutputPart::written && system_log_) system_log_->add(told.text);
  if (!plan_.tap) return;
  // Listeners to what is written hear messages twice, as they do of Supervisor.
  if (told.part == OutputPart::written) {
    if (plan_.policy.events) plan_.tap(told);
    return;
  }
  // The first of the two is not all of it.
  const logs::OutputMark before{told.until.stream, told.until.end - 1};
  if (plan_.policy.events) plan_.tap({.part = OutputPart::written, .text = told.text, .until = before});
  plan_.tap(told);
}

Result<UniqueFd> Output::open_for_service() const {
  return pump_.fifo().open_for_service(fifos_, plan_.fifo_name);
}

Result<> Output::renew(sys::FifoAccess access) {
  auto reader = sys::FifoReader::make(fifos_, plan_.fifo_name, access);
  if (!reader) return Failure(reader.error());
  watch_.reset();
  if (retry_) retry_->cancel();
  pump_.go_on_with(std::move(*reader));
  watch();
  return {};
}

void Output::watch() {
  watch_.emplace(loop_, pump_.fd(), [this] { pump_some(); });
}

void Output::pump_some() {
  // One budget a turn: the loop comes back at once while there is more, after everybody else.
  const bool drops = plan_.policy.when_full == core::WhenLogFull::drop_oldest;
  const auto pumped = drops ? pump_.pump_or_drop() : pump_.pump();
  if (pumped) run_bytes_ += pumped->bytes;
  if (pumped && pumped->bytes > 0) tell();
  if (pumped) {
    pause_ = kShortestPause;
  } else {
    watch_.reset();
    try_again_later();
  }
}

void Output::try_again_later() {
  const std::uint64_t arrived = pump_.waiting() + dropped();
  const bool is_quiet = std::exchange(arrived_, arrived) == arrived;
  pause_ = is_quiet ? std::min(pause_ * 2, kLongestPause) : kShortestPause;
  if (!retry_) {
    retry_ = std::make_unique<Timer>(loop_, [this] {
      // Its directory may have been removed, and made again.
      if (pump_.stuck() && pump_.stuck()->code == ENOENT) reopen();
      watch();
      pump_some();
    });
  }
  retry_->arm(core::Instant(sys::monotonic_now() + pause_));
}

void Output::drain() {
  // A FIFO holds 1 MiB at most; whoever writes faster than this reads must not hold us for ever.
  std::uint64_t moved = 0;
  while (moved < 4 * logs::Pump::kBudget) {
    const auto pumped = pump_.pump();
    if (!pumped) break;  // the watch or the retry goes on with it
    moved += pumped->bytes;
    if (!pumped->more) break;
  }
  run_bytes_ += moved;
  if (moved > 0) tell();
}

void Output::end_run() {
  (void)pump_.finish_run();  // what the log does not take now goes first next time
  if (system_log_) system_log_->finish();
}

Result<> Output::clear() {
  drain();
  return pump_.file().clear();
}

void Output::reopen() {
  if (log_.opened) {
    if (auto found = logs::find_log_place(plan_.path, logs_)) {
      log_ = std::move(*found);
      pump_.file().set_directory(log_.directory);
    }
  }
  pump_.file().reopen();
}

std::string Output::last_words() const {
  if (run_bytes_ == 0 || !log_.keeps()) return {};
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(run_bytes_, kMostLastWords));
  // A log that cannot be read has been told of elsewhere.
  std::string words = logs::last_lines(log_.directory, log_.file_name, kLastLines, most).value_or(std::string());
  // Of what is too long, whole lines; of one line that is too long, its end.
  const bool is_cut = run_bytes_ > kMostLastWords && words.size() == kMostLastWords;
  const auto end = words.find('\n');
  if (is_cut && end != std::string::npos && end + 1 < words.size()) words.erase(0, end + 1);
  return words;
}

void Output::set_policy(const core::LogPolicy& policy) {
  pump_.file().set_rotation(rotation_of(policy));
  plan_.policy.max_size = policy.max_size;
  plan_.policy.keep = policy.keep;
  plan_.policy.when_full = policy.when_full;
}

Output::Token Output::on_growth(std::function<void()> more) {
  auto token = std::make_shared<std::function<void()>>(std::move(more));
  followers_.push_back(token);
  return token;
}

void Output::tell() {
  if (followers_.empty()) return;
  std::erase_if(followers_, [](const auto& follower) { return follower.expired(); });
  const auto followers = followers_;
  for (const auto& follower : followers) {
    if (const auto alive = follower.lock()) (*alive)();
  }
}

}  // namespace foster::supervisor
