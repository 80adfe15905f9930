// What is this process? Tells for each pid what it is and why, or counts the kinds of all.
//
//   process_table $$                "4711 foreground bash: its group 4711 is in the foreground of pts/3"
//   process_table                   "daemon 12", "zombie 1", …
#include <charconv>
#include <cstdio>
#include <map>
#include <string_view>

#include <foster/process_table.hpp>

namespace {

int explain(const foster::ProcessTable& table, std::string_view text) {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_pid = error == std::errc{} && end == text.data() + text.size() && number > 0;
  const foster::Process* process = is_pid ? table.find(foster::Pid(number)) : nullptr;
  if (process == nullptr) {
    std::fprintf(stderr, "%.*s: no such process\n", static_cast<int>(text.size()), text.data());
    return 1;
  }
  const auto found = foster::classify(*process, table);
  std::printf("%d %s %s: %s\n", number, foster::to_string(found.kind).data(), process->name.c_str(),
              found.reason.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto table = foster::read_process_table();
  if (!table) {
    std::fprintf(stderr, "%s\n", foster::to_string(table.error()).c_str());
    return 1;
  }
  int code = 0;
  for (int i = 1; i < argc; ++i) code |= explain(*table, argv[i]);
  if (argc > 1) return code;

  std::map<foster::ProcessKind, int> counts;
  for (const foster::Process& process : table->processes()) ++counts[foster::classify(process, *table).kind];
  for (const auto& [kind, count] : counts) std::printf("%s %d\n", foster::to_string(kind).data(), count);
  return 0;
}
