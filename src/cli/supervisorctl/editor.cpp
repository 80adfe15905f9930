#include "cli/supervisorctl/editor.hpp"

#include <histedit.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cwchar>

#include "cli/supervisorctl/interrupt.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr int kMostHistory = 1000;
constexpr std::string_view kBlanks = " \t";

std::string common_beginning(const std::vector<std::string>& candidates) {
  std::string common = candidates.front();
  for (const std::string& one : candidates) {
    const auto [end, ignored] = std::ranges::mismatch(common, one);
    common.erase(end, common.end());
  }
  return common;
}

}  // namespace

struct Editor::Impl {
  Impl(Completer complete, std::string file) : completer(std::move(complete)), history_file(std::move(file)) {}
  ~Impl() {
    HistEvent event;
    if (!history_file.empty() && history != nullptr) ::history(history, &event, H_SAVE, history_file.c_str());
    if (line != nullptr) ::el_end(line);
    if (history != nullptr) ::history_end(history);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] bool begin();
  [[nodiscard]] int read_character(wchar_t* character);
  [[nodiscard]] unsigned char complete();

  static Impl& of(EditLine* line) {
    void* self = nullptr;
    ::el_get(line, EL_CLIENTDATA, &self);
    return *static_cast<Impl*>(self);
  }

  Completer completer;
  std::string history_file;
  std::string prompt;
  EditLine* line = nullptr;
  History* history = nullptr;
  bool was_interrupted = false;
};

bool Editor::Impl::begin() {
  ::setlocale(LC_CTYPE, "");
  line = ::el_init("supervisorctl", stdin, stdout, stderr);
  history = ::history_init();
  if (line == nullptr || history == nullptr) return false;
  HistEvent event;
  ::history(history, &event, H_SETSIZE, kMostHistory);
  ::history(history, &event, H_SETUNIQUE, 1);
  if (!history_file.empty()) ::history(history, &event, H_LOAD, history_file.c_str());  // the first time there is none
  ::el_set(line, EL_CLIENTDATA, this);
  ::el_set(line, EL_EDITOR, "emacs");
  ::el_set(line, EL_HIST, ::history, history);
  ::el_set(line, EL_PROMPT, +[](EditLine* asking) { return of(asking).prompt.data(); });
  ::el_set(line, EL_GETCFN, +[](EditLine* asking, wchar_t* into) { return of(asking).read_character(into); });
  ::el_set(
      line, EL_ADDFN, "complete", "Complete the word", +[](EditLine* asking, int) { return of(asking).complete(); });
  ::el_set(line, EL_BIND, "^I", "complete", nullptr);
  ::el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  return true;
}

// As libedit would, but that Ctrl-C ends the line.
int Editor::Impl::read_character(wchar_t* character) {
  std::mbstate_t state{};
  for (;;) {
    pollfd readable{STDIN_FILENO, POLLIN, 0};
    if (wait_for({&readable, 1}) == Wait::interrupted) {
      was_interrupted = true;
      errno = EINTR;
      return -1;
    }
    char byte = 0;
    const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return static_cast<int>(count);
    const std::size_t length = std::mbrtowc(character, &byte, 1, &state);
    if (length == static_cast<std::size_t>(-2)) continue;  // the character goes on
    if (length == static_cast<std::size_t>(-1)) {
      state = {};
      continue;
    }
    return 1;
  }
}

unsigned char Editor::Impl::complete() {
  const LineInfo* now = ::el_line(line);
  const std::string_view before(now->buffer, static_cast<std::size_t>(now->cursor - now->buffer));
  const auto blank = before.find_last_of(kBlanks);
  const std::string_view word = blank == std::string_view::npos ? before : before.substr(blank + 1);
  std::vector<std::string> candidates = completer(before, word);
  if (candidates.empty()) return CC_REFRESH_BEEP;
  const std::string common = common_beginning(candidates);
  const std::string rest = common.size() > word.size() ? common.substr(word.size()) : "";
  if (!rest.empty() && ::el_insertstr(line, rest.c_str()) == -1) return CC_REFRESH_BEEP;
  if (candidates.size() == 1 || !rest.empty()) return CC_REFRESH;
  std::string list = "\n";
  for (const std::string& one : candidates) list += one + " ";
  std::fputs((list + "\n").c_str(), stdout);
  std::fflush(stdout);
  return CC_REDISPLAY;
}

std::unique_ptr<Editor> Editor::open(Completer completer, std::string history) {
  auto impl = std::make_unique<Impl>(std::move(completer), std::move(history));
  if (!impl->begin()) return nullptr;
  return std::unique_ptr<Editor>(new Editor(std::move(impl)));
}

Editor::Editor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Editor::~Editor() = default;

Line Editor::read(const std::string& prompt) {
  impl_->prompt = prompt;
  impl_->was_interrupted = false;
  ::el_resize(impl_->line);
  // Before the prompt is seen: a ^D that is typed while the terminal still reads by lines would mean nothing
  // afterwards.
  (void)::el_set(impl_->line, EL_PREP_TERM, 1);
  int length = 0;
  const char* typed = ::el_gets(impl_->line, &length);
  if (typed == nullptr || length <= 0) {
    return {.kind = impl_->was_interrupted ? Line::Kind::interrupted : Line::Kind::end};
  }
  std::string text(typed, static_cast<std::size_t>(length));
  while (text.ends_with('\n')) text.pop_back();
  if (text.find_first_not_of(kBlanks) != std::string::npos) {
    HistEvent event;
    ::history(impl_->history, &event, H_ENTER, text.c_str());
  }
  return {.text = std::move(text)};
}

}  // namespace foster::cli::supervisorctl
