// A supervisord.conf in a directory of its own, read and translated.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "config/supervisord/read.hpp"
#include "config/supervisord/to_model.hpp"
#include "unit/config/temporary_directory.hpp"

namespace foster::config::supervisord {

class Conf {
 public:
  explicit Conf(std::string_view text) { path = write("main.conf", text); }

  std::string write(std::string_view name, std::string_view text) const { return directory.write(name, text); }
  [[nodiscard]] const std::string& here() const { return directory.path(); }

  /// The config; the test fails where there is none.
  [[nodiscard]] Config config() {
    auto read = read_config(path, options);
    EXPECT_TRUE(read.has_value()) << (read ? "" : render(read.error()));
    if (!read) return {};
    warnings = std::move(read->warnings);
    return std::move(read->config);
  }

  [[nodiscard]] ToModel translated(const ToModelOptions& how = {}) { return to_model(config(), how); }

  /// The service of this name; the test fails where there is none or anything is wrong.
  [[nodiscard]] core::Service service(std::string_view name, const ToModelOptions& how = {}) {
    const ToModel result = translated(how);
    for (const Diagnostic& finding : result.findings) {
      EXPECT_EQ(finding.severity, Severity::warning) << render(finding);
    }
    const auto found = std::ranges::find(result.model.services, name, &core::Service::name);
    EXPECT_NE(found, result.model.services.end()) << name;
    return found == result.model.services.end() ? core::Service{} : *found;
  }

  /// What is wrong, with the directory as "HERE"; "(none)" where nothing is.
  [[nodiscard]] std::string errors() {
    auto read = read_config(path, options);
    return read ? "(none)" : plain(render(read.error()));
  }
  /// The warnings of reading and of translating.
  [[nodiscard]] std::string remarks(const ToModelOptions& how = {}) {
    const ToModel result = translated(how);
    auto all = warnings;
    std::ranges::copy(result.findings, std::back_inserter(all));
    return plain(render(all));
  }

  [[nodiscard]] std::string plain(std::string text) const {
    for (std::size_t at = text.find(here()); at != std::string::npos; at = text.find(here(), at)) {
      text.replace(at, here().size(), "HERE");
    }
    return text;
  }

  TemporaryDirectory directory;
  std::string path;
  ReadOptions options;
  std::vector<Diagnostic> warnings;
};

/// A file with one program, whose section has these lines.
inline Conf program(std::string_view lines) {
  return Conf("[supervisord]\n[program:web]\ncommand=web --port 1\n" + std::string(lines));
}

}  // namespace foster::config::supervisord
