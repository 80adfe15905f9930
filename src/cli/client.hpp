// Foster's API from outside: questions to the instance whose runtime directory this is.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <foster/result.hpp>

#include "cli/exchange.hpp"
#include "sys/runtime_dir.hpp"

namespace foster::cli {

struct Reply {
  unsigned status = 0;
  std::string body;
  [[nodiscard]] bool is_ok() const { return status == 200; }
};

/// Whether a question that got no answer may be asked again.
enum class Repeat : std::uint8_t {
  freely,  ///< Asking twice is asking once.
  never,
};

/// Whether to wait for a supervisor that is being replaced.
enum class Patience : std::uint8_t {
  some,
  none,  ///< Who has other things to do asks again later.
};

class Client {
 public:
  explicit Client(sys::Directories directories, Patience patience = Patience::some)
      : directories_(std::move(directories)), patience_(patience) {}

  /// Connects and asks. While the instance's supervisor is being replaced, waits for the new one.
  /// @errors `ENOENT` or `ECONNREFUSED`: no such instance runs, or, without patience, none answers now.
  /// @blocks A few seconds at most; not without patience.
  [[nodiscard]] Result<Exchange> begin(const Question& question) const;

  /// Asks and waits for the whole answer. When the supervisor is lost meanwhile, a question that may be
  /// repeated is asked again.
  /// @errors As `begin`; `ECONNRESET` the answer was lost; `EHOSTDOWN` there is a foster, and no supervisor that lives
  ///         long enough to answer.
  [[nodiscard]] Result<Reply> ask(const Question& question, Repeat repeat = Repeat::never) const;
  [[nodiscard]] Result<Reply> get(std::string target) const;

  /// Somebody holds the instance's lock, or just did.
  [[nodiscard]] bool may_be_alive() const;

  [[nodiscard]] const sys::Directories& directories() const { return directories_; }

 private:
  [[nodiscard]] Result<UniqueFd> connect() const;
  [[nodiscard]] Result<Exchange::State> wait_for_answer(Exchange& exchange, const Exchange::Sink& sink) const;

  sys::Directories directories_;
  Patience patience_;
};

}  // namespace foster::cli
