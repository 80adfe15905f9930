#include "supervisor/listeners.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <span>

#include "reaper/handover.hpp"

namespace foster::supervisor {
namespace {

using reaper::HeldFds;
using reaper::MessageKind;

UniqueFd listening_socket() {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::listen(socket.get(), 1), 0);
  return socket;
}

ino_t inode_of(BorrowedFd fd) {
  struct stat facts{};
  return ::fstat(fd.get(), &facts) == 0 ? facts.st_ino : 0;
}

/// Supervisors, one after the other, and what their reaper holds.
class ListenersTest : public ::testing::Test {
 protected:
  ListenersTest() {
    auto ends = sys::Channel::pair();
    reaper = std::make_unique<sys::Channel>(std::move(ends->first));
    supervisor = std::make_unique<sys::Channel>(std::move(ends->second));
    begin();
  }

  void begin() {
    listeners = std::make_unique<Listeners>(*supervisor, std::map<std::uint32_t, UniqueFd>(), UniqueFd());
  }

  /// Does what the reaper does with what it was sent.
  void obey() {
    for (;;) {
      reaper::Message message{};
      std::array<UniqueFd, 1> fds;
      const auto receipt = reaper->take(std::as_writable_bytes(std::span(&message, 1)), fds);
      if (!receipt || receipt->outcome != sys::Channel::Outcome::message) return;
      switch (message.header.kind) {
        case MessageKind::hold_listener:
          ++holds;
          held[message.slot.slot] = std::move(fds[0]);
          break;
        case MessageKind::release_listener:
          held.erase(message.slot.slot);
          break;
        case MessageKind::hold_listener_names:
          names = std::move(fds[0]);
          break;
        default:
          ADD_FAILURE() << static_cast<int>(message.header.kind);
      }
    }
  }

  /// The supervisor is lost, and the next one inherits.
  void lose() {
    obey();
    std::map<std::uint32_t, UniqueFd> copies;
    for (const auto& [number, fd] : held) copies[number].reset(::dup(fd.get()));
    listeners = std::make_unique<Listeners>(*supervisor, std::move(copies), UniqueFd(::dup(names.get())));
  }

