#include "reaper/outbox.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <span>

#include "sys/check.hpp"

namespace foster::reaper {
namespace {

std::int64_t microseconds(const timeval& time) noexcept {
  constexpr std::int64_t kPerSecond = 1'000'000;
  return time.tv_sec * kPerSecond + time.tv_usec;
}

/// As wait(2) would have given it.
int wait_status_of(const siginfo_t& info) noexcept {
  constexpr int kCoreFlag = 0x80;
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? kCoreFlag : 0);
}

}  // namespace

template <class Body>
bool Outbox::try_to_send(const Body& body) noexcept {
  if (full_) return false;
  // Whatever fails is tried again when there is room: both ends are ours, so there is no other reason.
  full_ = !channel_.send(bytes_of(body));
  return !full_;
}

void Outbox::add(const signalfd_siginfo& info) noexcept {
  if (info.ssi_signo >= signals_.size()) return;
  Signalled signalled{};
  signalled.header = {kWireVersion, MessageKind::signalled};
  signalled.signal = static_cast<std::int32_t>(info.ssi_signo);
  signalled.sender_pid = static_cast<std::int32_t>(info.ssi_pid);
  signalled.sender_uid = info.ssi_uid;
  signals_[info.ssi_signo] = signalled;
  signals_wait_ = true;
}

void Outbox::send_signals() noexcept {
  if (!signals_wait_) return;
  for (std::optional<Signalled>& signalled : signals_) {
    if (!signalled) continue;
    if (!try_to_send(*signalled)) return;
    signalled.reset();
  }
  signals_wait_ = false;
}

void Outbox::send_ping() noexcept {
  (void)try_to_send(Plain{.header = {kWireVersion, MessageKind::ping}});
}

std::size_t Outbox::untaken() const noexcept {
  int bytes = 0;
  return ::ioctl(channel_.fd().get(), SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

bool Outbox::send(const sys::ExitReport& exit) noexcept {
  Exited exited{};
  exited.header = {kWireVersion, MessageKind::exited};
  exited.sequence = sequence_ + 1;
  exited.pid = exit.pid;
  exited.wait_status = exit.wait_status;
  exited.user_microseconds = microseconds(exit.usage.ru_utime);
  exited.system_microseconds = microseconds(exit.usage.ru_stime);
  exited.max_resident_kilobytes = exit.usage.ru_maxrss;
  if (!try_to_send(exited)) return false;
  ++sequence_;
  return true;
}

std::optional<sys::ExitReport> peek_report() noexcept {
  siginfo_t info{};  // si_pid stays 0 when no child has ended
  sys::ExitReport report{};
  // glibc's waitid has no place for the usage; the kernel's has.
  constexpr int kOptions = WEXITED | WNOHANG | WNOWAIT | __WALL;
  const long done =
      sys::retry_on_eintr([&] { return ::syscall(SYS_waitid, P_ALL, 0, &info, kOptions, &report.usage); });
  if (done != 0 || info.si_pid == 0) return std::nullopt;
  report.pid = info.si_pid;
  report.wait_status = wait_status_of(info);
  return report;
}

}  // namespace foster::reaper
