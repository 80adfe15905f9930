// Whatever can be loaded is written and read back without a difference, over thousands of random models.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "config/load.hpp"
#include "config/shell_words.hpp"

namespace foster::config {
namespace {

using namespace std::chrono_literals;

class RandomModel {
 public:
  explicit RandomModel(unsigned seed) : random_(seed) {}

  core::Model model() {
    core::Model model{.name = pick({"default", "shop", "a.b_c-d", "0"}), .services = {}};
    for (unsigned n = number(6); n > 0; --n) {
      core::Service service = this->service(fmt::format("s{}{}", n, pick({"", "-x", ".y"})));
      // Names of those before it only: no cycle.
      for (const core::Service& other : model.services) {
        if (chance()) (chance() ? service.needs : service.after).push_back(other.name);
      }
      model.services.push_back(std::move(service));
    }
    return model;
  }

  core::Service service(std::string name) {
    core::Service service;
    service.name = std::move(name);
    command(service);
    if (chance()) service.type = core::ServiceType::forking;
    service.directory = pick({"", "/", "/srv/shop", "/srv/a b/é"});
    for (unsigned n = number(4); n > 0; --n)
      service.environment.emplace_back(fmt::format("{}{}", pick({"A", "b.c", "é "}), n), text());
    service.clear_environment = chance();
    service.user = pick({"", "www-data", "33"});
    service.group = pick({"", "adm", "4"});
    if (chance()) service.umask = number(01000);
    service.stdin_pipe = chance();
    if (!service.stdin_pipe && chance()) {
      service.stdin_socket = {.address = pick({"unix:///run/x y", "tcp://localhost:9000"}),
                              .mode = number(01000),
                              .owner = pick({"", "www", "33:adm"}),
                              .backlog = static_cast<int>(1 + number(1000))};
    } else if (!service.stdin_pipe) {
      service.stdin_path = pick({"", "/dev/zero", "/a b"});
    }
    service.pidfile = pick({"", "/run/x-%i.pid"});
    service.workers = chance() ? 1 : 1 + number(1000);
    service.autostart = chance();
    service.essential = chance();
    service.restart = static_cast<core::RestartWhen>(number(3));
    policies(service);
    readiness(service);
    return service;
  }

