#include "sys/proc_details.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include <foster/fd.hpp>
#include "sys/proc_directory.hpp"

namespace foster::sys {
namespace {

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n"
    "   1: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 "
    "-1\n";

TEST(ParseSockets, TellsWhoListensAndWhoIsConnected) {
  const auto found = parse_sockets("tcp", kTcp);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].inode, 4711U);
  EXPECT_EQ(found[0].text, "tcp 127.0.0.1:8080 listening");
  EXPECT_EQ(found[1].text, "tcp 127.0.0.1:8080 to 127.0.0.2:50000");
}

TEST(ParseSockets, KnowsPathsAndTheNewerProtocol) {
  const auto unix_sockets = parse_sockets(
      "unix",
      "Num RefCount Protocol Flags Type St Inode Path\n0000: 00000002 00000000 00010000 0001 01 55 /run/x.sock\n");
  ASSERT_EQ(unix_sockets.size(), 1U);
  EXPECT_EQ(unix_sockets[0].text, "unix /run/x.sock");
  const auto six = parse_sockets("tcp6",
                                 "  0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
                                 "00000000:00000000 00:00000000 00000000 0 0 77 1\n");
  ASSERT_EQ(six.size(), 1U);
  EXPECT_EQ(six[0].text, "tcp6 [::1]:80 listening");
}

TEST(ParseSockets, FindsOneOfOurOwn) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto link = read_process_link(Pid(::getpid()), "fd/" + std::to_string(listener.get()));
  ASSERT_TRUE(link);
  std::string found;
  for (const auto& socket : parse_sockets("tcp", read_process_file(Pid(::getpid()), "net/tcp"))) {
    if (*link == "socket:[" + std::to_string(socket.inode) + "]") found = socket.text;
  }
  EXPECT_EQ(found, "tcp 127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + " listening");
}

TEST(ParseLimits, ReadsTheKernelsColumns) {
  const auto limits = parse_limits(read_process_file(Pid(::getpid()), "limits"));
  ASSERT_EQ(limits.size(), 16U);
  long most = 0;
  for (const LimitLine& limit : limits) {
    EXPECT_FALSE(limit.soft.empty() || limit.hard.empty()) << limit.name;
    if (limit.name == "Max open files") most = std::stol(limit.soft);
  }
  EXPECT_EQ(most, ::sysconf(_SC_OPEN_MAX));
}

TEST(ReadDescriptors, AreSortedAndTellWhereTheyLead) {
  const auto descriptors = read_descriptors(Pid(::getpid()));
  ASSERT_TRUE(descriptors);
  EXPECT_TRUE(std::ranges::is_sorted(*descriptors, {}, &DescriptorLink::number));
  EXPECT_EQ(read_descriptors(Pid(4'194'305)), std::nullopt);
}

TEST(ProcDirectory, ReadsWhatTheSingleReadersRead) {
  const auto proc = ProcDirectory::open();
  ASSERT_TRUE(proc);
  const Pid self(::getpid());
  EXPECT_EQ(proc->stat(self)->starttime, read_stat(self)->starttime);
  EXPECT_EQ(proc->arguments(self), read_cmdline(self));
  EXPECT_EQ(proc->owner(self), ::geteuid());
  EXPECT_FALSE(proc->stat(Pid(4'194'305)));
  EXPECT_FALSE(proc->owner(Pid(4'194'305)));
  EXPECT_TRUE(proc->arguments(Pid(4'194'305)).empty());
  EXPECT_FALSE(ProcDirectory::open("/no/such/directory"));
}

TEST(ParsersOfDetails, TakeAnyBytes) {
  std::mt19937 random(1);
  const std::string alphabet("0123456789ABF: \n\0Max/xPd", 24);
  for (int round = 0; round < 5'000; ++round) {
    std::string text = round % 2 == 0 ? "" : "Max open files            1024                 ";
    for (auto size = random() % 200; size > 0; --size) text += alphabet[random() % alphabet.size()];
    for (const char* protocol : {"tcp", "tcp6", "unix"}) (void)parse_sockets(protocol, text);
    (void)parse_limits(text);
  }
}

}  // namespace
}  // namespace foster::sys
