// The system's log: one datagram a line, as syslog(3) sends it, but without ever waiting for who reads it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <foster/fd.hpp>

namespace foster::sys {

inline constexpr const char* kSystemLog = "/dev/log";

class SystemLog {
 public:
  /// Lines of one are as long as this at most; the rest is cut.
  static constexpr std::size_t kLongestLine = 8 * 1024;

  /// `ident` is who speaks. Connects when there is something to say.
  explicit SystemLog(std::string ident, std::string path = kSystemLog)
      : ident_(std::move(ident)), path_(std::move(path)) {}

  /// Sends one line with facility user and priority info. Whoever does not listen, or not now, misses it.
  void send(std::string_view line);

 private:
  [[nodiscard]] bool connect();

  std::string ident_;
  std::string path_;
  UniqueFd socket_;
};

}  // namespace foster::sys
