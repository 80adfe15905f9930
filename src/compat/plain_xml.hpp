// XML that has nothing but elements and plain text: what programs write to each other. Who reads documents of strangers
// begins with this, which takes a tenth of the time, and goes to a real parser with those it does not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace foster::compat {

class PlainXml {
 public:
  enum class Kind : std::uint8_t {
    start,    ///< Of the element `text`.
    text,     ///< A piece of it; more may follow.
    end,      ///< Of the element that was begun last.
    done,     ///< The document was well-formed.
    unknown,  ///< It is not, or has something else in it: attributes, comments, other than ASCII.
  };
  struct Token {
    Kind kind;
    std::string_view text = {};
  };

  /// @param document Must outlive this and its tokens.
  explicit PlainXml(std::string_view document);

  /// Not to be asked again after `done` or `unknown`.
  [[nodiscard]] Token next();

 private:
  [[nodiscard]] Token next_start();
  [[nodiscard]] Token next_end();
  [[nodiscard]] Token next_text();
  [[nodiscard]] Token close();

  std::string_view rest_;
  std::vector<std::string_view> open_;
  bool is_empty_element_ = false;  ///< Its end follows.
  bool had_root_ = false;
};

}  // namespace foster::compat
