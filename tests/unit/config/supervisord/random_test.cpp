// Seeded runs of what the fuzzers check, and whole files put together at random: what is accepted can be stored,
// imported and read back without a difference.
#include <random>

#include "config/load.hpp"
#include "config/supervisord/load.hpp"
#include "fuzz/supervisord.hpp"
#include "unit/config/supervisord/conf.hpp"

namespace foster::config::supervisord {
namespace {

class Pieces {
 public:
  Pieces(unsigned seed, std::vector<std::string> pieces) : random_(seed), pieces_(std::move(pieces)) {}

  std::string text(unsigned longest) {
    std::string result;
    for (unsigned length = static_cast<unsigned>(random_()) % (longest + 1); length > 0; --length) {
      result += random_() % 16 == 0 ? std::string(1, static_cast<char>(random_() % 256))
                                    : pieces_[random_() % pieces_.size()];
    }
    return result;
  }
  std::string piece() { return pieces_[random_() % pieces_.size()]; }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

 private:
  std::mt19937 random_;
  std::vector<std::string> pieces_;
};

TEST(RandomBytes, AreReadAsAFile) {
  Pieces pieces(1, {"[a]", "[", "]", "x", "=", ":", " ", "\n", "\n  ", ";", " #", "\r\n", "é", "[DEFAULT]\n",
                    "\xC2\xA0", "%(here)s"});
  for (int n = 0; n < 5000; ++n) fuzz::check_supervisord_ini(pieces.text(30));
}

TEST(RandomBytes, AreExpanded) {
  Pieces pieces(
      2, {"%", "%%", "(", ")", "here", "process_num", "%(here)", "s", "d", "-", "0", "5", ".", "#", "x", "e", "é"});
  for (int n = 0; n < 5000; ++n) fuzz::check_supervisord_expansion(pieces.text(20));
}

TEST(RandomBytes, AreReadAsValues) {
  Pieces pieces(3, {"A", "=", ",", "\"", "'", "\\", " ", "\n", "1", "_", "-", "0o", "MB", "#", "é", "TERM", ":", "/"});
  for (int n = 0; n < 5000; ++n) fuzz::check_supervisord_values(pieces.text(16));
}

TEST(RandomFiles, ThatAreAcceptedCanBeStoredAndImported) {
  Pieces pieces(4, {"numprocs=2\nprocess_name=%(process_num)d",
                    "priority=5",
                    "autostart=false",
                    "autorestart=true",
                    "startsecs=0",
                    "startsecs=7",
                    "startretries=0",
                    "startretries=99",
                    "exitcodes=",
                    "exitcodes=1,2,1",
                    "stopsignal=INT",
                    "stopwaitsecs=0",
                    "stopasgroup=true",
                    "killasgroup=true",
                    "umask=077",
                    "redirect_stderr=true",
                    "stdout_logfile=NONE",
                    "stderr_logfile=NONE",
                    "stdout_logfile_maxbytes=0",
                    "stdout_logfile_maxbytes=3KB",
                    "stdout_logfile_backups=0",
                    "environment=A=\"x %%\",B='é',C=",
                    "environment=A='\"'",
                    "directory=/",
                    "directory=x/../y",
                    "command=a 'b c' \"%%i\" | d # e",
                    "command=/bin/sh -c 'exec x; y'",
                    "command=\"a\n  b\"",
                    "serverurl=auto",
                    "x-foster-ready=notify",
                    "x-foster-after=a",
                    "x-foster-type=forking",
                    "x-foster-log={ keep = 1 }",
                    "x-foster-limit={ count = 3 }",
                    "x-foster-stdin=input",
                    "nonsense=1"});
  const TemporaryDirectory directory;
  unsigned accepted = 0;
  for (unsigned n = 0; n < 300; ++n) {
    std::string text = "[supervisord]\n";
    for (const char* name : {"a", "b", "c"}) {
      text += std::string("[program:") + name + "]\ncommand=run " + name + "\n";
      for (unsigned count = pieces.below(8); count > 0; --count) text += pieces.piece() + "\n";
    }
    if (pieces.below(2) == 0) text += "[group:g]\nprograms=b,c\n";
    const std::string path = directory.write("one.conf", text);
    const auto loaded = load_file(path, {.default_name = "x"});
    if (!loaded) continue;
    ++accepted;
    const auto stored = load_text(model_to_toml(loaded->model), "stored", "/elsewhere", "x");
    ASSERT_TRUE(stored) << text << render(stored.error());
    ASSERT_EQ(*stored, loaded->model) << text;
    const auto imported = import_file(path);
    ASSERT_TRUE(imported) << text;
    auto again = load_text(imported->toml, "imported", "/elsewhere", "x");
    ASSERT_TRUE(again) << text << imported->toml << render(again.error());
    again->name = "x";
    ASSERT_EQ(*again, loaded->model) << text << imported->toml;
  }
  EXPECT_GT(accepted, 50U);
}

}  // namespace
}  // namespace foster::config::supervisord
