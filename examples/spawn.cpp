// Runs a filter: feeds it, reads what it says, and tells how it ended and what it used.
//
//   spawn sort -r                   sorts three words backwards
//   spawn /no/such/program          "find program /no/such/program: No such file or directory"
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <foster/spawn.hpp>

namespace {

std::string read_all(const foster::UniqueFd& fd) {
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = ::read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(size));
  return text;
}

foster::SpawnPlan filter(std::vector<std::string> words) {
  foster::SpawnPlan plan = foster::command(std::move(words));
  plan.fds = {{0, foster::PipeFd{}}, {1, foster::PipeFd{}}, {2, foster::SameFd{1}}};
  plan.environment.changes = {{"LC_ALL", "C"}, {"LANGUAGE", std::nullopt}};
  plan.limits = {{RLIMIT_CORE, 0, 0}};
  plan.tie_to_parent = foster::TieToParent::process;  // it dies with us, however we die
  return plan;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: spawn PROGRAM [ARGUMENT…]\n");
    return 2;
  }
  auto child = foster::spawn(filter({argv + 1, argv + argc}));
  if (!child) {
    std::fprintf(stderr, "%s\n", foster::to_string(child.error()).c_str());
    return 127;
  }
  {
    const foster::UniqueFd input = child->take_input();
    constexpr std::string_view kWords = "alder\nbirch\ncedar\n";
    (void)!::write(input.get(), kWords.data(), kWords.size());
  }  // closed: the end of its input
  const std::string output = read_all(child->take_output());

  using namespace std::chrono_literals;
  if (!child->wait_for(10s)) std::fprintf(stderr, "still there after its output has ended\n");
  const auto ended = child->stop({.patience = 2s});  // nothing to do for one that has ended
  if (!ended) {
    std::fprintf(stderr, "%s\n", foster::to_string(ended.error()).c_str());
    return 1;
  }
  std::printf("%s%s, %lld us of CPU\n", output.c_str(), foster::to_string(ended->status).c_str(),
              static_cast<long long>((ended->use.user_time + ended->use.system_time).count()));
  return foster::as_exit_code(ended->status);
}
