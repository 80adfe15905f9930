// Follows a supervisor from system call to system call, and kills it at one of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include <foster/fd.hpp>

namespace foster::chaos {

/// What to follow, and what to do there. Moments are counted from 1: each system call has one before it and one
/// after it, in the supervisor and in a child of it that has not executed its program yet; a clone has one more, when
/// the child exists and neither has gone on.
struct TracePlan {
  enum class Subject : std::uint8_t { supervisor, successor };
  enum class Deed : std::uint8_t { kill, fail_call };

  pid_t supervisor = 0;
  pid_t reaper = 0;                       ///< For the successor, which it starts.
  Subject subject = Subject::supervisor;  ///< The successor is traced from its birth; the supervisor is killed for it.
  Deed deed = Deed::kill;
  std::uint64_t moment = 1;  ///< Of fail_call: the number of the call.
};

struct TraceResult {
  bool is_done = false;       ///< The moment was reached.
  std::uint64_t moments = 0;  ///< Seen.
  std::string where;          ///< "after call 257"
};

/// A process of its own does the tracing: a tracer is one thread, and waits for what it traces. A child that is on its
/// way to its program when its supervisor is killed waits for `finish`.
class Tracer {
 public:
  explicit Tracer(const TracePlan& plan);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// Empty: this machine or this user may not trace; the reason is in `problem`.
  [[nodiscard]] bool is_attached() const { return problem.empty(); }
  [[nodiscard]] bool is_done() const;
  /// Lets go of everything.
  [[nodiscard]] TraceResult finish();

  std::string problem;

 private:
  struct Shared;
  Shared* shared_;
  pid_t tracer_ = 0;
};

}  // namespace foster::chaos
