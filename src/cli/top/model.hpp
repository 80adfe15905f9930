// The state of the screen: what is known of the services, what is looked at, and what a key makes of it. Free of
// terminals, clocks and connections; layout.hpp draws it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/service.hpp"
#include "cli/replies.hpp"
#include "cli/top/grid.hpp"
#include "cli/top/keys.hpp"
#include "cli/top/listing.hpp"
#include "cli/top/page.hpp"
#include "cli/top/samples.hpp"

namespace foster::cli::top {

// What a key asks of the world.
namespace wish {
struct Quit {};
struct Repaint {};  ///< Something else has written on the screen.
struct Change {
  api::Verb verb;
  std::vector<std::string> names;  ///< Patterns, as the API takes them.
};
struct ShowLog {
  std::string name;
};
struct ShowWhy {
  std::string name;
};
struct ClosePage {};
}  // namespace wish

using Wish = std::variant<wish::Quit, wish::Repaint, wish::Change, wish::ShowLog, wish::ShowWhy, wish::ClosePage>;

struct Message {
  enum class Tone : std::uint8_t { told, failed };
  Tone tone = Tone::told;
  std::string text;
};

class Model {
 public:
  /// @param closest How long two looks must be apart to make a rate of processor time.
  Model(std::string foster, std::chrono::nanoseconds closest) : foster_(std::move(foster)), samples_(closest) {}

  void resize(Size size);
  /// What foster answers, and when: by a clock that does not jump, and by the one on the wall.
  void take(std::vector<Row> rows, Samples::Moment moment, WallTime now);
  /// Foster does not answer, and why; what is shown gets old.
  void lose(std::string why) { lost_ = std::move(why); }
  /// Shown until the next key.
  void say(Message message) { message_ = std::move(message); }
  [[nodiscard]] std::optional<Wish> press(const Key& key);
  /// What was asked for with ShowLog or ShowWhy: shown until it is closed.
  void show(Page page);

  [[nodiscard]] const std::string& foster() const { return foster_; }
  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] const Listing& listing() const { return listing_; }
  [[nodiscard]] const Samples& samples() const { return samples_; }
  [[nodiscard]] WallTime now() const { return now_; }
  [[nodiscard]] bool has_answer() const { return has_answer_; }
  [[nodiscard]] const std::string& lost() const { return lost_; }
  [[nodiscard]] const std::optional<Message>& message() const { return message_; }
  [[nodiscard]] bool is_typing() const { return is_typing_; }
  /// "stop 3 services?"; empty: nothing is asked.
  [[nodiscard]] std::string question() const;
  /// Null: the services are shown.
  [[nodiscard]] Page* page() { return page_ ? &*page_ : nullptr; }
  [[nodiscard]] const Page* page() const { return page_ ? &*page_ : nullptr; }

 private:
  using Answer = std::optional<Wish>;
  Answer press_in_list(const Key& key);
  Answer press_in_page(const Key& key);
  void press_in_search(const Key& key);
  Answer answer_question(const Key& key);
  Answer ask_for(api::Verb verb);
  Answer close_page();
  [[nodiscard]] std::size_t screenful() const;

  std::string foster_;
  Samples samples_;
  Listing listing_;
  Size size_;
  WallTime now_;
  std::string lost_;
  std::optional<Message> message_;
  std::optional<wish::Change> asked_;  ///< Waits for yes.
  std::optional<Page> page_;
  bool is_help_ = false;
  bool is_typing_ = false;
  bool has_answer_ = false;
};

}  // namespace foster::cli::top
