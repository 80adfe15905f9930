#include "measures.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "fleet.hpp"
#include "floor.hpp"
#include "peers.hpp"
#include "pools.hpp"
#include "proc.hpp"
#include "report.hpp"

namespace foster::bench {
namespace {

void print_row(const std::string& what, const Distribution& figure, const char* unit, double against, double aim) {
  fmt::print("  {:<34} p50 {:>9.3f} {}   min {:>9.3f}   p99 {:>9.3f}   n {:>4}", what, figure.p50, unit, figure.min,
             figure.p99, figure.count);
  if (against > 0) fmt::print("   {:.2f} x floor", figure.p50 / against);
  if (aim > 0) fmt::print("   (aim {:.2f})", aim);
  fmt::print("\n");
}

// Kills a process and waits for the next start of its service.
double kill_to_main(Report& report, pid_t& pid) {
  const std::int64_t start = now();
  ::kill(pid, SIGKILL);
  const auto records = report.take(1, 20'000);
  if (records.empty()) return -1;
  pid = records.front().pid;
  return static_cast<double>(records.front().nanoseconds - start) / 1e6;
}

struct Contestant {
  std::string name;
  Report* report;
  pid_t pid;
  std::vector<double> sample = {};
};

}  // namespace

void measure_restart(std::size_t trials) {
  fmt::print("restart: SIGKILL of a service to the new process's main, milliseconds\n");
  Fleet fleet(20);
  if (fleet.up() < 0) return;
  Report floor_report;
  const RestartLoop loop(floor_report);
  const auto first = floor_report.take(1, 5'000);
  if (first.empty()) return;
  std::vector<Contestant> contestants;
  contestants.push_back({"floor: pidfd, clone, exec", &floor_report, first.front().pid});
  contestants.push_back({"foster", &fleet.report(), fleet.pids()[7]});
  auto peers = start_peers(1);
  for (const auto& peer : peers) contestants.push_back({peer->name(), &peer->report(), peer->pids().front()});

  std::mt19937 random(1);
  // Everybody is up for more than a second before each kill: some peers hold back what died young.
  for (std::size_t trial = 0; trial < trials; ++trial) {
    pause_milliseconds(peers.empty() ? 20 : 1100);
    std::ranges::shuffle(contestants, random);
    for (Contestant& contestant : contestants) {
      const double taken = kill_to_main(*contestant.report, contestant.pid);
      if (taken >= 0) contestant.sample.push_back(taken);
      pause_milliseconds(5);
    }
  }
  std::ranges::sort(contestants, {}, &Contestant::name);
  double floor = 0;
  for (const Contestant& contestant : contestants) {
    if (contestant.name.starts_with("floor")) floor = distribution(contestant.sample).p50;
  }
  for (const Contestant& contestant : contestants) {
    const bool is_floor = contestant.name.starts_with("floor");
    print_row(contestant.name, distribution(contestant.sample), "ms", is_floor ? 0 : floor,
              contestant.name == "foster" ? 1.3 : 0);
  }
}

void measure_boot(std::size_t services, std::size_t rounds) {
  fmt::print("boot: the command to the last of {} services in main, milliseconds\n", services);
  std::vector<double> serial;
  std::vector<double> bare;
  std::vector<double> ours;
  for (std::size_t round = 0; round < rounds; ++round) {
    serial.push_back(serial_spawns(services));
    bare.push_back(bare_boot(services));
    Fleet fleet(services);
    if (const double taken = fleet.up(); taken >= 0) ours.push_back(taken);
  }
  const Distribution floor = distribution(serial);
  print_row("floor: spawn, exit, wait in turn", floor, "ms", 0, 0);
  print_row("bare loop that spawns and leaves", distribution(bare), "ms", floor.p50, 0);
  print_row("foster up -d", distribution(ours), "ms", floor.p50, 1.2);
}

void measure_idle(std::size_t services, std::size_t seconds) {
  fmt::print("idle: {} services up, reaper and supervisor together\n", services);
  Fleet fleet(services);
  if (fleet.up() < 0) return;
  const auto pids = fleet.own_pids();
  pause_milliseconds(3000);  // the journal's writer leaves a second after the last event
  const Cost before = cost_of(pids);
  pause_milliseconds(static_cast<std::int64_t>(seconds) * 1000);
  const Cost after = cost_of(pids);
  fmt::print("  wake-ups in {} s {:>4}   (aim 0)      PSS {} kB   private {} kB   (aim PSS {} kB)\n", seconds,
             after.switches - before.switches, after.pss_kilobytes, after.private_kilobytes,
             services <= 100 ? 2500 : 6000);
}

void measure_ps(std::size_t services, std::size_t trials) {
  fmt::print("ps: the whole command with {} services, milliseconds\n", services);
  Fleet fleet(services);
  if (fleet.up() < 0) return;
  std::vector<double> floor;
  std::vector<double> ours;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    floor.push_back(run({BENCH_SERVICE, "exit"}).milliseconds);
    ours.push_back(fleet.command({"ps"}).milliseconds);
  }
  const Distribution bare = distribution(floor);
  print_row("floor: a static program that exits", bare, "ms", 0, 0);
  print_row("foster ps", distribution(ours), "ms", bare.p50, 0);
  fmt::print("  (aim 3 ms)\n");
}

void measure_stop(std::size_t services, std::size_t rounds) {
  fmt::print("stop: `foster stop '*'` of {} services to its return, milliseconds\n", services);
  std::vector<double> floor;
  std::vector<double> ours;
  for (std::size_t round = 0; round < rounds; ++round) {
    Fleet fleet(services);
    if (fleet.up() < 0) return;
    ours.push_back(fleet.command({"stop", "*"}).milliseconds);
    floor.push_back(bare_stop(services));
  }
  const Distribution bare = distribution(floor);
  print_row("floor: SIGTERM to all, wait for all", bare, "ms", 0, 0);
  print_row("foster stop '*'", distribution(ours), "ms", bare.p50, 0);
  fmt::print("  (aim 15 ms for 100)\n");
}

namespace {

/// SIGKILL of a worker to the first answer of the next one; empty when there was none.
std::optional<double> kill_to_answer(const ServingPool& pool, pid_t& worker) {
  const std::int64_t start = now();
  ::kill(worker, SIGKILL);
  for (;;) {
    const auto next = pool.ask();
    const std::int64_t end = now();
    if (!next && end - start > 20'000'000'000) return std::nullopt;
    // A connection that the dying worker had taken already is lost with it.
    if (!next || *next == worker) continue;
    worker = *next;
    return static_cast<double>(end - start) / 1e6;
  }
}

}  // namespace

void measure_prefork(std::size_t trials) {
  fmt::print("prefork: SIGKILL of the only worker to the next one's first answer, milliseconds\n");
  struct Pool {
    std::unique_ptr<ServingPool> pool;
    pid_t worker;
    std::vector<double> replacing = {};
    std::vector<double> serving = {};
  };
  std::vector<Pool> pools;
  for (auto& pool : start_pools()) {
    if (const auto worker = pool->ask()) pools.push_back({std::move(pool), *worker});
  }
  std::mt19937 random(1);
  for (std::size_t trial = 0; trial < trials; ++trial) {
    std::ranges::shuffle(pools, random);
    for (Pool& pool : pools) {
      const std::int64_t start = now();
      if (pool.pool->ask()) pool.serving.push_back(static_cast<double>(now() - start) / 1e6);
      if (const auto taken = kill_to_answer(*pool.pool, pool.worker)) pool.replacing.push_back(*taken);
      pause_milliseconds(5);
    }
  }
  std::ranges::sort(pools, {}, [](const Pool& pool) { return pool.pool->name(); });
  if (pools.empty() || !pools.front().pool->name().starts_with("floor")) return;
  const double floor = distribution(pools.front().replacing).p50;
  for (const Pool& pool : pools) {
    const bool is_floor = &pool == &pools.front();
    print_row(pool.pool->name(), distribution(pool.replacing), "ms", is_floor ? 0 : floor, 0);
  }
  fmt::print("  (an answer of a worker that lives: {:.3f} ms)\n", distribution(pools.front().serving).p50);
}

}  // namespace foster::bench
