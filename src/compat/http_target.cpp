#include "compat/http_target.hpp"

#include <algorithm>

#include "compat/method.hpp"
#include "compat/web_pages.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kRpc = "/RPC2";
constexpr std::string_view kProcessLog = "/logtail";
constexpr std::string_view kMainLog = "/mainlogtail";

}  // namespace

HttpTarget http_target_from(std::string_view path) {
  path = path.substr(0, path.find('#'));
  const auto question = std::min(path.find('?'), path.size());
  const std::string_view query = path.substr(std::min(question + 1, path.size()));
  path = path.substr(0, question);
  if (path.starts_with(kRpc)) return {.kind = HttpTarget::Kind::rpc};
  if (path.starts_with(kMainLog)) return {.kind = HttpTarget::Kind::main_log};
  if (is_web_page(path)) {
    return {.kind = HttpTarget::Kind::page, .path = std::string(path), .query = std::string(query)};
  }
  if (!path.starts_with(kProcessLog)) return {};
  path.remove_prefix(kProcessLog.size());
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.find('/');
  HttpTarget target{.kind = HttpTarget::Kind::process_log, .process = url_decoded(path.substr(0, slash))};
  const std::string_view channel = slash == std::string_view::npos ? "stdout" : path.substr(slash + 1);
  if (channel == "stderr") {
    target.channel = Channel::standard_error;
  } else if (channel != "stdout") {
    return {};
  }
  return target;
}

std::string log_path_of(Daemon& daemon, const HttpTarget& target) {
  if (target.kind == HttpTarget::Kind::main_log) return daemon.main_log();
  const auto process = find_process(daemon, target.process);
  if (!process) return {};
  daemon.bring_logs_up_to_date(*process);
  return target.channel == Channel::standard_output ? process->stdout_log : process->stderr_log;
}

}  // namespace foster::compat
