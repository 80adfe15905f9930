// Builds and owns every part of the supervisor, and runs the loop: a list of parts and how they are
// joined. Nothing is decided here, and nothing is done.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "sys/runtime_dir.hpp"

namespace foster::supervisor {

/// What the reaper starts a supervisor with.
struct Options {
  std::string name;
  sys::Directories directories;
  std::string config;            ///< Applied when nothing is applied yet; empty: wait to be asked.
  std::string supervisord;       ///< In the place of a supervisord: how it was started, as JSON; otherwise empty.
  UniqueFd channel;              ///< To the reaper.
  UniqueFd lock;                 ///< The instance's, held while we live.
  UniqueFd listener;             ///< An earlier supervisor's control socket, if there is one.
  UniqueFd kept;                 ///< The list of what the reaper holds, and we have inherited; if there is one.
  std::string ident = "foster";  ///< Who speaks in the system's log.
};

/// How the supervisor ended.
struct Ending {
  enum class Kind : std::uint8_t {
    finished,     ///< Everything is down; the reaper was told the code.
    reaper_lost,  ///< Somebody must be the parent again.
    upgraded,     ///< The next supervisor is of another build; it goes on with everything.
  };
  Kind kind = Kind::finished;
  int exit_code = 0;
};

class Supervisor {
 public:
  /// Takes up what an earlier supervisor left, and listens. @errors What is missing to begin at all.
  [[nodiscard]] static Result<std::unique_ptr<Supervisor>> create(Options options);
  ~Supervisor();

  /// Tells the reaper that it is up, applies the first config, and runs to the end.
  [[nodiscard]] Ending run();

  /// After `reaper_lost`: what the next reaper must hold from its first instruction on. Then execute it without
  /// destroying anything. @errors What is held is lost with the exec; outputs are read up to now.
  [[nodiscard]] Result<UniqueFd> bequeath();

 private:
  struct Parts;
  explicit Supervisor(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace foster::supervisor
