// A service that is its own daemon, as init scripts expect one. It counts the seconds into a file.
//
//   service DIRECTORY start     "ticker: started as process 4711"
//   service DIRECTORY status    "ticker: running as process 4711"
//   service DIRECTORY stop      "ticker: stopped process 4711"
//   service DIRECTORY run       in the foreground, for systemd, foster, or a debugger
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <foster/service.hpp>

namespace {

class Ticker : public foster::Service {
 public:
  explicit Ticker(const std::filesystem::path& directory)
      : Service({.name = "ticker", .daemon = {.directory = directory, .pidfile = directory / "ticker.pid"}}) {}

 protected:
  int run(foster::ServiceProcess& process) override {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);

    std::ofstream ticks("ticks", std::ios::app);
    if (!ticks) return process.fail({"open", errno, "ticks"}, foster::LsbCode::not_configured);
    process.ready();
    for (unsigned count = 1;; ++count) {
      ticks << count << std::endl;
      constexpr timespec kSecond{.tv_sec = 1, .tv_nsec = 0};
      const int signal = ::sigtimedwait(&signals, nullptr, &kSecond);
      if (signal == SIGHUP) count = 0;
      if (signal == SIGTERM || signal == SIGINT) return 0;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::error_code unknown;
  const auto directory = std::filesystem::absolute(argc > 1 ? argv[1] : "", unknown);
  if (argc < 2 || unknown) {
    std::fprintf(stderr, "usage: service DIRECTORY ACTION\n");
    return 2;
  }
  return Ticker(directory).main(argc - 1, argv + 1);
}
