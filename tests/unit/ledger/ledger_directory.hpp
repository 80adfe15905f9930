// What the ledger's tests share: a directory of their own, and entries that mean something.
#pragma once

#include <fcntl.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include <foster/fd.hpp>

#include "core/state.hpp"
#include "ledger/ledger.hpp"

namespace foster::ledger::testing {

/// Gone with everything in it at the end of the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "foster-ledger-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    fd_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] BorrowedFd fd() const { return fd_; }
  [[nodiscard]] std::filesystem::path ledger_path() const { return path_ / Ledger::kFileName; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

inline constexpr const char* kBoot = "0f8a7a4e-3f5e-4b0d-9a43-111111111111";
inline constexpr const char* kOtherBoot = "0f8a7a4e-3f5e-4b0d-9a43-222222222222";

[[nodiscard]] inline Entry entry_of(const char* service) {
  Entry entry;
  std::strncpy(entry.record.service, service, core::kMaxServiceName);
  entry.record.state = static_cast<std::uint8_t>(core::State::running);
  entry.record.wanted = 1;
  entry.record.run = 3;
  entry.record.main_pid = 4711;
  entry.record.since = 1234567890123;
  entry.main_process = {4711, 99, 1234};
  entry.notes = {7, 8};
  return entry;
}

}  // namespace foster::ledger::testing