  std::unique_ptr<sys::Channel> reaper;
  std::unique_ptr<sys::Channel> supervisor;
  std::unique_ptr<Listeners> listeners;
  std::map<std::uint32_t, UniqueFd> held;
  UniqueFd names;
  int holds = 0;
};

TEST_F(ListenersTest, OutliveTheSupervisorUnderTheirNames) {
  const UniqueFd one = listening_socket();
  const UniqueFd other = listening_socket();
  listeners->keep("one", one);
  listeners->keep("other", other);
  for (int loss = 0; loss < 3; ++loss) {
    lose();
    const auto found = listeners->find("one");
    ASSERT_TRUE(found);
    EXPECT_EQ(inode_of(*found), inode_of(one));
    EXPECT_EQ(inode_of(listeners->find("other").value()), inode_of(other));
    EXPECT_FALSE(listeners->find("on"));
    EXPECT_FALSE(listeners->find(""));
  }
  EXPECT_EQ(holds, 2) << "nothing is sent again";
}

TEST_F(ListenersTest, WhatNobodyAsksForIsClosed) {
  listeners->keep("one", listening_socket());
  listeners->keep("other", listening_socket());
  lose();
  (void)listeners->find("other");
  listeners->close_unwanted();
  EXPECT_EQ(listeners->names({}), std::vector<std::string>{"other"});
  obey();
  EXPECT_EQ(held.size(), 1U);
  lose();
  EXPECT_FALSE(listeners->find("one"));
  EXPECT_TRUE(listeners->find("other"));
}

TEST_F(ListenersTest, WhatIsLetGoListensNoMoreThoughOthersHaveIt) {
  const UniqueFd socket = listening_socket();
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto is_answered = [&] {
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  };
  listeners->keep("one", socket);
  EXPECT_TRUE(is_answered());
  listeners->let_go("one");
  EXPECT_FALSE(is_answered());
}

TEST_F(ListenersTest, APlaceIsGivenAgain) {
  for (unsigned n = 0; n < 3 * HeldFds::kListeners; ++n) {
    listeners->keep("same", listening_socket());
    listeners->keep("number " + std::to_string(n), listening_socket());
    listeners->let_go("number " + std::to_string(n));
    obey();
    EXPECT_EQ(held.size(), 1U);
  }
  listeners->keep("x", listening_socket());
  lose();
  EXPECT_EQ(listeners->names({}), (std::vector<std::string>{"same", "x"}));
  EXPECT_EQ(listeners->names("s"), std::vector<std::string>{"same"});
}

TEST_F(ListenersTest, WhatThereIsNoPlaceForStaysInThisProcess) {
  for (unsigned n = 0; n <= HeldFds::kListeners + 1; ++n) listeners->keep(std::to_string(n), listening_socket());
  EXPECT_TRUE(listeners->find(std::to_string(HeldFds::kListeners)));
  obey();
  EXPECT_EQ(held.size(), HeldFds::kListeners);
  lose();
  EXPECT_TRUE(listeners->find("0"));
  EXPECT_FALSE(listeners->find(std::to_string(HeldFds::kListeners)));
}

TEST_F(ListenersTest, SoDoesOneWithANameThatIsTooLong) {
  const std::string longest(Listeners::kLongestName, 'x');
  listeners->keep(longest, listening_socket());
  listeners->keep(longest + "x", listening_socket());
  EXPECT_TRUE(listeners->find(longest + "x"));
  obey();
  EXPECT_EQ(held.size(), 1U);
  lose();
  EXPECT_EQ(listeners->names({}), std::vector<std::string>{longest});
}

TEST_F(ListenersTest, ASupervisorThatIsLostBeforeItsSocketIsHeldLeavesNothing) {
  listeners->keep("first", listening_socket());
  obey();
  listeners->keep("second", listening_socket());
  // The name is written, and the message lost with its sender.
  reaper::Message message{};
  std::array<UniqueFd, 1> fds;
  ASSERT_TRUE(reaper->take(std::as_writable_bytes(std::span(&message, 1)), fds));
  lose();
  EXPECT_EQ(listeners->names({}), std::vector<std::string>{"first"});
}

TEST_F(ListenersTest, ASocketWithoutANameAndOneThatIsShutDownAreNobodys) {
  UniqueFd closed = listening_socket();
  listeners->keep("closed", closed);
  obey();
  held[7] = listening_socket();
  ::shutdown(closed.get(), SHUT_RDWR);
  lose();
  EXPECT_TRUE(listeners->names({}).empty());
  obey();
  EXPECT_TRUE(held.empty()) << "the reaper is told";
}

TEST_F(ListenersTest, AReaperThatKnowsNothingOfThemHarmsNobody) {
  listeners->keep("one", listening_socket());
  names.reset();
  listeners = std::make_unique<Listeners>(*supervisor, std::map<std::uint32_t, UniqueFd>(), UniqueFd());
  EXPECT_TRUE(listeners->names({}).empty());
  listeners->keep("one", listening_socket());
  EXPECT_TRUE(listeners->find("one"));
}

TEST_F(ListenersTest, TheNextReaperHoldsTheSame) {
  const UniqueFd one = listening_socket();
  listeners->keep("one", one);
  HeldFds bequest;
  listeners->bequeath(bequest);
  std::map<std::uint32_t, UniqueFd> inherited;
  UniqueFd file;
  bequest.for_each([&](std::uint32_t place, BorrowedFd fd) {
    UniqueFd copy(::dup(fd.get()));
    if (place == HeldFds::kListenerNames) {
      file = std::move(copy);
    } else {
      inherited.emplace(place - HeldFds::kFirstListener, std::move(copy));
    }
  });
  Listeners next(*supervisor, std::move(inherited), std::move(file));
  EXPECT_EQ(inode_of(next.find("one").value()), inode_of(one));
}

}  // namespace
}  // namespace foster::supervisor
