#include "supervisor/output.hpp"

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

Result<std::unique_ptr<Output>> Output::open(Loop& loop, const OutputPlace& place, std::string path,
                                             std::string fifo_name, sys::FifoAccess access,
                                             const core::LogPolicy& policy, std::optional<Pid> writer) {
  auto log = find_log_place(path, place.logs);
  if (!log) return Failure(log.error());
  const std::string fifo_path = place.fifo_directory + "/" + fifo_name;
  auto reader = writer ? sys::FifoReader::open_removed(*writer, fifo_path)
                       : Result<sys::FifoReader>(failure("open", ENOENT, fifo_name));
  if (!reader && writer) reader = sys::FifoReader::open(place.fifos, fifo_name);  // as a rule it is there
  if (!reader) {
    if (auto made = sys::create_fifo(place.fifos, fifo_name, access); !made) return Failure(made.error());
    reader = sys::FifoReader::open(place.fifos, fifo_name);
  }
  if (!reader) return Failure(reader.error());
  logs::LogFile file(log->directory, log->file_name, rotation_of(policy));
  logs::Losses losses(place.fifos, losses_name(fifo_name));
  std::unique_ptr<Output> output(new Output(loop, place.fifos, std::move(fifo_name),
                                            logs::Pump(std::move(*reader), std::move(file), std::move(losses)),
                                            std::move(path), std::move(*log), policy.when_full));
  output->watch();
  return output;
}

Output::Output(Loop& loop, BorrowedFd fifos, std::string fifo_name, logs::Pump pump, std::string path, LogPlace log,
               core::WhenLogFull when_full)
    : loop_(loop),
      fifos_(fifos),
      fifo_name_(std::move(fifo_name)),
      log_(std::move(log)),
      pump_(std::move(pump)),
      path_(std::move(path)),
      when_full_(when_full) {}

Result<UniqueFd> Output::open_for_service() const {
  return sys::open_fifo_for_service(fifos_, fifo_name_);
}

bool Output::has_name() const {
  return pump_.fifo().has_name(fifos_, fifo_name_);
}

Result<> Output::renew(sys::FifoAccess access) {
  if (auto made = sys::create_fifo(fifos_, fifo_name_, access); !made) return made;
  auto reader = sys::FifoReader::open(fifos_, fifo_name_);
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
  const bool drops = when_full_ == core::WhenLogFull::drop_oldest;
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

std::string Output::last_words() const {
  if (run_bytes_ == 0) return {};
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
  when_full_ = policy.when_full;
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
