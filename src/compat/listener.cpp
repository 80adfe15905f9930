#include "compat/listener.hpp"

#include <algorithm>

#include "config/supervisord/values.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kReady = "READY\n";
constexpr std::string_view kResult = "RESULT ";
constexpr std::string_view kOk = "OK";
// A line that announces a result has a number behind seven letters; whoever writes this much without a line's end does
// not speak the protocol.
constexpr std::size_t kLongestLine = 4096;

}  // namespace

std::string_view name_of(ListenerState state) {
  switch (state) {
    case ListenerState::ready:
      return "READY";
    case ListenerState::busy:
      return "BUSY";
    case ListenerState::acknowledged:
      return "ACKNOWLEDGED";
    case ListenerState::unknown:
      break;
  }
  return "UNKNOWN";
}

Listener::Said Listener::hear(std::string_view output) {
  Said said;
  it_.unread += output;
  while (take_some(said)) {
  }
  return said;
}

void Listener::send() {
  it_.state = ListenerState::busy;
}

bool Listener::take_some(Said& said) {
  switch (it_.state) {
    case ListenerState::acknowledged:
      return take_ready(said);
    case ListenerState::ready:
      if (it_.unread.empty()) return false;
      if (is_repetition()) {
        if (it_.unread.size() < kResult.size()) return false;
        it_.may_repeat_itself = false;
        it_.state = ListenerState::busy;
        return true;
      }
      enter(ListenerState::unknown, said);
      return true;
    case ListenerState::busy:
      return it_.missing ? take_result(said) : take_result_line(said);
    case ListenerState::unknown:
      it_.unread.clear();
      return false;
  }
  return false;
}

bool Listener::take_ready(Said& said) {
  if (it_.unread.size() < kReady.size()) return false;
  const bool is_ready = it_.unread.starts_with(kReady);
  if (is_ready) it_.unread.erase(0, kReady.size());
  enter(is_ready ? ListenerState::ready : ListenerState::unknown, said);
  return true;
}

bool Listener::take_result_line(Said& said) {
  const std::size_t end = it_.unread.find('\n');
  if (end == std::string::npos && it_.unread.size() < kLongestLine) return false;
  const std::string line = it_.unread.substr(0, std::min(end, kLongestLine));
  const auto length =
      config::supervisord::parse_integer(std::string_view(line).substr(std::min(kResult.size(), line.size())));
  if (end == std::string::npos || !length || *length < 0) {
    said.answer = EventAnswer::bad_result;
    said.bad_line = line;
    enter(ListenerState::unknown, said);
    return true;
  }
  it_.unread.erase(0, end + 1);
  it_.missing = static_cast<std::uint64_t>(*length);
  it_.result.clear();
  return true;
}

bool Listener::take_result(Said& said) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(*it_.missing, it_.unread.size()));
  // Enough to see that it is something else.
  for (std::size_t n = 0; n < taken && it_.result.size() <= kOk.size(); ++n) it_.result += it_.unread[n];
  it_.unread.erase(0, taken);
  *it_.missing -= taken;
  if (*it_.missing > 0) return false;
  said.answer = it_.result == kOk ? EventAnswer::processed : EventAnswer::rejected;
  it_.missing.reset();
  it_.result.clear();
  enter(ListenerState::acknowledged, said);
  return true;
}

bool Listener::is_repetition() const {
  return it_.may_repeat_itself && (it_.unread.starts_with(kResult) || kResult.starts_with(it_.unread));
}

void Listener::enter(ListenerState state, Said& said) {
  said.changes.emplace_back(it_.state, state);
  it_.state = state;
  if (state == ListenerState::unknown) it_ = {.state = state};
}

}  // namespace foster::compat