 private:
  unsigned number(unsigned below) { return static_cast<unsigned>(random_() % below); }
  bool chance() { return number(2) == 0; }
  std::string pick(std::vector<std::string> words) { return words[number(static_cast<unsigned>(words.size()))]; }
  std::string text() {
    return pick({"", "plain", "a b", "q\"'\\", "日本\n\t", "\x01\x7F\xE2\x80\xAE", "$x `y`", "%i%%"});
  }
  core::Duration duration(core::Duration least) {
    return chance() ? least + std::chrono::milliseconds(number(100'000))
                    : least + core::Duration(random_() % 1'000'000'000'000);
  }

  void command(core::Service& service) {
    switch (number(4)) {
      case 0:
        service.command_text = pick({"a | b", "echo $HOME", "simple words", "open 'quote", "cd /x"});
        service.argv = {"/bin/sh", "-c", service.command_text};
        service.shell = true;
        break;
      case 1:
        service.command_text = pick({"simple  words", "\"quoted words\" 'x'", "not | shell"});
        service.argv = *split_words(service.command_text);
        break;
      default:
        service.argv = {"program"};
        for (unsigned n = number(4); n > 0; --n) service.argv.push_back(text());
        service.command_text = chance() ? join_words(service.argv) : text();
        if (chance()) service.argv = {"/bin/sh", "-c", text()}, service.shell = chance();
    }
  }

  void policies(core::Service& service) {
    if (chance())
      service.backoff = {.initial = duration(1ms),
                         .max = 0s,
                         .factor = 1 + number(1000) / 8.0,
                         .jitter = number(1001) / 1000.0,
                         .reset_after = duration(0s)};
    if (service.backoff.max == 0s) service.backoff.max = service.backoff.initial + duration(0s);
    if (chance()) service.limit = core::Limit{.count = 1 + number(16), .within = duration(1ms)};
    if (number(4) == 0) service.limit.reset();
    if (chance())
      service.stop = {.signal = *Signal::from_number(static_cast<int>(1 + number(64))), .timeout = duration(0s)};
    if (chance()) service.stop.target = core::StopTarget::group;
    if (chance()) service.start_retries = number(10);
    if (chance()) service.backoff.step = duration(0s);
    if (chance()) service.success_exit_codes = {3, 0};
    if (number(4) == 0) service.success_exit_codes.clear();
    if (chance())
      service.log = {.enabled = true, .max_size = 1 + (random_() >> (2 + number(60))), .keep = number(1001)};
    if (number(4) == 0) service.log.max_size.reset();
    if (number(4) == 0) service.log.when_full = core::WhenLogFull::block;
    if (number(4) == 0) service.log.file = "/var/log/a b/%i.log";
    if (number(4) == 0) service.log = {.enabled = false};
    if (number(4) == 0) service.log.syslog = true;
    if (number(4) == 0) service.log.strip_ansi = true;
    if (number(4) == 0) service.log.capture = 1 + number(100'000);
    if (number(4) == 0) service.log.events = true;
    if (chance()) service.stderr_log.emplace().keep = static_cast<unsigned>(number(9));
    if (service.stderr_log && chance()) service.stderr_log->file = "/var/log/%i.err";
    if (service.stderr_log && number(4) == 0) service.stderr_log = core::LogPolicy{.enabled = false};
    if (chance()) service.start_seconds = duration(0s);
  }

  void readiness(core::Service& service) {
    switch (number(8)) {
      case 0:
        break;
      case 1:
        service.ready.how = core::ReadyNotify{};
        break;
      case 2:
        if (service.type == core::ServiceType::forking) service.ready.how = core::ReadyForking{};
        break;
      case 3:
        service.ready.how = core::ReadyFd{.number = static_cast<int>(3 + number(1000))};
        break;
      case 4:
        service.ready.how = core::ReadyTcp{.host = pick({"127.0.0.1", "::1", "a.b"}),
                                           .port = static_cast<std::uint16_t>(1 + number(65535))};
        break;
      case 5:
        service.ready.how = core::ReadyHttp{.host = pick({"h", "::1"}),
                                            .port = static_cast<std::uint16_t>(1 + number(65535)),
                                            .target = pick({"/", "/a?b=%20"})};
        break;
      case 6:
        service.ready.how = core::ReadyExec{{"check", text()}};
        break;
      default:
        if (service.log.enabled) service.ready.how = core::ReadyLog{pick({"ready", "\\d+ [a-z]", "é\"'"})};
    }
    if (chance()) service.ready.timeout = duration(1ms);
    if (chance()) service.ready.interval = duration(1ms);
  }

  std::mt19937_64 random_;
};

TEST(ModelToToml, IsLoadedBackToAnEqualModel) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    const core::Model model = RandomModel(seed).model();
    const std::string text = model_to_toml(model);
    const auto loaded = load_text(text, "stored", "/elsewhere", "other");
    ASSERT_TRUE(loaded) << "seed " << seed << "\n" << text << render(loaded.error());
    ASSERT_EQ(*loaded, model) << "seed " << seed << "\n" << text << model_to_toml(*loaded);
  }
}

TEST(ModelToToml, IsCanonical) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const std::string text = model_to_toml(RandomModel(seed).model());
    ASSERT_EQ(model_to_toml(*load_text(text, "stored", "/elsewhere", "other")), text) << "seed " << seed;
  }
}

TEST(ServiceToJson, IsReadBackToAnEqualService) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    const core::Service service = RandomModel(seed).service("web");
    const std::string text = service_to_json(service);
    const auto read = service_from_json("web", text, "/elsewhere");
    ASSERT_TRUE(read) << "seed " << seed << "\n" << text << render(read.error());
    ASSERT_EQ(*read, service) << "seed " << seed << "\n" << text << "\n" << service_to_json(*read);
  }
}

}  // namespace
}  // namespace foster::config
