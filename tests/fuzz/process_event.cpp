// Datagrams of the proc connector, good and bad: whatever comes, an event names a process and a thread, and what is cut
// short says nothing that is not there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <variant>

#include "sys/process_event.hpp"

namespace {

using namespace foster::sys;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const ProcessNews& news) {
  for (const ProcessEvent& event : news.events) {
    require(event.process > 0 && event.thread > 0);
    if (const auto* fork = std::get_if<Forked>(&event.what)) require(fork->parent > 0);
    if (const auto* renamed = std::get_if<Renamed>(&event.what)) require(renamed->name.size() <= 16);
    if (const auto* ended = std::get_if<Ended>(&event.what)) (void)to_string(ended->status);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const ProcessNews whole = parse_process_news(bytes);
  check(whole);
  // A datagram that lacks its end has lost messages, and gained none.
  for (const std::size_t cut : {size / 2, size - size / 4, size > 0 ? size - 1 : 0}) {
    const ProcessNews some = parse_process_news(bytes.first(cut));
    check(some);
    require(some.events.size() <= whole.events.size() && some.answers.size() <= whole.answers.size());
  }
  return 0;
}
