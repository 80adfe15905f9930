#include "insight/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sys/procfs.hpp"

namespace foster::insight {
namespace {

// How foster's own processes name themselves to the kernel (cut at 15 bytes).
constexpr std::string_view kReaperName = "foster: reaper";
constexpr std::string_view kSupervisorName = "foster: superv";

std::optional<std::string> read_variable_of_process(Pid pid, std::string_view variable) {
  return sys::read_environment_variable(pid, variable);
}

/// What foster puts into the environment of a run. A tag alone would do, but then nobody could say whose it is.
std::optional<Service> service_by_environment(Pid pid, View::ReadVariable read_variable) {
  if (!read_variable(pid, "FOSTER_RUN")) return std::nullopt;
  auto instance = read_variable(pid, "FOSTER_INSTANCE");
  auto foster = read_variable(pid, "FOSTER_NAME");
  if (!instance || !foster) return std::nullopt;
  return Service{.foster = std::move(*foster), .instance = std::move(*instance)};
}

}  // namespace

View::View(ProcessTable table, ReadVariable read_variable) : table_(std::move(table)) {
  for (const Process& process : table_.processes()) {
    if (process.name == kReaperName) reapers_.push_back(process.pid);
    if (process.name == kSupervisorName && process.parent) reapers_.push_back(*process.parent);
  }
  std::ranges::sort(reapers_);
  const auto doubles = std::ranges::unique(reapers_);
  reapers_.erase(doubles.begin(), doubles.end());

  // Parents before children: a service goes down the tree. Asked are those at its top: children of a reaper, and who
  // may have come from one that is gone.
  std::vector<const Process*> waiting;
  for (const Process& process : table_.processes()) {
    if (table_.parent_of(process) == nullptr) waiting.push_back(&process);
  }
  while (!waiting.empty()) {
    const Process& process = *waiting.back();
    waiting.pop_back();
    const Process* parent = table_.parent_of(process);
    const auto inherited = parent != nullptr ? services_.find(parent->pid) : services_.end();
    if (inherited != services_.end()) {
      services_.emplace(process.pid, inherited->second);
    } else if (parent != nullptr && !process.is_kernel_thread && !process.is_zombie() &&
               process.name != kSupervisorName &&
               (is_reaper(*parent) || (parent->pid == Pid(1) && !is_reaper(process)))) {
      if (auto service = service_by_environment(process.pid, read_variable)) {
        services_.emplace(process.pid, std::move(*service));
      }
    }
    for (const Process* child : table_.children_of(process.pid)) {
      if (child->start_ticks >= process.start_ticks && child != &process) waiting.push_back(child);
    }
  }
}

const Service* View::service_of(const Process& process) const noexcept {
  const auto found = services_.find(process.pid);
  return found != services_.end() ? &found->second : nullptr;
}

bool View::is_reaper(const Process& process) const noexcept {
  return std::ranges::binary_search(reapers_, process.pid);
}

std::string_view View::kind_word(const Process& process, const Classification& found) const noexcept {
  const bool is_plain =
      found.kind == ProcessKind::daemon || found.kind == ProcessKind::orphan || found.kind == ProcessKind::background;
  if (is_plain && !process.terminal && service_of(process) != nullptr) return "service";
  return to_string(found.kind);
}

Result<View> look(const TableDetail& detail) {
  auto table = read_process_table(detail);
  if (!table) return Failure(table.error());
  return View(std::move(*table), read_variable_of_process);
}

std::string called(const Process& process) {
  return fmt::format("{} ({})", process.name, process.pid.number());
}

}  // namespace foster::insight
