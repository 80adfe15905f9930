// A fuzzer without libFuzzer, for every run of the tests: the seeds of a corpus, whole and damaged, in an order that
// follows from a number. It finds what is near; tests/fuzz with clang finds what is far.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::string;

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : dice_(seed) {}

  Bytes operator()(const std::vector<Bytes>& seeds) {
    Bytes bytes = seeds[below(seeds.size())];
    for (std::size_t times = below(4); times > 0; --times) once(bytes, seeds);
    return bytes;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : dice_() % limit; }

  void once(Bytes& bytes, const std::vector<Bytes>& seeds) {
    const std::size_t at = below(bytes.size() + 1);
    switch (below(5)) {
      case 0:  // another byte
        if (at < bytes.size()) bytes[at] = static_cast<char>(dice_());
        break;
      case 1:  // one more
        bytes.insert(at, 1, static_cast<char>(dice_()));
        break;
      case 2:  // some less
        bytes.erase(at, below(16));
        break;
      case 3:  // a piece of itself again
        bytes.insert(at, bytes.substr(below(bytes.size() + 1), below(64)));
        break;
      default: {  // a piece of another
        const Bytes& other = seeds[below(seeds.size())];
        bytes.insert(at, other.substr(below(other.size() + 1), below(64)));
      }
    }
  }

  std::mt19937_64 dice_;
};

Bytes contents_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const Bytes* at_hand = nullptr;

// What the target gave up on, so that it can be a seed.
void tell_input(int) {
  if (at_hand == nullptr) return;
  constexpr char kPath[] = "brief-input";
  const int fd = ::open(kPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  (void)!::write(fd, at_hand->data(), at_hand->size());
  (void)!::write(STDERR_FILENO, "the input is in brief-input\n", 28);
}

}  // namespace

// brief CORPUS ROUNDS [SEED]
int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> seeds{""};
  for (const auto& path : paths) seeds.push_back(contents_of(path));
  const long rounds = std::atol(argv[2]);
  std::signal(SIGABRT, tell_input);
  const auto run = [](const Bytes& bytes) {
    at_hand = &bytes;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  for (const Bytes& seed : seeds) run(seed);
  Damage damage(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
  for (long round = 0; round < rounds; ++round) run(damage(seeds));
  std::printf("%zu seeds, %ld damaged\n", seeds.size() - 1, rounds);
  return 0;
}
