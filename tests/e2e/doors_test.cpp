// Clients that come while what is behind the control socket is replaced: they wait, and are not refused.
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include <foster/fd.hpp>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

/// Comes to the control socket again and again, until destroyed.
class Knocker {
 public:
  explicit Knocker(std::string path) : path_(std::move(path)), thread_([this] { run(); }) {}
  ~Knocker() { end(); }
  Knocker(const Knocker&) = delete;
  Knocker& operator=(const Knocker&) = delete;

  void end() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] unsigned admitted() const { return admitted_; }
  /// Why it was refused; after `end`.
  [[nodiscard]] const std::set<int>& refusals() const { return refusals_; }

 private:
  void run() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    while (!is_over_) {
      const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        ++admitted_;
      } else {
        refusals_.insert(errno);
      }
    }
  }

  std::string path_;
  std::atomic<bool> is_over_ = false;
  std::atomic<unsigned> admitted_ = 0;
  std::set<int> refusals_;
  std::thread thread_;
};

class ControlSocket : public ::testing::TestWithParam<const char*> {};

TEST_P(ControlSocket, RefusesNobodyWhenOneOfTheTwoIsLost) {
  Foster foster;
  foster.write_config("[service.sleeper]\ncommand = [\"/bin/sleep\", \"1000\"]\nstart-seconds = \"1ms\"\n");
  foster.up();
  Knocker knocker(foster.info().at("runtime_dir").as_string().c_str() + std::string("/control.sock"));
  ASSERT_TRUE(wait_until([&] { return knocker.admitted() > 0; }));
  for (int loss = 0; loss < 3; ++loss) {
    const auto lost = static_cast<pid_t>(foster.info().at(GetParam()).as_int64());
    ::kill(lost, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return !is_alive(lost); }));
    const unsigned before = knocker.admitted();
    ASSERT_TRUE(foster.wait_for_state("sleeper", "running"));
    ASSERT_NE(foster.info().at(GetParam()).as_int64(), lost);
    ASSERT_TRUE(wait_until([&] { return knocker.admitted() > before; }));
  }
  knocker.end();
  EXPECT_THAT(knocker.refusals(), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Lost, ControlSocket, ::testing::Values("supervisor", "reaper"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace foster::e2e
