#include "reaper/successor.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reaper/role_arguments.hpp"

namespace foster::reaper {

Successor::Successor(const std::vector<std::string>& arguments) : number_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
  words_ = {kReaperRole, "--takeover", std::to_string(number_ ? number_.get() : -1)};
  words_.insert(words_.end(), arguments.begin(), arguments.end());
  for (std::string& word : words_) argv_.push_back(word.data());
  argv_.push_back(nullptr);
}

void Successor::become(BorrowedFd program, BorrowedFd handover) noexcept {
  // Without close-on-exec: that is how it gets through.
  if (!number_ || ::dup3(handover.get(), number_.get(), 0) < 0) return;
  ::syscall(SYS_execveat, program.get(), "", argv_.data(), ::environ, AT_EMPTY_PATH);
  (void)::fcntl(number_.get(), F_SETFD, FD_CLOEXEC);
}

}  // namespace foster::reaper
