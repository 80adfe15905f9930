// The services of a campaign, and the config that declares them.
#pragma once

#include <string>
#include <vector>

#include "sandbox.hpp"

namespace foster::chaos {

/// What a campaign may do to a service, and what is therefore to be seen at its end.
enum class Role : std::uint8_t {
  steady,  ///< Nobody touches it: it has one run, with one pid.
  target,  ///< Killed, stopped, started, restarted, changed.
  brief,   ///< Ends by itself again and again.
};

struct Service {
  std::string name;
  Role role = Role::steady;
  bool speaks = true;       ///< Runs actors/speaker.
  std::string definition;   ///< The lines of its table.
  unsigned generation = 0;  ///< Raised to change the definition.
};

class Fleet {
 public:
  explicit Fleet(const Sandbox& sandbox) : sandbox_(sandbox) {}

  /// Some of every kind. @param speaker The path of actors/speaker.
  void add_speakers(const std::string& speaker);
  /// One that may be touched, with a socket of its own as its stdin.
  void add_target(const std::string& name, const std::string& speaker);
  /// redis-server and nginx, in both of its ways, where they are installed.
  void add_real_servers();
  /// So many more that sleep.
  void add_sleepers(unsigned count);

  /// Writes foster.toml anew, in one step.
  void write_config() const;

  [[nodiscard]] const std::vector<Service>& services() const { return services_; }
  [[nodiscard]] std::vector<Service*> with_role(Role role);
  /// Names of those that keep a witness.
  [[nodiscard]] std::vector<std::string> speakers() const;
  [[nodiscard]] std::vector<unsigned> http_ports() const { return http_ports_; }
  [[nodiscard]] const std::string& redis_socket() const { return redis_socket_; }
  /// Whether somebody has the target's socket open, as the kernel tells.
  [[nodiscard]] bool target_listens() const;

 private:
  void add_speaker(const std::string& name, Role role, const std::string& arguments, const std::string& keys);
  void add_nginx(const std::string& name, bool is_daemon);

  const Sandbox& sandbox_;
  std::string speaker_;
  std::vector<Service> services_;
  std::vector<unsigned> http_ports_;
  std::string redis_socket_;
  unsigned target_port_ = 0;
};

/// What nginx answers with.
[[nodiscard]] std::string http_body();

}  // namespace foster::chaos
