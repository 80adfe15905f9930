// Signals by name and number. Looking for masks and signalfd? sys/signals.hpp
#pragma once

#include <array>
#include <charconv>
#include <compare>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>

namespace foster {

/// A signal number that exists on this system: 1 to `SIGRTMAX`. There is no "no signal".
class Signal {
 public:
  /// Empty for a number that is no signal. 0, which only probes, is none (kill(2)).
  [[nodiscard]] static constexpr std::optional<Signal> from_number(int number) noexcept {
    if (number < 1 || number > kLast) return std::nullopt;
    return Signal(number);
  }

  /// Takes "TERM", "SIGTERM", "term", "15", "RTMIN+3" and "RTMAX-1" (signal(7)).
  [[nodiscard]] static std::optional<Signal> from_name(std::string_view name);

  [[nodiscard]] constexpr int number() const noexcept { return number_; }

  /// Without the "SIG": "TERM", "RTMIN+3".
  [[nodiscard]] std::string name() const;

  friend constexpr auto operator<=>(const Signal&, const Signal&) = default;

 private:
  explicit constexpr Signal(int number) noexcept : number_(number) {}

  // The kernel's highest number (_NSIG); SIGRTMAX is a function call in glibc.
  static constexpr int kLast = 64;

  struct Named {
    std::string_view name;
    int number;
  };
  // Aliases come after the name to print.
  static constexpr std::array kNames{
      Named{"HUP", SIGHUP},   Named{"INT", SIGINT},       Named{"QUIT", SIGQUIT}, Named{"ILL", SIGILL},
      Named{"TRAP", SIGTRAP}, Named{"ABRT", SIGABRT},     Named{"BUS", SIGBUS},   Named{"FPE", SIGFPE},
      Named{"KILL", SIGKILL}, Named{"USR1", SIGUSR1},     Named{"SEGV", SIGSEGV}, Named{"USR2", SIGUSR2},
      Named{"PIPE", SIGPIPE}, Named{"ALRM", SIGALRM},     Named{"TERM", SIGTERM}, Named{"STKFLT", SIGSTKFLT},
      Named{"CHLD", SIGCHLD}, Named{"CONT", SIGCONT},     Named{"STOP", SIGSTOP}, Named{"TSTP", SIGTSTP},
      Named{"TTIN", SIGTTIN}, Named{"TTOU", SIGTTOU},     Named{"URG", SIGURG},   Named{"XCPU", SIGXCPU},
      Named{"XFSZ", SIGXFSZ}, Named{"VTALRM", SIGVTALRM}, Named{"PROF", SIGPROF}, Named{"WINCH", SIGWINCH},
      Named{"IO", SIGIO},     Named{"PWR", SIGPWR},       Named{"SYS", SIGSYS},   Named{"IOT", SIGABRT},
      Named{"POLL", SIGIO},   Named{"CLD", SIGCHLD},
  };

  int number_;
};

inline std::optional<Signal> Signal::from_name(std::string_view name) {
  std::string upper;
  for (char c : name) upper += (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  std::string_view rest = upper;
  if (rest.starts_with("SIG")) rest.remove_prefix(3);
  const auto whole_number = [](std::string_view digits) -> std::optional<int> {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  for (const Named& named : kNames) {
    if (named.name == rest) return Signal(named.number);
  }
  const auto real_time = [&](std::string_view prefix, int base, int direction) -> std::optional<Signal> {
    if (!rest.starts_with(prefix)) return std::nullopt;
    std::string_view offset = rest.substr(prefix.size());
    if (offset.empty()) return Signal(base);
    if (offset.front() != (direction > 0 ? '+' : '-')) return std::nullopt;
    offset.remove_prefix(1);
    const auto value = whole_number(offset);
    if (!value || *value < 0 || *value > SIGRTMAX - SIGRTMIN) return std::nullopt;
    return Signal(base + direction * *value);
  };
  if (const auto found = real_time("RTMIN", SIGRTMIN, 1)) return found;
  if (const auto found = real_time("RTMAX", SIGRTMAX, -1)) return found;
  if (const auto number = whole_number(rest); number && rest.size() == name.size()) return from_number(*number);
  return std::nullopt;
}

inline std::string Signal::name() const {
  for (const Named& named : kNames) {
    if (named.number == number_) return std::string(named.name);
  }
  if (number_ == SIGRTMIN) return "RTMIN";
  if (number_ > SIGRTMIN && number_ <= SIGRTMAX) return "RTMIN+" + std::to_string(number_ - SIGRTMIN);
  return std::to_string(number_);
}

}  // namespace foster
