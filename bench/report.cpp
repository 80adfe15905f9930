#include "report.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace foster::bench {

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Report::Report() : path_("/dev/shm/foster-bench-XXXXXX") {
  fd_.reset(::mkostemp(path_.data(), O_CLOEXEC));
  if (!fd_) throw std::runtime_error("mkostemp " + path_);
}

Report::~Report() {
  ::unlink(path_.c_str());
}

std::vector<Record> Report::take(std::size_t count, std::int64_t patience_milliseconds) {
  const std::int64_t deadline = now() + patience_milliseconds * 1'000'000;
  std::vector<Record> records;
  while (records.size() < count && now() < deadline) {
    Record record{};
    if (::read(fd_.get(), &record, sizeof record) == sizeof record) {
      records.push_back(record);
    } else {
      timespec gap{0, 300'000};
      ::nanosleep(&gap, nullptr);
    }
  }
  return records;
}

Distribution distribution(std::vector<double> sample) {
  if (sample.empty()) return {};
  std::ranges::sort(sample);
  const auto at = [&](double share) {
    return sample[std::min(sample.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sample.size())))];
  };
  return {.p50 = at(0.5), .p99 = at(0.99), .min = sample.front(), .count = sample.size()};
}

}  // namespace foster::bench
