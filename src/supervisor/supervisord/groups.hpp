// Which groups there could be, and which there are: the configuration as it was read last, and the groups that were
// added, each as it was then. Stored before anything comes of it, so that whoever follows goes on.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compat/daemon.hpp"
#include "config/supervisord/kept.hpp"
#include "core/model.hpp"
#include "supervisor/definitions.hpp"
#include "supervisor/supervisord/auto_logs.hpp"
#include "supervisor/supervisord/available.hpp"

namespace foster::supervisor::supervisord {

using config::supervisord::Config;
using config::supervisord::Group;
using config::supervisord::Process;
using config::supervisord::SharedGroup;
using config::supervisord::Stage;

class Groups {
 public:
  /// What came of a call, or why nothing did, for people.
  template <class Value = void>
  using Done = std::expected<Value, std::string>;

  /// @param directory The runtime directory, where it is all stored.
  Groups(std::string directory, config::supervisord::Start start);

  /// What an earlier one has stored. @return False: there is nothing.
  [[nodiscard]] Done<bool> recall();
  /// Nothing was stored that could be recalled.
  void forget_stored() const;

  /// Stores all of it once more.
  [[nodiscard]] Result<> keep() const;

  /// What people are to know of a configuration that was read.
  struct Told {
    std::vector<std::string> included;  ///< Files.
    std::vector<std::string> warnings;  ///< Of what is otherwise here, or most likely a slip.
  };
  /// Reads the configuration; what was available before goes, and nothing else happens. On errors it stays.
  [[nodiscard]] Done<Told> read();

  [[nodiscard]] const Config& config() const { return kept_.config; }
  [[nodiscard]] const std::vector<SharedGroup>& active() const { return kept_.active; }
  [[nodiscard]] Stage stage() const { return kept_.stage; }
  [[nodiscard]] bool is_active(std::string_view group) const { return find_active(group) != nullptr; }
  /// Null: none of that name.
  [[nodiscard]] SharedGroup find_active(std::string_view group) const;
  [[nodiscard]] SharedGroup find_available(std::string_view group) const;
  /// Whether it became active after the configuration was read: then its AUTO logs have names that clients are told.
  [[nodiscard]] bool is_as_read(std::string_view group) const;
  /// Of an active group, by the name of its service; null: none.
  [[nodiscard]] const Process* find(std::string_view service) const;
  /// What a reread would change.
  [[nodiscard]] compat::ConfigChanges changes() const;

  /// Where logs are that are AUTO.
  [[nodiscard]] AutoLogs auto_logs() const;
  [[nodiscard]] Done<> enter(Stage stage);
  /// All groups that are available are active, and nothing else is; in the stage of starting.
  [[nodiscard]] Done<> activate_all();
  [[nodiscard]] Done<> activate(std::string_view group);
  [[nodiscard]] Done<> deactivate(std::string_view group);
  /// Only these groups are active.
  [[nodiscard]] Done<> keep_only(const std::vector<std::string>& groups);

  /// The services of the active groups, and those that were added otherwise. Each is as it is; a new
  /// one as it is available, with logs of its own where those are AUTO.
  /// @errors Of what is available.
  [[nodiscard]] Result<Definitions> definitions_from(const core::Model& current, const Origin& origin) const;
  /// Nothing more is added for a while.
  void rest() const { available_.rest(); }

 private:
  [[nodiscard]] Done<> store() const;
  /// Stores what is active now; otherwise it is as it was.
  [[nodiscard]] Done<> change_active(std::vector<SharedGroup> groups, Stage stage);
  void make_index();
  void name_logs(const Process& process, core::Service& service) const;
  [[nodiscard]] std::string kept_file() const { return directory_ + "/supervisord.json"; }

  std::string directory_;
  config::supervisord::Start start_;
  config::supervisord::Kept kept_;
  Available available_;
  std::unordered_map<std::string, const Process*> index_;
};

}  // namespace foster::supervisor::supervisord
