// The table of all processes among many, beside pstree(1) and beside the bare reads.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
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

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Of ours and of those we have waited for.
double processor_milliseconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage use{};
    ::getrusage(who, &use);
    seconds += seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
  }
  return seconds * 1e3;
}

/// On a busy machine the clock tells of the others, and the processor time of the work.
struct Samples {
  std::vector<double> elapsed;
  std::vector<double> processor;

  template <class Act>
  void take(Act act) {
    const std::int64_t start = now();
    const double used = processor_milliseconds();
    act();
    processor.push_back(processor_milliseconds() - used);
    elapsed.push_back(static_cast<double>(now() - start) / 1e6);
  }
};

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

void print_row(std::string_view what, Samples& samples, double floor = 0) {
  const Distribution elapsed = distribution(samples.elapsed);
  const Distribution processor = distribution(samples.processor);
  fmt::print("  {:<30} elapsed p50 {:>9.3f} ms  min {:>9.3f}   processor p50 {:>9.3f} ms  min {:>9.3f}   n {:>3}", what,
             elapsed.p50, elapsed.min, processor.p50, processor.min, elapsed.count);
  if (floor > 0) fmt::print("   {:.2f} x floor", elapsed.p50 / floor);
  fmt::print("\n");
}

}  // namespace

void measure_table(std::size_t processes, std::size_t trials) {
  const Crowd crowd(processes);
  fmt::print("table: {} further processes, milliseconds\n", crowd.size());
  Samples floor;
  Samples table;
  Samples tree;
  Samples unfolded;
  Samples peer;
  const bool has_peer = is_installed("pstree");
  for (std::size_t trial = 0; trial < trials; ++trial) {
    floor.take(read_every_stat);
    table.take(read_and_classify);
    tree.take([] { (void)run({FOSTER_BINARY, "tree"}); });
    unfolded.take([] { (void)run({FOSTER_BINARY, "tree", "--long"}); });
    if (has_peer) peer.take([] { (void)run({"pstree", "-p"}); });
  }
  const double bare = distribution(floor.elapsed).p50;
  print_row("floor: every /proc/PID/stat", floor);
  print_row("libfoster: read and classify", table, bare);
  print_row("foster tree", tree, bare);
  print_row("foster tree --long", unfolded, bare);
  if (has_peer) print_row("pstree -p", peer, bare);
  fmt::print("  (aim: read and classify 150 ms on 2 processors; foster tree no slower than pstree -p)\n");
}

}  // namespace foster::bench
