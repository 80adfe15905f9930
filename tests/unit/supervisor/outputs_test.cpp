#include "supervisor/outputs.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "support/temporary_directory.hpp"
#include "sys/files.hpp"

namespace foster::supervisor {
namespace {

using testing::contents_of;

struct Told {
  core::Stream stream;
  OutputPart part;
  std::string text;
  friend bool operator==(const Told&, const Told&) = default;
};

class OutputsTest : public ::testing::Test {
 protected:
  OutputsTest() {
    service_.name = "web";
    service_.argv = {"web"};
    std::filesystem::create_directory(directory_.path("fifo"));
    fifos_ = sys::open_file(directory_.path("fifo"), O_RDONLY | O_DIRECTORY).value();
    place_.emplace(OutputPlace{.fifos = fifos_,
                               .fifo_directory = directory_.path("fifo"),
                               .logs = {.fd = directory_.fd(), .path = directory_.path()},
                               .system_log = nullptr});
    outputs_.emplace(Outputs::Tools{.loop = loop_, .place = *place_, .channel = channels_.first, .tap = tap_}, 7);
  }

  /// What a run gets for its streams.
  RunResources begin() {
    RunResources resources{.facts = {}, .null_device = fifos_};
    outputs_->drain();
    outputs_->begin_run();
    EXPECT_TRUE(outputs_->prepare(service_, 0, std::nullopt));
    EXPECT_TRUE(outputs_->lend(service_, resources));
    return resources;
  }
  void end() {
    outputs_->drain();
    outputs_->end_run();
  }
  std::vector<Told> take_told() { return std::exchange(told_, {}); }

  testing::TemporaryDirectory directory_;
  UniqueFd fifos_;
  Loop loop_;
  std::pair<sys::Channel, sys::Channel> channels_ = sys::Channel::pair().value();
  std::optional<OutputPlace> place_;
  std::vector<Told> told_;
  OutputTap tap_ = [this](core::InstanceId id, core::Stream stream, const ToldOutput& told) {
    EXPECT_EQ(id, 7U);
    told_.push_back({stream, told.part, std::string(told.text)});
  };
  core::Service service_;
  std::optional<Outputs> outputs_;
};

TEST_F(OutputsTest, OneStreamWhereStderrIsNotApart) {
  const auto run = begin();
  EXPECT_TRUE(run.output);
  EXPECT_FALSE(run.stderr_output || run.is_stderr_apart);
  EXPECT_EQ(outputs_->find(core::Stream::err), nullptr);
}

TEST_F(OutputsTest, NobodyIsToldWhereNothingSaysSo) {
  const auto run = begin();
  ASSERT_TRUE(sys::write_all(*run.output, "hello\n"));
  end();
  EXPECT_EQ(contents_of(directory_.path("web.log")), "hello\n");
  EXPECT_TRUE(take_told().empty());
}

TEST_F(OutputsTest, EventsTellWhatIsWrittenToWhichStream) {
  service_.log.events = true;
  service_.stderr_log = core::LogPolicy{.enabled = false, .events = true};
  const auto run = begin();
  ASSERT_TRUE(sys::write_all(*run.output, "out\n"));
  ASSERT_TRUE(sys::write_all(*run.stderr_output, "err\n"));
  outputs_->drain();
  EXPECT_EQ(take_told(), (std::vector<Told>{{core::Stream::out, OutputPart::written, "out\n"},
                                            {core::Stream::err, OutputPart::written, "err\n"}}));
  EXPECT_EQ(contents_of(directory_.path("web.log")), "out\n");
  EXPECT_FALSE(std::filesystem::exists(directory_.path("web@stderr.log")));
}

TEST_F(OutputsTest, AMessageIsToldAndNotLogged) {
  service_.log.capture = 100;
  const auto run = begin();
  ASSERT_TRUE(sys::write_all(*run.output, "a<!--XSUPERVISOR:BEGIN-->hidden<!--XSUPERVISOR:END-->b<!--X"));
  end();
  EXPECT_EQ(take_told(), (std::vector<Told>{{core::Stream::out, OutputPart::captured, "hidden"}}));
  EXPECT_EQ(contents_of(directory_.path("web.log")), "ab<!--X") << "of an ended run nothing is held back";
}

TEST_F(OutputsTest, ALogWithEventsTellsItsMessagesTwice) {
  service_.log.capture = 100;
  service_.log.events = true;
  const auto run = begin();
  ASSERT_TRUE(sys::write_all(*run.output, "<!--XSUPERVISOR:BEGIN-->hidden<!--XSUPERVISOR:END-->"));
  end();
  EXPECT_EQ(take_told(), (std::vector<Told>{{core::Stream::out, OutputPart::written, "hidden"},
                                            {core::Stream::out, OutputPart::captured, "hidden"}}));
}

TEST_F(OutputsTest, TakeAnotherWayWithTheNextRun) {
  const auto first = begin();
  ASSERT_TRUE(sys::write_all(*first.output, "\x1b[1mfirst\n"));
  service_.log.strip_ansi = true;
  service_.log.file = directory_.path("moved-%n");
  outputs_->update(service_);
  outputs_->drain();
  const auto second = begin();
  ASSERT_TRUE(sys::write_all(*second.output, "\x1b[1msecond\n"));
  end();
  EXPECT_EQ(contents_of(directory_.path("web.log")), "\x1b[1mfirst\n");
  EXPECT_EQ(contents_of(directory_.path("moved-web")), "second\n");
}

TEST_F(OutputsTest, AreClearedAndReopenedByTheirNames) {
  std::filesystem::create_directory(directory_.path("logs"));
  service_.log.file = directory_.path("logs/web");
  const auto run = begin();
  ASSERT_TRUE(sys::write_all(*run.output, "old\n"));
  ASSERT_TRUE(outputs_->clear());
  EXPECT_EQ(contents_of(directory_.path("logs/web")), "");
  // Somebody moves the whole directory away.
  std::filesystem::rename(directory_.path("logs"), directory_.path("moved"));
  std::filesystem::create_directory(directory_.path("logs"));
  outputs_->reopen();
  ASSERT_TRUE(sys::write_all(*run.output, "new\n"));
  outputs_->drain();
  EXPECT_EQ(contents_of(directory_.path("logs/web")), "new\n");
}

TEST_F(OutputsTest, TheLastWordsAreThoseOfStderr) {
  service_.stderr_log.emplace();
  const auto run = begin();
  ASSERT_TRUE(sys::write_all(*run.output, "listening\n"));
  outputs_->drain();
  EXPECT_EQ(outputs_->last_words(), "listening\n");
  ASSERT_TRUE(sys::write_all(*run.stderr_output, "out of luck\n"));
  outputs_->drain();
  EXPECT_EQ(outputs_->last_words(), "out of luck\n");
}

}  // namespace
}  // namespace foster::supervisor
