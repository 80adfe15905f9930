// One row of the table of methods. Internal to compat/.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "compat/daemon.hpp"
#include "compat/xml_rpc_value.hpp"
#include "compat/xml_rpc_writers.hpp"

namespace foster::compat {

using Answer = Outcome<XmlValue>;
using Reply = std::move_only_function<void(Answer)>;

/// The parameters of a call, which are as many and of such types as the row wants.
class Parameters {
 public:
  explicit Parameters(const Array& values) : values_(values) {}

  [[nodiscard]] const Value& at(std::size_t index) const { return values_.at(index); }
  /// A number as its digits.
  [[nodiscard]] std::string text(std::size_t index) const;
  [[nodiscard]] std::int64_t number(std::size_t index) const;
  /// Whether to wait, which is what clients mean that say nothing.
  [[nodiscard]] Wait wait(std::size_t index) const;

 private:
  const Array& values_;
};

struct Method {
  std::string_view name;
  std::string_view signature;  ///< Of the result and the parameters: "boolean string boolean".
  std::size_t optional;        ///< How many of the last parameters may be left out.
  std::string_view help;
  void (*run)(Daemon& daemon, Parameters parameters, Reply reply);
};

[[nodiscard]] std::span<const Method> information_methods();
[[nodiscard]] std::span<const Method> control_methods();
[[nodiscard]] std::span<const Method> log_methods();
[[nodiscard]] std::span<const Method> system_methods();

/// All that this daemon offers.
[[nodiscard]] std::vector<const Method*> methods_of(const Daemon& daemon);

/// The process, or the group when the name means one.
/// @errors `bad_name`.
struct Target {
  std::string group;
  std::optional<Process> process;
};
[[nodiscard]] Outcome<Target> find_target(const Daemon& daemon, const std::string& name);
/// @errors `bad_name`, also for a group.
[[nodiscard]] Outcome<Process> find_process(const Daemon& daemon, const std::string& name);

[[nodiscard]] Answer answer_from(const Outcome<>& outcome);

}  // namespace foster::compat
