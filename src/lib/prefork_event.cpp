#include <foster/prefork_event.hpp>

namespace foster {
namespace {

std::string worker(unsigned task, Pid pid) {
  return "worker " + std::to_string(task) + " (pid " + std::to_string(pid.number()) + ")";
}

std::string again_in(std::chrono::milliseconds delay) {
  return delay.count() == 0 ? "" : " in " + std::to_string(delay.count()) + " ms";
}

const char* to_text(EndCause cause) {
  switch (cause) {
    case EndCause::itself:
      return "";
    case EndCause::asked:
      return "asked to end";
    case EndCause::hung:
      return "no sign of life";
    case EndCause::never_ready:
      return "not ready in time";
  }
  return "";
}

std::string text(const WorkerStarted& event) {
  return worker(event.task, event.pid) + " started";
}

std::string text(const WorkerReady& event) {
  return worker(event.task, event.pid) + " is ready";
}

std::string text(const WorkerSignalled& event) {
  return worker(event.task, event.pid) + " was sent SIG" + event.signal.name() + ": " + to_text(event.cause);
}

std::string text(const WorkerEnded& event) {
  std::string line = worker(event.task, event.pid) + " " + to_string(event.status);
  if (event.cause != EndCause::itself) line += std::string(" (") + to_text(event.cause) + ")";
  switch (event.next) {
    case AfterEnd::restart:
      return line + ", restarting" + again_in(event.delay);
    case AfterEnd::finished:
      return line + ", its task is done";
    case AfterEnd::give_up:
      return line + ", giving up";
    case AfterEnd::nothing:
      return line;
  }
  return line;
}

std::string text(const WorkerNotStarted& event) {
  std::string line = "worker " + std::to_string(event.task) + " could not be started: " + to_string(event.error);
  return event.delay.count() == 0 ? line : line + ", trying again" + again_in(event.delay);
}

std::string text(const RestartBegun&) {
  return "replacing all workers";
}

std::string text(const RestartDone&) {
  return "all workers are new";
}

std::string text(const RestartAbandoned& event) {
  return "the replacement of worker " + std::to_string(event.task) + " failed, the old workers go on";
}

std::string text(const PoolScaled& event) {
  return "from " + std::to_string(event.from) + " to " + std::to_string(event.to) + " workers";
}

}  // namespace

std::string to_string(const PreforkEvent& event) {
  return std::visit([](const auto& happened) { return text(happened); }, event);
}

}  // namespace foster
