// A pool that serves: clients, and what they notice of restarts, crashes and scaling. Nothing.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <set>

#include <foster/prefork.hpp>
#include "support/temporary_directory.hpp"
#include "unit/lib/preforking.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using sys::testing::read_all;

/// Sends each client its pid. Finishes by serving whoever it has accepted, and nobody else.
int serve_pid(Worker& worker) {
  worker.ready();
  std::array<pollfd, 2> watched{pollfd{worker.stop_fd().get(), POLLIN, 0}, pollfd{worker.listener().get(), POLLIN, 0}};
  for (;;) {
    (void)::poll(watched.data(), watched.size(), worker.poll_timeout());
    if (worker.should_stop()) return 0;
    const UniqueFd client(::accept4(worker.listener().get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;  // another worker was quicker
    const std::string text = std::to_string(::getpid());
    (void)::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
}

UniqueFd connect_to(const std::string& address) {
  if (address.contains('/')) {
    sockaddr_un file{};
    file.sun_family = AF_UNIX;
    address.copy(file.sun_path, sizeof file.sun_path - 1);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&file), sizeof file) != 0) return {};
    return socket;
  }
  sockaddr_in host{};
  host.sin_family = AF_INET;
  host.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&host), sizeof host) != 0) return {};
  return socket;
}

/// Another process that asks and asks, and tells at its end how many of its questions had no answer.
class Client {
 public:
  explicit Client(const std::string& address) : stop_(make_pipe()), said_(make_pipe()) {
    pid_ = ::fork();
    if (pid_ != 0) {
      said_.writer.reset();
      return;
    }
    stop_.writer.reset();
    pollfd told{stop_.reader.get(), POLLIN, 0};
    int unanswered = 0;
    for (bool is_over = false; !is_over;) {
      is_over = ::poll(&told, 1, 0) > 0;
      const UniqueFd socket = connect_to(address);
      pid_t server = 0;
      const std::string answer = socket ? read_all(socket) : "";
      (void)std::from_chars(answer.data(), answer.data() + answer.size(), server);
      if (server == 0) ++unanswered;
      (void)!::write(said_.writer.get(), &server, sizeof server);
    }
    ::_exit(std::min(unanswered, 100));
  }
  ~Client() {
    if (pid_ < 0) return;
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Who has answered by now.
  const std::set<pid_t>& servers() {
    (void)::fcntl(said_.reader.get(), F_SETFL, O_NONBLOCK);
    pid_t server = 0;
    while (::read(said_.reader.get(), &server, sizeof server) == static_cast<ssize_t>(sizeof server)) {
      servers_.insert(server);
    }
    return servers_;
  }
  /// Lets it ask a last time, and tells how many questions had no answer. The pool goes on meanwhile.
  int finish(PoolUnderTest& pool) {
    // Said, not closed: workers that were forked meanwhile have the pipe open, too.
    EXPECT_EQ(::write(stop_.writer.get(), "x", 1), 1);
    int status = -1;
    const bool has_ended = pool.drive_until([&] {
      (void)servers();  // it may be waiting for room
      return ::waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (!has_ended) return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  Pipe stop_;
  Pipe said_;
  pid_t pid_ = -1;
  std::set<pid_t> servers_;
};

struct Service {
  std::string name;
  std::string address;
  PortSharing sharing;
};
std::ostream& operator<<(std::ostream& out, const Service& service) {
  return out << service.name;
}

class PreforkService : public ::testing::TestWithParam<Service> {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
  PreforkOptions options(unsigned workers) const {
    auto options = quick_options(workers);
    options.ready_within = 60s;
    options.stop.patience = std::chrono::minutes(5);
    options.listen = {GetParam().address.starts_with('/') ? directory.path("socket") : GetParam().address};
    options.listen_options.sharing = GetParam().sharing;
    return options;
  }
  TemporaryDirectory directory;
};

bool all_ready(PoolUnderTest& pool, std::size_t count) {
  return pool.drive_until([&] { return pool.events_of<WorkerReady>().size() >= count; });
}

TEST_P(PreforkService, ARollingRestartRefusesNobody) {
  PoolUnderTest pool(options(3), serve_pid);
  ASSERT_TRUE(pool && all_ready(pool, 3));
  Client client(pool->addresses().front());
  ASSERT_TRUE(pool.drive_until([&] { return !client.servers().empty(); }));
  for (std::size_t round = 1; round <= 5; ++round) {
    pool->restart();
    ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<RestartDone>().size() == round; }));
  }
  ASSERT_TRUE(pool.drive_until([&] { return pool->workers().size() == 3; })) << "the old ones are gone";
  const auto before = client.servers().size();
  EXPECT_EQ(client.finish(pool), 0);
  EXPECT_GT(before, 1U) << "it was served by several generations";
  pool.stop();
}

TEST_P(PreforkService, AConnectionWaitsForTheWorkerThatComesBack) {
  auto wanted = options(1);
  wanted.max_restarts.reset();
  // A worker that crashes takes with it the one client it is serving; those that wait in the queue are none of its.
  PoolUnderTest pool(wanted, [](Worker& worker) {
    worker.ready();
    pollfd watched{worker.listener().get(), POLLIN, 0};
    (void)::poll(&watched, 1, -1);
    const UniqueFd client(::accept4(worker.listener().get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::string text = std::to_string(::getpid());
    (void)::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return 1;
  });
  ASSERT_TRUE(pool && all_ready(pool, 1));
  Client client(pool->addresses().front());
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerEnded>().size() >= kManyForks / 40; }));
  EXPECT_EQ(client.finish(pool), 0);
  pool->kill();
  EXPECT_TRUE(pool.drive_to_end());
}

