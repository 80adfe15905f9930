// foster_bench [MEASURE…]: restart boot idle ps stop spawn prefork table; all of them without an argument.
// foster_bench keep-up COUNT REPORT: the floor for measures of others, until it is killed.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "floor.hpp"
#include "measures.hpp"
#include "spawn.hpp"

namespace {

using namespace foster::bench;

struct Measure {
  std::string_view name;
  void (*run)();
};

constexpr Measure kMeasures[] = {
    {"restart", [] { measure_restart(100); }},
    {"boot",
     [] {
       measure_boot(100, 5);
       measure_boot(1000, 3);
     }},
    {"idle",
     [] {
       measure_idle(100, 10);
       measure_idle(1000, 10);
     }},
    {"ps", [] { measure_ps(100, 50); }},
    {"stop", [] { measure_stop(100, 5); }},
    {"spawn", [] { measure_spawn(50, 40); }},
    {"prefork", [] { measure_prefork(200); }},
    {"table", [] { measure_table(10'000, 5); }},
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> wanted(argv + 1, argv + argc);
  if (wanted.size() == 3 && wanted.front() == "keep-up") keep_up(std::stoul(argv[2]), argv[3]);
  for (const std::string_view name : wanted) {
    if (std::ranges::find(kMeasures, name, &Measure::name) == std::end(kMeasures)) {
      fmt::print(stderr, "foster_bench: no measure is called {}; there are:", name);
      for (const Measure& measure : kMeasures) fmt::print(stderr, " {}", measure.name);
      fmt::print(stderr, "\n");
      return 2;
    }
  }
  for (const Measure& measure : kMeasures) {
    if (!wanted.empty() && std::ranges::find(wanted, measure.name) == wanted.end()) continue;
    measure.run();
    std::fflush(stdout);
  }
  return 0;
}
