// The process table as people ask about it: every process with its kind and the service it belongs to.
// Looking for one process in full? insight/facts.hpp
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/process_table.hpp>

namespace foster::insight {

/// A service of some foster, as a process of one tells it of itself.
struct Service {
  std::string foster;    ///< Name of the instance of foster.
  std::string instance;  ///< "web", or "web:0".
  friend bool operator==(const Service&, const Service&) = default;
};

/// A table with services. Pure once made.
class View {
 public:
  /// `read_variable` gives a variable of a process's environment, empty where it is not readable; asked only of those
  /// whose service cannot follow from their ancestors.
  using ReadVariable = std::optional<std::string> (*)(Pid pid, std::string_view variable);
  View(ProcessTable table, ReadVariable read_variable);

  [[nodiscard]] const ProcessTable& table() const noexcept { return table_; }
  /// Null: of none, or of one whose environment we may not read.
  [[nodiscard]] const Service* service_of(const Process& process) const noexcept;
  /// A foster's reaper, or the program that became one.
  [[nodiscard]] bool is_reaper(const Process& process) const noexcept;
  [[nodiscard]] Classification classify(const Process& process) const { return foster::classify(process, table_); }

  /// `kind` of the command line's JSON: a process of a service without a terminal is "service", whatever else it is.
  [[nodiscard]] std::string_view kind_word(const Process& process, const Classification& found) const noexcept;

 private:
  ProcessTable table_;
  std::map<Pid, Service> services_;
  std::vector<Pid> reapers_;
};

/// Reads /proc, and the environment of those who need it.
/// @errors As `read_process_table`.
[[nodiscard]] Result<View> look(const TableDetail& detail = {});

/// "sh (4711)"
[[nodiscard]] std::string called(const Process& process);

}  // namespace foster::insight
