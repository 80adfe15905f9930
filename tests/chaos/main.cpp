// foster_chaos: loses foster's processes again and again under real services, and says what came of it.
#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>

#include "campaign.hpp"
#include "recovery_time.hpp"
#include "report.hpp"
#include "sweep.hpp"

namespace {

enum class Mode : std::uint8_t { campaign, sweep, failing_calls, recovery_time };

struct Options : foster::chaos::Options {
  Mode mode = Mode::campaign;
};

constexpr std::string_view kUsage =
    "usage: foster_chaos [--seconds N] [--seed S]       kill at random, under real services\n"
    "       foster_chaos --sweep [--step K] [--only NAME]      kill at each system call of each operation, or each "
    "K-th;\n"
    "                                           NAME: start, stop, restart, reload, upgrade or recovery alone\n"
    "       foster_chaos --fail [--step K]      let each system call of a recovery fail once\n"
    "       foster_chaos --recovery-time [--services N] [--rounds N]       how long nobody answers\n"
    "Everywhere: --foster PATH, --keep (the directories). The outcome is judged by what the services themselves, the\n"
    "log files and /proc tell. Exit codes: 0 all is well, 1 there are findings, 2 usage.\n";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_option(std::string_view name, std::string_view value, Options& options) {
  if (name == "--step") return read_number(value, options.sweep_step) && options.sweep_step > 0;
  if (name == "--services") return read_number(value, options.services);
  if (name == "--rounds") return read_number(value, options.rounds) && options.rounds > 0;
  if (name == "--seed") return read_number(value, options.seed);
  if (name == "--only") return !(options.sweep_only = value).empty();
  if (name == "--foster") return !(options.foster = value).empty();
  unsigned seconds = 0;
  if (name != "--seconds" || !read_number(value, seconds)) return false;
  options.seconds = std::chrono::seconds(seconds);
  return true;
}

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  options.foster = FOSTER_BINARY;
  options.speaker = FOSTER_SPEAKER;
  for (int n = 1; n < argc; ++n) {
    const std::string_view name = argv[n];
    if (name == "--keep") {
      options.keeps_files = true;
    } else if (name == "--sweep") {
      options.mode = Mode::sweep;
    } else if (name == "--fail") {
      options.mode = Mode::failing_calls;
    } else if (name == "--recovery-time") {
      options.mode = Mode::recovery_time;
    } else if (++n >= argc || !read_option(name, argv[n], options)) {
      return std::nullopt;
    }
  }
  return options;
}

void run(const Options& options, foster::chaos::Report& report) {
  switch (options.mode) {
    case Mode::campaign:
      report.say("seed " + std::to_string(options.seed));
      return foster::chaos::run_campaign(options, report);
    case Mode::sweep:
      return foster::chaos::run_sweep(options, report);
    case Mode::failing_calls:
      return foster::chaos::run_failing_calls(options, report);
    case Mode::recovery_time:
      return foster::chaos::measure_recovery(options, report);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) {
    std::fputs(kUsage.data(), stderr);
    return 2;
  }
  const rlimit no_core{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &no_core);  // many die on purpose
  foster::chaos::Report report;
  try {
    run(*options, report);
  } catch (const std::exception& error) {
    report.find("campaign", error.what());
  }
  report.print();
  return report.is_clean() ? 0 : 1;
}
