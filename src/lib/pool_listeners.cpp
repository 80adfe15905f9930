#include "lib/pool_listeners.hpp"

#include <utility>

namespace foster {

bool PoolListeners::is_shared(const Group& group, const ListenOptions& options) {
  // A unix socket has a slash in its address, and no port to share.
  return options.sharing == PortSharing::exclusive || group.begin()->second.address().contains('/');
}

Result<PoolListeners> PoolListeners::open(const std::vector<std::string>& addresses, const ListenOptions& options,
                                          unsigned tasks) {
  PoolListeners listeners(options);
  for (const std::string& address : addresses) {
    auto socket = listen_on(address, options);
    if (!socket) return Failure(socket.error());
    Group& group = listeners.groups_.emplace_back();
    group.emplace(0, std::move(*socket));
  }
  for (unsigned task = 0; task < tasks; ++task) {
    if (auto opened = listeners.of(task); !opened) return Failure(opened.error());
  }
  return listeners;
}

Result<std::vector<int>> PoolListeners::of(unsigned task) {
  std::vector<int> descriptors;
  for (Group& group : groups_) {
    const unsigned place = is_shared(group, options_) ? 0 : task;
    auto found = group.find(place);
    if (found == group.end()) {
      auto socket = listen_on(group.begin()->second.address(), options_);
      if (!socket) return Failure(socket.error());
      found = group.emplace(place, std::move(*socket)).first;
    }
    descriptors.push_back(found->second.fd().get());
  }
  return descriptors;
}

void PoolListeners::close_from(unsigned first) {
  for (Group& group : groups_) std::erase_if(group, [&](const auto& entry) { return entry.first >= first; });
}

void PoolListeners::keep_only(unsigned task) {
  for (Group& group : groups_) {
    const unsigned place = is_shared(group, options_) ? 0 : task;
    std::erase_if(group, [&](const auto& entry) { return entry.first != place; });
  }
}

std::vector<std::string> PoolListeners::addresses() const {
  std::vector<std::string> all;
  for (const Group& group : groups_) all.push_back(group.begin()->second.address());
  return all;
}

}  // namespace foster
