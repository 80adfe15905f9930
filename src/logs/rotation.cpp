#include "logs/rotation.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>

#include "logs/log_name.hpp"
#include "sys/check.hpp"

namespace foster::logs {
namespace {

bool exists(BorrowedFd directory, const std::string& name) {
  struct stat facts{};
  return ::fstatat(directory.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Index n tells of number n. One missing number does not hide those above it, which `keep` may have to go.
std::vector<bool> find_numbers(BorrowedFd directory, const std::string& file_name, unsigned keep) {
  std::vector<bool> found;
  for (unsigned number = 0;; ++number) {
    const bool there = exists(directory, rotated_name(file_name, number));
    if (!there && number > keep) return found;
    found.push_back(there);
  }
}

}  // namespace

NextStep next_step(const Rotation& rotation, std::uint64_t size, LineEnd end) {
  if (!rotation.max_size) return {NextStep::Kind::write, std::numeric_limits<std::uint64_t>::max()};
  const std::uint64_t limit = *rotation.max_size;
  // An empty file is written to, however small the limit, or nothing would ever be.
  if (size < limit) return {NextStep::Kind::write, limit - size};
  if (size == 0) return {NextStep::Kind::write_to_line, kLineSlack};
  if (end == LineEnd::complete || size >= limit + kLineSlack) return {NextStep::Kind::rotate, 0};
  return {NextStep::Kind::write_to_line, limit + kLineSlack - size};
}

std::vector<Move> rotation_moves(const std::vector<bool>& exists, unsigned keep) {
  std::vector<Move> moves;
  const auto there = [&exists](unsigned number) { return number < exists.size() && exists[number]; };
  for (auto number = static_cast<unsigned>(exists.size()); number-- > keep + 1;) {
    if (there(number)) moves.push_back({number, std::nullopt});
  }
  if (!there(0)) return moves;
  unsigned gap = 1;
  while (gap <= keep && there(gap)) ++gap;
  if (gap > keep) {
    // No number is free: the oldest is replaced, so that there is one at every moment. With none to keep, it is the
    // current one itself that goes.
    if (keep == 0) moves.push_back({0, std::nullopt});
    gap = keep;
  }
  for (unsigned number = gap; number-- > 0;) moves.push_back({number, number + 1});
  return moves;
}

Result<> rotate(BorrowedFd directory, const std::string& file_name, unsigned keep) {
  for (const Move& move : rotation_moves(find_numbers(directory, file_name, keep), keep)) {
    const std::string from = rotated_name(file_name, move.from);
    const std::string to = move.to ? rotated_name(file_name, *move.to) : "";
    const int done = move.to ? ::renameat(directory.get(), from.c_str(), directory.get(), to.c_str())
                             : ::unlinkat(directory.get(), from.c_str(), 0);
    // Somebody else may have removed it; what matters is that it is not in the way.
    if (done == 0 || errno == ENOENT) continue;
    if (!move.to) return failure("unlink", errno, from);
    return failure("rename", errno, std::string(from).append(" to ").append(to));
  }
  return {};
}

std::optional<RotatedFile> find_oldest(BorrowedFd directory, const std::string& file_name, unsigned keep) {
  const auto found = find_numbers(directory, file_name, keep);
  for (auto number = static_cast<unsigned>(found.size()); number-- > 1;) {
    struct stat facts{};
    const std::string name = rotated_name(file_name, number);
    if (!found[number] || ::fstatat(directory.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(facts.st_mode)) return RotatedFile{number, static_cast<std::uint64_t>(facts.st_size)};
  }
  return std::nullopt;
}

}  // namespace foster::logs
