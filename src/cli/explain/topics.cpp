#include "cli/explain/topics.hpp"

namespace foster::cli {

std::vector<Topic> topics() {
  std::vector<Topic> all;
  for (const auto& some : {topics_of_lives(), topics_of_terminals(), topics_of_daemons()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace foster::cli
