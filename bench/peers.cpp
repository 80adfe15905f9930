#include "peers.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "proc.hpp"

namespace foster::bench {
namespace {

// A supervisor in the foreground in a directory of its own, ended with everything it started.
class InstalledPeer : public Peer {
 public:
  explicit InstalledPeer(std::string name) : name_(std::move(name)) {
    std::string path = "/dev/shm/foster-bench-peer-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) directory_ = path;
  }
  ~InstalledPeer() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
    // What a supervisor leaves behind when it ends; by now the last record of each is its last process.
    for (const Record& record : report_.take(1'000'000, 1)) pids_.push_back(record.pid);
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  InstalledPeer(const InstalledPeer&) = delete;
  InstalledPeer& operator=(const InstalledPeer&) = delete;

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] Report& report() override { return report_; }
  [[nodiscard]] const std::vector<pid_t>& pids() const override { return pids_; }

  [[nodiscard]] bool start(std::size_t services) {
    pid_ = begin(prepare(services));
    const auto records = report_.take(services, 20'000);
    pids_.resize(services);
    for (const Record& record : records) pids_[static_cast<std::size_t>(record.id)] = record.pid;
    return records.size() == services;
  }

 protected:
  [[nodiscard]] virtual std::vector<std::string> prepare(std::size_t services) = 0;
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] std::string report_path() const { return report_.path(); }

 private:
  std::string name_;
  std::string directory_;
  Report report_;
  std::vector<pid_t> pids_;
  pid_t pid_ = -1;
};

class Supervisord final : public InstalledPeer {
 public:
  Supervisord() : InstalledPeer("supervisord") {}

 private:
  std::vector<std::string> prepare(std::size_t services) override {
    std::ofstream file(directory() + "/supervisord.conf");
    file << "[supervisord]\nnodaemon=true\nsilent=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=" << directory()
         << "/pid\nchildlogdir=" << directory() << "\n";
    for (std::size_t n = 0; n < services; ++n) {
      file << fmt::format(
          "[program:s{0}]\ncommand={1} {2} {0}\nstartsecs=0\nautorestart=true\nstdout_logfile=NONE\n"
          "redirect_stderr=true\n",
          n, BENCH_SERVICE, report_path());
    }
    return {"supervisord", "-n", "-c", directory() + "/supervisord.conf"};
  }
};

class Runit final : public InstalledPeer {
 public:
  Runit() : InstalledPeer("runit") {}

 private:
  std::vector<std::string> prepare(std::size_t services) override {
    for (std::size_t n = 0; n < services; ++n) {
      const std::string service = fmt::format("{}/services/s{}", directory(), n);
      std::filesystem::create_directories(service);
      const std::string script = service + "/run";
      std::ofstream(script) << fmt::format("#!/bin/sh\nexec {} {} {}\n", BENCH_SERVICE, report_path(), n);
      ::chmod(script.c_str(), 0755);
    }
    return {"runsvdir", "-P", directory() + "/services"};
  }
};

}  // namespace

std::vector<std::unique_ptr<Peer>> start_peers(std::size_t services) {
  std::vector<std::unique_ptr<Peer>> peers;
  const auto add = [&](const char* program, auto peer) {
    if (is_installed(program) && peer->start(services)) peers.push_back(std::move(peer));
  };
  add("supervisord", std::make_unique<Supervisord>());
  add("runsvdir", std::make_unique<Runit>());
  return peers;
}

}  // namespace foster::bench
