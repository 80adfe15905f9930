// foster_chaos: loses foster's processes again and again under real services, and says what came of it.
#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>

#include "campaign.hpp"
#include "report.hpp"

namespace {

using foster::chaos::Options;

constexpr std::string_view kUsage =
    "usage: foster_chaos [--seconds N] [--seed S] [--foster PATH] [--spare-reaper] [--keep]\n"
    "Kills supervisor, reaper or both at random moments under real services, and judges the outcome by what the\n"
    "services themselves, the log files and /proc tell. Exit codes: 0 all is well, 1 there are findings, 2 usage.\n";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_option(std::string_view name, std::string_view value, Options& options) {
  if (name == "--seed") return read_number(value, options.seed);
  if (name == "--foster") return !(options.foster = value).empty();
  unsigned seconds = 0;
  if (name != "--seconds" || !read_number(value, seconds)) return false;
  options.seconds = std::chrono::seconds(seconds);
  return true;
}

std::optional<Options> read_options(int argc, char** argv) {
  Options options{.foster = FOSTER_BINARY, .speaker = FOSTER_SPEAKER};
  for (int n = 1; n < argc; ++n) {
    const std::string_view name = argv[n];
    if (name == "--keep") {
      options.keeps_files = true;
    } else if (name == "--spare-reaper") {
      options.spares_reaper = true;
    } else if (++n >= argc || !read_option(name, argv[n], options)) {
      return std::nullopt;
    }
  }
  return options;
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
    report.say("seed " + std::to_string(options->seed));
    foster::chaos::run_campaign(*options, report);
  } catch (const std::exception& error) {
    report.find("campaign", error.what());
  }
  report.print();
  return report.is_clean() ? 0 : 1;
}
