// The table of all processes among many, beside pstree(1) and beside the bare reads.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <vector>

#include <foster/process_table.hpp>
#include "measures.hpp"
#include "proc.hpp"
#include "report.hpp"
#include "sys/procfs.hpp"

namespace foster::bench {
namespace {

/// Children of ours that only wait, ended with this.
class Crowd {
 public:
  explicit Crowd(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
      const pid_t pid = ::fork();
      if (pid < 0) break;
      if (pid == 0) {
        // The pipe ends with the last one that could write: nobody outlives a bench that is killed.
        ::close(end_[1]);
        char ignored = 0;
        (void)!::read(end_[0], &ignored, 1);
        ::_exit(0);
      }
      pids_.push_back(pid);
    }
  }
  ~Crowd() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) (void)::waitpid(pid, nullptr, 0);
    ::close(end_[0]);
    ::close(end_[1]);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  [[nodiscard]] std::size_t size() const { return pids_.size(); }

 private:
  std::array<int, 2> end_ = [] {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    return ends;
  }();
  std::vector<pid_t> pids_;
};

template <class Act>
double milliseconds(Act act) {
  const std::int64_t start = now();
  act();
  return static_cast<double>(now() - start) / 1e6;
}

void read_every_stat() {
  sys::PidDirectory pids;
  while (const auto pid = pids.next()) (void)sys::read_stat(*pid);
}

void read_and_classify() {
  const auto table = read_process_table();
  if (!table) std::abort();
  for (const Process& process : table->processes()) {
    if (classify(process, *table).reason.empty()) std::abort();
  }
}

void print_row(std::string_view what, const Distribution& figure, double against) {
  fmt::print("  {:<34} p50 {:>9.3f} ms   min {:>9.3f}   p99 {:>9.3f}   n {:>4}", what, figure.p50, figure.min,
             figure.p99, figure.count);
  if (against > 0) fmt::print("   {:.2f} x floor", figure.p50 / against);
  fmt::print("\n");
}

}  // namespace

void measure_table(std::size_t processes, std::size_t trials) {
  const Crowd crowd(processes);
  fmt::print("table: {} further processes, milliseconds\n", crowd.size());
  std::vector<double> floor;
  std::vector<double> table;
  std::vector<double> tree;
  std::vector<double> unfolded;
  std::vector<double> peer;
  const bool has_peer = is_installed("pstree");
  for (std::size_t trial = 0; trial < trials; ++trial) {
    floor.push_back(milliseconds(read_every_stat));
    table.push_back(milliseconds(read_and_classify));
    tree.push_back(run({FOSTER_BINARY, "tree"}).milliseconds);
    unfolded.push_back(run({FOSTER_BINARY, "tree", "--long"}).milliseconds);
    if (has_peer) peer.push_back(run({"pstree", "-p"}).milliseconds);
  }
  const Distribution bare = distribution(floor);
  print_row("floor: every /proc/PID/stat", bare, 0);
  print_row("libfoster: read and classify", distribution(table), bare.p50);
  print_row("foster tree", distribution(tree), bare.p50);
  print_row("foster tree --long", distribution(unfolded), bare.p50);
  if (has_peer) print_row("pstree -p", distribution(peer), bare.p50);
  fmt::print("  (aim: read and classify 150 ms on 2 processors; foster tree no slower than pstree -p)\n");
}

}  // namespace foster::bench
