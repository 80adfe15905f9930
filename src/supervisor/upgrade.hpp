// From one build of foster to the next while services run: the new one is tried, the reaper goes on as it, and this
// supervisor leaves, so that one of the new build takes its place.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "api/service.hpp"
#include "supervisor/exits.hpp"
#include "supervisor/loop.hpp"
#include "sys/channel.hpp"
#include "sys/pidfd.hpp"
#include "sys/runtime_dir.hpp"

namespace foster::supervisor {

class Upgrade {
 public:
  struct Tools {
    Loop& loop;
    Exits& exits;
    sys::Channel& channel;
    sys::Directories directories;
    std::string name;             ///< Of this foster.
    std::function<void()> leave;  ///< Ends this supervisor, once the answer is on its way.
  };

  explicit Upgrade(Tools tools);

  /// Tries the program and, if it is good, makes the reaper go on as it. One at a time.
  void begin(const std::string& program, api::Done<api::Upgraded> done);

 private:
  [[nodiscard]] Result<> start_trial(const std::string& program);
  void read();
  void decide();
  void finish(api::Answer<api::Upgraded> answer);
  [[nodiscard]] Result<> hand_over();

  Tools tools_;
  Timer deadline_;
  std::string program_;
  api::Done<api::Upgraded> done_;  ///< Empty: none is under way.
  UniqueFd file_;                  ///< The program, as it was tried.
  UniqueFd verdict_;
  std::optional<Watch> watch_;
  std::optional<sys::ProcessHandle> trial_;
  std::string text_;
};

}  // namespace foster::supervisor
