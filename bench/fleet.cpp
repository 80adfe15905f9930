#include "fleet.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

namespace foster::bench {

Fleet::Fleet(std::size_t count, std::string extra_keys) : count_(count), pids_(count) {
  std::string path = "/dev/shm/foster-bench-dir-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp " + path);
  directory_ = path;
  variables_ = {"FOSTER_RUNTIME_DIR=" + directory_ + "/run", "FOSTER_STATE_DIR=" + directory_ + "/state",
                "FOSTER_LOG_DIR=" + directory_ + "/log", "FOSTER_NAME=bench", "NO_COLOR=1"};
  std::ofstream file(directory_ + "/foster.toml");
  file << "name = \"bench\"\n";
  for (std::size_t n = 0; n < count; ++n) {
    file << fmt::format(
        "[service.s{0:04}]\ncommand = [\"{1}\", \"{2}\", \"{0}\"]\nrestart = \"always\"\nlimit = \"none\"\n"
        "backoff = {{ initial = \"0ms\", max = \"0ms\" }}\nlog = \"none\"\nstart-seconds = \"0ms\"\n{3}\n",
        n, BENCH_SERVICE, report_.path(), extra_keys);
  }
}

Fleet::~Fleet() {
  down();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

double Fleet::up() {
  const std::int64_t start = now();
  const Outcome outcome = command({"up", "-d", directory_ + "/foster.toml"});
  const auto records = report_.take(count_, 60'000);
  if (outcome.code != 0 || records.size() != count_) {
    fmt::print(stderr, "foster up: exit code {}, {} of {} services came\n{}\n", outcome.code, records.size(), count_,
               outcome.out);
    return -1;
  }
  std::int64_t last = start;
  for (const Record& record : records) {
    last = std::max(last, record.nanoseconds);
    pids_[static_cast<std::size_t>(record.id)] = record.pid;
  }
  return static_cast<double>(last - start) / 1e6;
}

Outcome Fleet::command(const std::vector<std::string>& words) const {
  std::vector<std::string> argv{FOSTER_BINARY};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv, variables_);
}

std::vector<pid_t> Fleet::own_pids() const {
  const boost::json::value info = boost::json::parse(command({"info", "--json"}).out);
  return {static_cast<pid_t>(info.at("reaper").as_int64()), static_cast<pid_t>(info.at("supervisor").as_int64())};
}

void Fleet::down() {
  if (!directory_.empty()) (void)command({"down"});
}

}  // namespace foster::bench
