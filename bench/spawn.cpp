#include "spawn.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <vector>

#include <foster/spawn.hpp>
#include "report.hpp"

namespace foster::bench {
namespace {

const std::array<char*, 3> kWords{const_cast<char*>(BENCH_SERVICE), const_cast<char*>("exit"), nullptr};

pid_t by_vfork() {
  const pid_t pid = ::vfork();
  if (pid == 0) {
    ::execve(kWords[0], kWords.data(), ::environ);
    ::_exit(127);
  }
  return pid;
}

pid_t by_posix_spawn() {
  pid_t pid = -1;
  return ::posix_spawn(&pid, kWords[0], nullptr, nullptr, kWords.data(), ::environ) == 0 ? pid : -1;
}

pid_t by_fork() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execve(kWords[0], kWords.data(), ::environ);
    ::_exit(127);
  }
  return pid;
}

template <pid_t (*start)()>
bool run_one() {
  int status = 0;
  const pid_t pid = start();
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <TieToParent tie>
bool run_foster() {
  static const SpawnPlan plan = [] {
    SpawnPlan made = command({BENCH_SERVICE, "exit"});
    made.tie_to_parent = tie;
    return made;
  }();
  auto child = spawn(plan);
  return child && is_success(child->wait().status);
}

struct Way {
  std::string_view name;
  bool (*run)();
  std::vector<double> microseconds = {};
};

std::vector<Way> all_ways() {
  return {{"floor: vfork, exec, waitpid", run_one<by_vfork>},
          {"posix_spawn, waitpid", run_one<by_posix_spawn>},
          {"libfoster spawn, wait", run_foster<TieToParent::none>},
          {"  tied to its parent: process", run_foster<TieToParent::process>},
          {"  tied to its parent: tree", run_foster<TieToParent::tree>},
          {"fork, exec, waitpid", run_one<by_fork>}};
}

/// Each sample is the mean of a batch; the ways take turns in random order, so that a busy machine disturbs all alike.
void sample(std::vector<Way>& ways, std::size_t trials, std::size_t batch) {
  std::mt19937 random(1);
  for (std::size_t trial = 0; trial < trials; ++trial) {
    std::vector<Way*> order;
    for (Way& way : ways) order.push_back(&way);
    std::ranges::shuffle(order, random);
    for (Way* way : order) {
      const std::int64_t start = now();
      for (std::size_t i = 0; i < batch; ++i) {
        if (!way->run()) fmt::print("  {}: failed\n", way->name);
      }
      way->microseconds.push_back(static_cast<double>(now() - start) / 1e3 / static_cast<double>(batch));
    }
  }
}

void print(const std::vector<Way>& ways) {
  const double floor = distribution(ways.front().microseconds).p50;
  for (const Way& way : ways) {
    const Distribution figure = distribution(way.microseconds);
    fmt::print("  {:<34} p50 {:>9.1f} us   min {:>9.1f}   {:>6.0f} a second", way.name, figure.p50, figure.min,
               1e6 / figure.p50);
    if (&way != &ways.front()) fmt::print("   {:.2f} x floor", figure.p50 / floor);
    fmt::print("\n");
  }
}

/// Memory of which every page was written to.
class TouchedHeap {
 public:
  explicit TouchedHeap(std::size_t size) : size_(size) {
    memory_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) return;
    // As a heap grows: in small pages.
    (void)::madvise(memory_, size, MADV_NOHUGEPAGE);
    for (std::size_t at = 0; at < size; at += 4096) static_cast<char*>(memory_)[at] = 1;
  }
  ~TouchedHeap() {
    if (memory_ != MAP_FAILED) (void)::munmap(memory_, size_);
  }
  TouchedHeap(const TouchedHeap&) = delete;
  TouchedHeap& operator=(const TouchedHeap&) = delete;

 private:
  std::size_t size_;
  void* memory_;
};

}  // namespace

void measure_spawn(std::size_t trials, std::size_t batch) {
  fmt::print("spawn: start a static program that exits, and wait for it\n");
  auto small = all_ways();
  sample(small, trials, batch);
  print(small);
  fmt::print("spawn: the same from a process with 1 GiB of touched memory\n");
  const TouchedHeap heap(std::size_t{1} << 30);
  auto large = all_ways();
  sample(large, std::max<std::size_t>(trials / 5, 1), std::max<std::size_t>(batch / 5, 1));
  print(large);
  const auto ratio = [](const Way& before, const Way& after) {
    return distribution(after.microseconds).min / distribution(before.microseconds).min;
  };
  fmt::print("  least of large to least of small: libfoster {:.2f} (aim 1.00)   fork {:.2f}\n",
             ratio(small[2], large[2]), ratio(small[5], large[5]));
}

}  // namespace foster::bench
