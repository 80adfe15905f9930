// The file format of supervisord.conf: what Python's configparser makes of it, not strict, with comments behind values.
// Sections and keys as texts with their places; what they mean is said elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"

namespace foster::config::supervisord {

/// Where something is written. A default one is nowhere: a value that nobody wrote.
struct Place {
  std::size_t file = 0;  ///< Number of the file, in the order in which they were read.
  Position at;
  [[nodiscard]] bool is_known() const { return at.line != 0; }
  friend bool operator==(const Place&, const Place&) = default;
};

struct IniKey {
  std::string name;   ///< In lower case.
  std::string value;  ///< Without comments; lines that continue it are joined by a line end.
  Place where;
  Place value_at;  ///< Where the value begins, or would.
};

struct IniSection {
  std::string name;
  Place where;               ///< Where it was begun first.
  std::vector<IniKey> keys;  ///< In the order of their first appearance; of equal ones the last is kept.

  /// Null where there is none.
  [[nodiscard]] const IniKey* find(std::string_view key) const;
};

struct IniFile {
  std::string path;
  std::string text;  ///< Line ends as "\n".
};

/// Everything that was read, one file over the other.
class Ini {
 public:
  /// Reads one more file: its sections are merged into those that are there, its keys replace those of the same name.
  /// Reading goes on behind an error, so that all are told. Returns what is wrong, without source lines.
  [[nodiscard]] std::vector<Diagnostic> read(std::string path, std::string_view text);

  [[nodiscard]] const std::vector<IniFile>& files() const { return files_; }
  /// In the order in which they were begun; [DEFAULT] is not among them.
  [[nodiscard]] const std::vector<IniSection>& sections() const { return sections_; }
  [[nodiscard]] const IniSection& defaults() const { return defaults_; }
  /// Null where there is none.
  [[nodiscard]] const IniSection* find(std::string_view section) const;
  /// The key of the section, or else of [DEFAULT].
  [[nodiscard]] const IniKey* find(const IniSection& section, std::string_view key) const;

  /// Replaces a piece of text in all values of a file.
  void replace_in_values(std::size_t file, std::string_view what, std::string_view by);

 private:
  friend class IniParser;

  std::vector<IniFile> files_;
  std::vector<IniSection> sections_;
  IniSection defaults_{.name = "DEFAULT", .where = {}, .keys = {}};
};

}  // namespace foster::config::supervisord
