#include "sys/describe_failure.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace foster::sys {
namespace {

struct NamedLimit {
  int resource;
  std::string_view name;
};
constexpr std::array kLimits{
    NamedLimit{RLIMIT_CPU, "cpu"},           NamedLimit{RLIMIT_FSIZE, "fsize"},
    NamedLimit{RLIMIT_DATA, "data"},         NamedLimit{RLIMIT_STACK, "stack"},
    NamedLimit{RLIMIT_CORE, "core"},         NamedLimit{RLIMIT_RSS, "rss"},
    NamedLimit{RLIMIT_NPROC, "nproc"},       NamedLimit{RLIMIT_NOFILE, "nofile"},
    NamedLimit{RLIMIT_MEMLOCK, "memlock"},   NamedLimit{RLIMIT_AS, "as"},
    NamedLimit{RLIMIT_LOCKS, "locks"},       NamedLimit{RLIMIT_SIGPENDING, "sigpending"},
    NamedLimit{RLIMIT_MSGQUEUE, "msgqueue"}, NamedLimit{RLIMIT_NICE, "nice"},
    NamedLimit{RLIMIT_RTPRIO, "rtprio"},     NamedLimit{RLIMIT_RTTIME, "rttime"},
};

std::string limit_name(int resource) {
  for (const NamedLimit& limit : kLimits) {
    if (limit.resource == resource) return std::string(limit.name);
  }
  return std::to_string(resource);
}

/// The kernel says "no such file" of a script whose interpreter is missing, too.
std::string program_detail(const ChildFailure& failure, const std::string& program) {
  const bool is_there = failure.error == ENOENT && ::access(program.c_str(), F_OK) == 0;
  return is_there ? program + " (its interpreter)" : program;
}

std::string detail_of(const ChildFailure& failure, const SpawnRequest& request) {
  const auto index = static_cast<std::size_t>(failure.index);
  switch (failure.step) {
    case ChildStep::nice:
      return std::to_string(request.nice.value_or(0));
    case ChildStep::descriptor: {
      const FdMapping& mapping = request.fds.at(index);
      return std::to_string(mapping.source.get()) + " -> " + std::to_string(mapping.target);
    }
    case ChildStep::limit:
      return limit_name(request.limits.at(index).resource);
    case ChildStep::setgid:
      return std::to_string(request.gid.value_or(0));
    case ChildStep::setuid:
      return std::to_string(request.uid.value_or(0));
    case ChildStep::chdir:
      return request.directory;
    case ChildStep::exec:
      return program_detail(failure, request.program);
    case ChildStep::none:
    case ChildStep::claim:
    case ChildStep::signals:
    case ChildStep::session:
    case ChildStep::cgroup:
    case ChildStep::umask:
    case ChildStep::close_others:
    case ChildStep::groups:
    case ChildStep::parent_death:
    case ChildStep::no_new_privileges:
      return {};
  }
  return {};
}

}  // namespace

Error describe_failure(const ChildFailure& failure, const SpawnRequest& request) {
  return {name(failure.step), failure.error, detail_of(failure, request)};
}

}  // namespace foster::sys