TEST_P(PreforkService, WorkersThatAreAddedServe) {
  PoolUnderTest pool(options(1), serve_pid);
  ASSERT_TRUE(pool && all_ready(pool, 1));
  ASSERT_TRUE(pool->scale(3));
  ASSERT_TRUE(all_ready(pool, 3));
  const auto pids = pool.pids();
  Client client(pool->addresses().front());
  EXPECT_TRUE(pool.drive_until(
      [&] { return std::ranges::all_of(pids, [&](pid_t pid) { return client.servers().contains(pid); }); }));
  EXPECT_EQ(client.finish(pool), 0);
  pool.stop();
}

INSTANTIATE_TEST_SUITE_P(Sockets, PreforkService,
                         ::testing::Values(Service{"Shared", "127.0.0.1:0", PortSharing::exclusive},
                                           Service{"ReusePort", "127.0.0.1:0", PortSharing::reuse_port},
                                           Service{"Unix", "/socket", PortSharing::exclusive}),
                         [](const auto& tested) { return tested.param.name; });

class PreforkListening : public ::testing::Test {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
};

TEST_F(PreforkListening, WithASharedPortEachTaskHasASocketOfItsOwn) {
  auto options = quick_options(3);
  options.listen = {"127.0.0.1:0"};
  options.listen_options.sharing = PortSharing::reuse_port;
  Reports reports;
  PoolUnderTest pool(options, [&](Worker& worker) {
    struct stat socket{};
    (void)::fstat(worker.listener().get(), &socket);
    reports.say(worker.task_id(), static_cast<long>(socket.st_ino));
    return serve_until_stopped(worker);
  });
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 3; }));
  std::set<long> sockets;
  for (const Report& report : reports.all()) sockets.insert(report.what);
  EXPECT_EQ(sockets.size(), 3U);
  ASSERT_EQ(::kill(pool.pids()[1], SIGKILL), 0);
  ASSERT_TRUE(pool.drive_until([&] { return reports.of(1).size() == 2; }));
  EXPECT_EQ(reports.of(1)[0].what, reports.of(1)[1].what) << "and hands it on, with whoever waits in it";
  pool.stop();
}

TEST_F(PreforkListening, AnAddressThatIsTakenIsAnErrorBeforeTheFirstFork) {
  const auto taken = listen_on("127.0.0.1:0");
  ASSERT_TRUE(taken.has_value());
  auto options = quick_options(1);
  options.listen = {"127.0.0.1:0", taken->address()};
  const auto report = prefork(options, [](Worker&) { return 0; });
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(to_string(report.error()), "bind " + taken->address() + ": Address already in use");
}

TEST_F(PreforkListening, AUnixSocketGoesWithTheMasterAndNotWithAWorker) {
  TemporaryDirectory directory;
  auto options = quick_options(2);
  options.listen = {directory.path("socket"), "127.0.0.1:0"};
  {
    PoolUnderTest pool(options, serve_until_stopped);
    ASSERT_TRUE(pool);
    EXPECT_EQ(pool->addresses()[0], directory.path("socket"));
    ASSERT_EQ(::kill(pool.pids()[0], SIGTERM), 0);
    ASSERT_TRUE(pool.drive_until([&] { return !pool.events_of<WorkerEnded>().empty(); }));
    EXPECT_TRUE(std::filesystem::exists(directory.path("socket")));
    pool.stop();
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path("socket")));
}

}  // namespace
}  // namespace foster
