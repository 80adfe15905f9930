#include "supervisor/probes.hpp"

#include <unistd.h>

#include <array>
#include <utility>

#include "logs/tail.hpp"
#include "supervisor/input.hpp"
#include "supervisor/line_matcher.hpp"
#include "sys/clock.hpp"
#include "sys/fifo.hpp"

namespace foster::supervisor {
namespace {

std::string ready_name(const std::string& fifo_name) {
  return fifo_name + ".ready";
}

/// A newline on a descriptor, as s6 does. A FIFO, so that it outlives us like the output does.
class FdProbe final : public Probe {
 public:
  FdProbe(Loop& loop, sys::FifoReader fifo, int number, ProbeDone done)
      : fifo_(std::move(fifo)), number_(number), done_(std::move(done)), watch_(loop, fifo_.fd(), [this] { look(); }) {}

 private:
  void look() {
    std::array<char, 512> bytes;
    for (;;) {
      const ssize_t size = ::read(fifo_.fd().get(), bytes.data(), bytes.size());
      if (size <= 0) return;
      if (std::string_view(bytes.data(), static_cast<std::size_t>(size)).find('\n') == std::string_view::npos) continue;
      const ProbeDone done = done_;  // destroys this
      return done("newline on descriptor " + std::to_string(number_));
    }
  }

  sys::FifoReader fifo_;
  int number_;
  ProbeDone done_;
  Watch watch_;
};

/// A command that is run again and again until it succeeds.
class ExecProbe final : public Probe {
 public:
  ExecProbe(ProbeTools tools, std::vector<std::string> argv, core::Duration interval)
      : tools_(std::move(tools)), argv_(std::move(argv)), interval_(interval), timer_(tools_.loop, [this] { run(); }) {
    pause(core::Duration::zero());
  }
  ~ExecProbe() override { *alive_ = false; }
  ExecProbe(const ExecProbe&) = delete;
  ExecProbe& operator=(const ExecProbe&) = delete;

 private:
  void run() {
    const auto started = tools_.spawn_helper(argv_, [this, alive = alive_](const ExitStatus& status) {
      if (*alive) ended(status);
    });
    if (!started) pause(interval_);
  }

  void ended(const ExitStatus& status) {
    if (!is_success(status)) return pause(interval_);
    const ProbeDone done = tools_.ready;  // destroys this
    done(argv_.front() + " succeeded");
  }

  void pause(core::Duration duration) { timer_.arm(core::Instant(sys::monotonic_now() + duration)); }

  ProbeTools tools_;
  std::vector<std::string> argv_;
  core::Duration interval_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer timer_;
};

/// A line of the output, read back from the log: the bytes themselves go from FIFO to file unseen.
class LogProbe final : public Probe {
 public:
  LogProbe(Output& output, logs::LogReader reader, LineMatcher matcher, ProbeDone done)
      : reader_(std::move(reader)),
        matcher_(std::move(matcher)),
        done_(std::move(done)),
        token_(output.on_growth([this] { look(); })) {}

 private:
  void look() {
    constexpr std::size_t kMost = 64 * 1024;
    std::string bytes;
    for (;;) {
      bytes.clear();
      const auto size = reader_.read(bytes, kMost);
      if (!size || *size == 0) return;
      if (!matcher_.feed(bytes)) continue;
      const ProbeDone done = done_;  // destroys this
      return done("a line of its output matches");
    }
  }

  logs::LogReader reader_;
  LineMatcher matcher_;
  ProbeDone done_;
  Output::Token token_;
};

struct Maker {
  const core::Readiness& readiness;
  ProbeTools& tools;

  std::unique_ptr<Probe> operator()(const core::ReadyNone&) const { return nullptr; }
  std::unique_ptr<Probe> operator()(const core::ReadyNotify&) const { return nullptr; }
  std::unique_ptr<Probe> operator()(const core::ReadyForking&) const { return nullptr; }

  std::unique_ptr<Probe> operator()(const core::ReadyFd& fd) const {
    auto fifo = sys::FifoReader::open(tools.fifos, ready_name(tools.fifo_name));
    if (!fifo) return nullptr;  // it was made for this run a moment ago; without it the timeout tells
    return std::make_unique<FdProbe>(tools.loop, std::move(*fifo), fd.number, std::move(tools.ready));
  }

  std::unique_ptr<Probe> operator()(const core::ReadyTcp& tcp) const {
    return probe_tcp(tools.loop, tcp, readiness.interval, std::move(tools.ready));
  }

  std::unique_ptr<Probe> operator()(const core::ReadyHttp& http) const {
    return probe_http(tools.loop, http, readiness.interval, std::move(tools.ready));
  }

  std::unique_ptr<Probe> operator()(const core::ReadyExec& exec) const {
    return std::make_unique<ExecProbe>(std::move(tools), exec.argv, readiness.interval);
  }

  std::unique_ptr<Probe> operator()(const core::ReadyLog& log) const {
    if (tools.output == nullptr || !tools.output->log().keeps())
      return nullptr;  // where it can, the config refuses this
    auto matcher = LineMatcher::make(log.pattern);
    auto reader = logs::LogReader::from_last_lines(tools.output->log().directory, tools.output->log().file_name, 0);
    if (!matcher || !reader) return nullptr;
    return std::make_unique<LogProbe>(*tools.output, std::move(*reader), std::move(*matcher), std::move(tools.ready));
  }
};

}  // namespace

std::unique_ptr<Probe> make_probe(const core::Readiness& readiness, ProbeTools tools) {
  return std::visit(Maker{readiness, tools}, readiness.how);
}

Result<UniqueFd> open_ready_fifo(BorrowedFd fifos, const std::string& fifo_name) {
  const std::string name = ready_name(fifo_name);
  auto reader = sys::FifoReader::make(fifos, name);
  if (!reader) return Failure(reader.error());
  std::array<char, 4096> old;
  while (::read(reader->fd().get(), old.data(), old.size()) > 0) {
  }
  return reader->open_for_service(fifos, name);
}

void remove_fifos(BorrowedFd fifos, std::uint32_t slot) {
  (void)::unlinkat(fifos.get(), ready_name(fifo_name(slot)).c_str(), 0);
  (void)::unlinkat(fifos.get(), input_name(fifo_name(slot)).c_str(), 0);
  for (const core::Stream stream : {core::Stream::out, core::Stream::err}) {
    const std::string name = fifo_name(slot, stream);
    (void)::unlinkat(fifos.get(), name.c_str(), 0);
    (void)::unlinkat(fifos.get(), losses_name(name).c_str(), 0);
    (void)::unlinkat(fifos.get(), staged_name(name).c_str(), 0);
  }
}

}  // namespace foster::supervisor
