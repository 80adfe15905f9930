#include "sys/fifo.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "support/temporary_directory.hpp"
#include "sys/facilities.hpp"
#include "sys/files.hpp"

namespace foster::sys {
namespace {

using testing::contents_of;
using testing::mode_of;
using testing::TemporaryDirectory;
using testing::write_file;

bool is_readable(BorrowedFd fd) {
  pollfd poll{fd.get(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1 && (poll.revents & POLLIN) != 0;
}

/// Both means of moving bytes keep the same promises.
class OutputFifo : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    forbid_facilities_for_testing(GetParam());
    service = FifoReader::make(directory.fd(), "out")->open_for_service(directory.fd(), "out").value();
    file = open_file(directory.path("log"), O_RDWR | O_CREAT, 0600).value();
  }
  void TearDown() override { forbid_facilities_for_testing(""); }

  FifoReader open_reader() { return FifoReader::open(directory.fd(), "out").value(); }

  TemporaryDirectory directory;
  UniqueFd service;
  UniqueFd file;
  std::uint64_t offset = 0;
};

TEST_P(OutputFifo, KeepsBytesForTheNextReader) {
  {
    const auto reader = open_reader();
  }
  ASSERT_TRUE(write_all(service, "nobody reads\n"));
  auto reader = open_reader();
  EXPECT_TRUE(is_readable(reader.fd()));
  EXPECT_EQ(reader.available(), 13U);
  EXPECT_EQ(reader.splice_to(file, offset, 1000).value(), 13U);
  EXPECT_EQ(offset, 13U);
  EXPECT_EQ(contents_of(directory.path("log")), "nobody reads\n");
}

TEST_P(OutputFifo, IsEmptyAndNotEndedWhenTheServiceIsGone) {
  auto reader = open_reader();
  service.reset();
  EXPECT_FALSE(is_readable(reader.fd()));
  EXPECT_EQ(reader.splice_to(file, offset, 1000).value(), 0U);
  char byte;
  EXPECT_EQ(reader.peek(std::span(&byte, 1)).value(), 0U);
}

TEST_P(OutputFifo, MovesExactlyAsMuchAsWasAskedFor) {
  auto reader = open_reader();
  ASSERT_TRUE(write_all(service, "0123456789"));
  ASSERT_TRUE(write_all(service, "abc"));
  EXPECT_EQ(reader.splice_to(file, offset, 4).value(), 4U);
  EXPECT_EQ(reader.available(), 9U);
  while (reader.splice_to(file, offset, 3).value() > 0) {
  }
  EXPECT_EQ(contents_of(directory.path("log")), "0123456789abc");
}

TEST_P(OutputFifo, PeekConsumesNothing) {
  const auto reader = open_reader();
  ASSERT_TRUE(write_all(service, "look\nagain"));
  for (int n = 0; n < 3; ++n) {
    char text[6];
    ASSERT_EQ(reader.peek(text).value(), 6U);
    EXPECT_EQ(std::string_view(text, 6), "look\na");
  }
  EXPECT_EQ(reader.available(), 10U);
}

TEST_P(OutputFifo, KeepsWhatAFullDiskRefuses) {
  auto reader = open_reader();
  ASSERT_TRUE(write_all(service, "precious"));
  const auto full = open_file("/dev/full", O_WRONLY);
  ASSERT_TRUE(full);
  const auto refused = reader.splice_to(*full, offset, 1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOSPC);
  EXPECT_EQ(offset, 0U);
  EXPECT_EQ(reader.available(), 8U);
  EXPECT_EQ(reader.splice_to(file, offset, 1000).value(), 8U);
  EXPECT_EQ(contents_of(directory.path("log")), "precious");
}

TEST_P(OutputFifo, HasExcessOnceMoreThanHalfOfItIsTaken) {
  auto reader = open_reader();
  const auto capacity = static_cast<std::size_t>(::fcntl(service.get(), F_GETPIPE_SZ));
  ASSERT_TRUE(write_all(service, std::string(capacity / 2, 'x')));
  EXPECT_EQ(reader.excess(), 0U);
  ASSERT_TRUE(write_all(service, std::string(1000, 'y')));
  EXPECT_EQ(reader.excess(), 1000U);
  EXPECT_EQ(reader.discard(1000).value(), 1000U);
  EXPECT_EQ(reader.excess(), 0U);
  EXPECT_EQ(reader.available(), capacity / 2);
  EXPECT_EQ(reader.discard(2 * capacity).value(), capacity / 2) << "there is no more, and it does not wait";
}

TEST_P(OutputFifo, HasExcessWhenSmallWritesHaveFilledIt) {
  auto reader = open_reader();
  ASSERT_EQ(::fcntl(service.get(), F_SETFL, O_RDWR | O_NONBLOCK), 0);
  // Two of these do not share a page.
  const std::string line(2049, 'x');
  while (::write(service.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
  }
  for (int round = 0; round < 100 && reader.excess() > 0; ++round) {
    ASSERT_GT(reader.discard(reader.excess()).value(), 0U);
  }
  EXPECT_EQ(reader.excess(), 0U);
  EXPECT_EQ(::write(service.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
}

TEST_P(OutputFifo, FallsBackToCopyingWhereAFileRefusesSplice) {
  auto reader = open_reader();
  ASSERT_TRUE(write_all(service, "one\ntwo\n"));
  // O_APPEND is what splice(2) refuses with EINVAL.
  const auto appending = open_file(directory.path("log"), O_WRONLY | O_APPEND);
  ASSERT_TRUE(appending);
  EXPECT_EQ(reader.splice_to(*appending, offset, 4).value(), 4U);
  EXPECT_EQ(reader.splice_to(*appending, offset, 1000).value(), 4U);
  EXPECT_EQ(contents_of(directory.path("log")), "one\ntwo\n");
}

TEST_P(OutputFifo, MovesAFloodUnchanged) {
  const pid_t child = ::fork();
  std::mt19937 random(7);
  std::string sent;
  while (sent.size() < 3'000'000) sent += std::to_string(random()) + "\n";
  if (child == 0) {
    ::_exit(write_all(service, sent) ? 0 : 1);
  }
  auto reader = open_reader();
  while (offset < sent.size()) {
    pollfd poll{reader.fd().get(), POLLIN, 0};
    ASSERT_EQ(::poll(&poll, 1, 10'000), 1) << offset;
    ASSERT_TRUE(reader.splice_to(file, offset, 1 + random() % 300'000));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(reader.available(), 0U);
  EXPECT_TRUE(contents_of(directory.path("log")) == sent);
}

INSTANTIATE_TEST_SUITE_P(BothMeans, OutputFifo, ::testing::Values("", "splice"),
                         [](const auto& chosen) { return *chosen.param == '\0' ? "BySplice" : "ByCopy"; });

TEST(FifoForService, IsBlockingCloseOnExecAndWide) {
  const TemporaryDirectory directory;
  const auto reader = FifoReader::make(directory.fd(), "out");
  ASSERT_TRUE(reader);
  const auto service = reader->open_for_service(directory.fd(), "out");
  ASSERT_TRUE(service);
  EXPECT_EQ(::fcntl(service->get(), F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_RDWR);
  EXPECT_NE(::fcntl(service->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_GE(::fcntl(service->get(), F_GETPIPE_SZ), 65536);
}

TEST(FifoForService, IsOfTheSameFifo) {
  const TemporaryDirectory directory;
  const auto reader = FifoReader::make(directory.fd(), "out");
  ASSERT_TRUE(reader);
  std::filesystem::remove(directory.path("out"));
  EXPECT_EQ(reader->open_for_service(directory.fd(), "out").error().code, ENOENT);
  ASSERT_EQ(::mkfifo(directory.path("out").c_str(), 0600), 0);
  EXPECT_EQ(reader->open_for_service(directory.fd(), "out").error().code, ESTALE);
}

TEST(MakeFifo, ChoosesTheModeAndCorrectsItLater) {
  const TemporaryDirectory directory;
  const mode_t found = ::umask(0777);
  EXPECT_TRUE(FifoReader::make(directory.fd(), "out")) << "as an ordinary user, too";
  ::umask(found);
  EXPECT_EQ(mode_of(directory.path("out")), 0600U);
  EXPECT_TRUE(FifoReader::make(directory.fd(), "out", FifoAccess::writers));
  EXPECT_EQ(mode_of(directory.path("out")), 0622U);
  EXPECT_TRUE(FifoReader::make(directory.fd(), "out"));
  EXPECT_EQ(mode_of(directory.path("out")), 0600U);
}

TEST(MakeFifo, RefusesWhatIsNoFifo) {
  const TemporaryDirectory directory;
  write_file(directory.path("file"), "precious");
  std::filesystem::create_directory(directory.path("directory"));
  ASSERT_EQ(::mkfifo(directory.path("real").c_str(), 0600), 0);
  std::filesystem::create_symlink("real", directory.path("link"));
  for (const char* name : {"file", "directory", "link"}) {
    const auto made = FifoReader::make(directory.fd(), name);
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().code, EPERM);
    EXPECT_FALSE(FifoReader::open(directory.fd(), name));
  }
  EXPECT_EQ(contents_of(directory.path("file")), "precious");
}

TEST(MakeFifo, RefusesOneOfSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of somebody else's";
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo(directory.path("out").c_str(), 0666), 0);
  ASSERT_EQ(::chown(directory.path("out").c_str(), 12345, 12345), 0);
  EXPECT_EQ(FifoReader::make(directory.fd(), "out").error().code, EPERM);
}

TEST(OpenFifo, NamesAMissingOne) {
  const TemporaryDirectory directory;
  EXPECT_EQ(to_string(FifoReader::open(directory.fd(), "out").error()), "open out: No such file or directory");
}

}  // namespace
}  // namespace foster::sys
