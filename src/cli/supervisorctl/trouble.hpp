// Why a question to a supervisord has no good answer.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "compat/faults.hpp"

namespace foster::cli::supervisorctl {

struct Trouble {
  enum class Kind : std::uint8_t {
    fault,         ///< It refused; `code` is the fault's.
    http_status,   ///< Something else than 200.
    connection,    ///< `code` is an errno value.
    name,          ///< The host's name could not be resolved; `code` is of getaddrinfo(3).
    document,      ///< What came back is no XML-RPC.
    value,         ///< What came back, or the URL, makes no sense.
    end_of_input,  ///< A person was asked, and there is none.
    interrupted,   ///< Ctrl-C: nobody waits for the answer any more.
  };
  Kind kind;
  std::int64_t code = 0;
  std::string text = {};

  [[nodiscard]] bool is(compat::FaultCode fault) const {
    return kind == Kind::fault && code == static_cast<std::int64_t>(fault);
  }
  /// Of the connection.
  [[nodiscard]] bool is_errno(int number) const { return kind == Kind::connection && code == number; }
};

template <class Value = void>
using Answer = std::expected<Value, Trouble>;

/// As supervisorctl shows what it was not prepared for: "<class 'ConnectionRefusedError'>, [Errno 111] …".
[[nodiscard]] std::string description_of(const Trouble& trouble);
/// Of a fault alone: "<Fault 10: 'BAD_NAME: x'>".
[[nodiscard]] std::string fault_text(const Trouble& trouble);

}  // namespace foster::cli::supervisorctl
