// Watching a run until it is ready, in the ways that need watching. Destroying a probe ends it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/model.hpp"
#include "supervisor/loop.hpp"

namespace foster::supervisor {

class Probe {
 public:
  virtual ~Probe() = default;
};

/// Called at most once, with words for people: "tcp 127.0.0.1:6390 answered".
using ProbeDone = std::function<void(std::string how)>;

/// Connects again and again until somebody accepts.
[[nodiscard]] std::unique_ptr<Probe> probe_tcp(Loop& loop, const core::ReadyTcp& target, core::Duration interval,
                                               ProbeDone done);

/// Asks again and again until the answer is 200 to 399.
[[nodiscard]] std::unique_ptr<Probe> probe_http(Loop& loop, const core::ReadyHttp& target, core::Duration interval,
                                                ProbeDone done);

}  // namespace foster::supervisor
