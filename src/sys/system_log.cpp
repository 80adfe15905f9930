#include "sys/system_log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace foster::sys {
namespace {

constexpr int kUserInfo = (1 << 3) | 6;

std::string timestamp() {
  const std::time_t now = std::chrono::system_clock::to_time_t(wall_now());
  std::tm parts{};
  std::array<char, 32> text{};
  (void)::localtime_r(&now, &parts);
  // Never in another language: programs read it.
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto size = std::strftime(text.data(), text.size(), "%e %H:%M:%S", &parts);
  return std::string(kMonths[static_cast<std::size_t>(parts.tm_mon) % 12]) + " " + std::string(text.data(), size);
}

}  // namespace

bool SystemLog::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size() + 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return false;
  socket_ = std::move(socket);
  return true;
}

void SystemLog::send(std::string_view line) {
  const std::string message = "<" + std::to_string(kUserInfo) + ">" + timestamp() + " " + ident_ + ": " +
                              std::string(line.substr(0, kLongestLine));
  for (int tries = 0; tries < 2; ++tries) {
    if (!socket_ && !connect()) return;
    const auto sent =
        retry_on_eintr([&] { return ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL); });
    if (sent >= 0 || errno == EAGAIN || errno == ENOBUFS) return;
    socket_.reset();  // it was restarted
  }
}

}  // namespace foster::sys
