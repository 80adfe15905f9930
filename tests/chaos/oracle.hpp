// Judges a campaign by what services wrote of themselves, by the log files and by /proc; foster's own word counts only
// where it is what is judged.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fleet.hpp"
#include "losses.hpp"
#include "report.hpp"
#include "sandbox.hpp"

namespace foster::chaos {

/// One run, as its witness left it.
struct Testimony {
  std::string instance;
  std::uint32_t run = 0;
  pid_t pid = 0;
  std::uint64_t begin_ns = 0, last_ns = 0;
  std::uint64_t begun = 0, done = 0;
  std::uint32_t plan = 0, value = 0, asked = 0;
};

/// What foster tells of each of these services, while it is up: not more than an answer holds at once.
using Histories = std::vector<std::string>;
[[nodiscard]] Histories read_histories(const Sandbox& sandbox, const std::vector<std::string>& names);

/// By instance, in the order of their runs.
using Testimonies = std::map<std::string, std::vector<Testimony>>;
[[nodiscard]] Testimonies read_testimonies(const Sandbox& sandbox);

/// Every run's lines, byte for byte, in the files of its instance.
void check_logs(const Sandbox& sandbox, const Testimonies& all, const Losses& losses, Report& report);

/// What the history says of ends, against what the services did.
void check_exits(const Histories& histories, const Testimonies& all, const Losses& losses, Report& report);

/// No instance ran twice, and no number was given twice.
void check_single(const Sandbox& sandbox, const Testimonies& all, Report& report);

}  // namespace foster::chaos
