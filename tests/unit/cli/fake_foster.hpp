// A foster without processes behind a real socket, in a thread of its own; commands are run against it as from a
// shell.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

#include "api/server.hpp"
#include "cli/dispatch.hpp"
#include "support/scoped_environment.hpp"
#include "support/temporary_directory.hpp"
#include "sys/runtime_dir.hpp"
#include "sys/unix_socket.hpp"
#include "unit/api/fake_service.hpp"

namespace foster::cli {

/// What a command printed, and its exit code.
struct Ran {
  int code;
  std::string out;
  std::string err;
};

inline Ran run_command(std::initializer_list<const char*> words) {
  Output out(-1);
  Output err(-1);
  Context context{.out = out, .err = err};
  const ExitCode code = dispatch(context, Arguments(words.begin(), words.size()));
  return {static_cast<int>(code), out.kept(), err.kept()};
}

/// Directories of its own for all that the commands look at; nothing runs in them.
struct CliTest : ::testing::Test {
  testing::TemporaryDirectory place;
  testing::ScopedEnvironment environment;
  std::string old_directory = std::filesystem::current_path();

  CliTest() {
    for (const char* kind : {"run", "state", "log", "cwd"}) std::filesystem::create_directory(place.path(kind));
    std::filesystem::permissions(place.path("run"), std::filesystem::perms::owner_all);
    environment.set("FOSTER_RUNTIME_DIR", place.path("run"));
    environment.set("FOSTER_STATE_DIR", place.path("state"));
    environment.set("FOSTER_LOG_DIR", place.path("log"));
    environment.unset("FOSTER_NAME");
    environment.set("TZ", "UTC");
    std::filesystem::current_path(place.path("cwd"));
  }
  ~CliTest() override { std::filesystem::current_path(old_directory); }

  /// As if an instance of this name ran, without anything that answers.
  void pretend_running(const std::string& name) const {
    std::filesystem::create_directories(place.path("run/" + name));
    testing::write_file(place.path("run/" + name + "/lock"), "");
  }
};

/// One that answers.
class FakeFoster {
 public:
  FakeFoster(const std::string& name, api::FakeService& service) {
    auto directories = sys::directories_for(name, ::geteuid());
    EXPECT_TRUE(directories);
    auto runtime = sys::prepare_directory(directories->runtime);
    EXPECT_TRUE(runtime);
    testing::write_file(directories->lock(), "");
    auto socket = sys::listen_unix(*runtime, sys::kControlSocket);
    EXPECT_TRUE(socket);
    stop_.reset(::eventfd(0, EFD_CLOEXEC));
    thread_ = std::thread([this, &service, listening = std::move(*socket)]() mutable {
      boost::asio::io_context loop{1};
      api::Server server(loop, std::move(listening), service);
      boost::asio::posix::stream_descriptor stop(loop, ::dup(stop_.get()));
      stop.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&](const auto&) { loop.stop(); });
      loop.run();
    });
  }
  ~FakeFoster() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

 private:
  UniqueFd stop_;
  std::thread thread_;
};

}  // namespace foster::cli
