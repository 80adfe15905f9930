// The sockets a master holds for its workers: one an address for all, or one an address and task.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <foster/listen.hpp>
#include <foster/result.hpp>

namespace foster {

class PoolListeners {
 public:
  /// Opens those of all tasks below `tasks`.
  /// @errors As `listen_on`.
  [[nodiscard]] static Result<PoolListeners> open(const std::vector<std::string>& addresses,
                                                  const ListenOptions& options, unsigned tasks);

  /// The descriptors for one task, in the order of the addresses. Opens what is missing: a port that was left to the
  /// kernel is the one it chose for the first task.
  /// @errors As `listen_on`.
  [[nodiscard]] Result<std::vector<int>> of(unsigned task);

  /// Closes what only tasks from `first` on need; the kernel would go on to send them connections.
  void close_from(unsigned first);

  /// In a worker: closes what is for other tasks.
  void keep_only(unsigned task);

  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  explicit PoolListeners(const ListenOptions& options) : options_(options) {}

  /// One address: its socket, or its sockets by task.
  using Group = std::map<unsigned, ListeningSocket>;
  [[nodiscard]] static bool is_shared(const Group& group, const ListenOptions& options);

  ListenOptions options_;
  std::vector<Group> groups_;
};

}  // namespace foster
