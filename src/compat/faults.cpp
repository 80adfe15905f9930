#include "compat/faults.hpp"

#include <algorithm>
#include <utility>

namespace foster::compat {
namespace {

using enum FaultCode;

constexpr std::pair<FaultCode, std::string_view> kNames[] = {
    {unknown_method, "UNKNOWN_METHOD"},
    {incorrect_parameters, "INCORRECT_PARAMETERS"},
    {bad_arguments, "BAD_ARGUMENTS"},
    {signature_unsupported, "SIGNATURE_UNSUPPORTED"},
    {shutdown_state, "SHUTDOWN_STATE"},
    {bad_name, "BAD_NAME"},
    {bad_signal, "BAD_SIGNAL"},
    {no_file, "NO_FILE"},
    {not_executable, "NOT_EXECUTABLE"},
    {failed, "FAILED"},
    {abnormal_termination, "ABNORMAL_TERMINATION"},
    {spawn_error, "SPAWN_ERROR"},
    {already_started, "ALREADY_STARTED"},
    {not_running, "NOT_RUNNING"},
    {success, "SUCCESS"},
    {already_added, "ALREADY_ADDED"},
    {still_running, "STILL_RUNNING"},
    {cant_reread, "CANT_REREAD"},
};

}  // namespace

std::string_view name_of(FaultCode code) {
  const auto* found = std::ranges::find(kNames, code, [](const auto& row) { return row.first; });
  return found != std::end(kNames) ? found->second : "UNKNOWN";
}

std::string Refusal::text() const {
  std::string text(name_of(code));
  if (about) text += ": " + *about;
  return text;
}

std::unexpected<Refusal> refusal(FaultCode code, std::optional<std::string> about) {
  return std::unexpected(Refusal{.code = code, .about = std::move(about)});
}

}  // namespace foster::compat
