// What /proc says, chosen by the first byte: a process names itself as it likes, and may vanish in the middle of a
// read. Nothing crashes, and the name a process gives itself never changes another field.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "sys/cgroup.hpp"
#include "sys/proc_details.hpp"
#include "sys/procfs.hpp"

namespace {

using namespace foster::sys;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_stat(std::string_view text) {
  const auto stat = parse_stat(text);
  if (!stat) return;
  require(stat->pid > 0 && std::memchr(stat->comm, 0, sizeof stat->comm) != nullptr);
}

// Any name within a good line: what follows is read as if it were called "x".
void check_name(std::string_view name) {
  const std::string rest = ") S 1 2 3 34816 4 4194560 1 2 3 4 55 66 7 8 20 0 9 0 123456789 1000000 250 1 1\n";
  const auto plain = parse_stat("42 (x" + rest);
  const auto named = parse_stat("42 (" + std::string(name) + rest);
  require(named && named->ppid == plain->ppid && named->session == plain->session && named->state == plain->state &&
          named->tpgid == plain->tpgid && named->starttime == plain->starttime && named->rss == plain->rss);
}

void check_cmdline(std::string_view text) {
  std::string joined;
  for (const std::string& word : parse_cmdline(text)) {
    require(word.find('\0') == std::string::npos);
    joined += word;
    joined += '\0';
  }
  if (!text.empty() && text.back() != '\0') joined.pop_back();
  require(joined == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 's':
      check_stat(text);
      break;
    case 'n':
      check_name(text);
      break;
    case 'a':
      check_cmdline(text);
      break;
    case 'u':
      (void)parse_status(text);
      break;
    case 'l':
      (void)parse_limits(text);
      break;
    case 't':
      for (const char* protocol : {"tcp", "unix"}) {
        for (const SocketLine& socket : parse_sockets(protocol, text)) require(socket.text.starts_with(protocol));
      }
      break;
    default:
      if (const auto path = parse_cgroup(text)) require(path->starts_with('/'));
      (void)parse_cgroup_mount(text);
  }
  return 0;
}
