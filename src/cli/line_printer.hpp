// The output of several services on one screen: whole lines, each behind the name of who wrote it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/output.hpp"

namespace foster::cli {

class LinePrinter {
 public:
  enum class Colours { on, off };

  LinePrinter(Output& output, Colours colours) : output_(output), colours_(colours) {}

  /// Lets names line up from the beginning, where they are known.
  void expect(std::string_view name);
  /// Prints the lines that are whole now.
  void take(std::string_view name, std::string_view bytes);
  /// A line of foster's own, in between.
  void say(std::string_view name, std::string_view text);
  /// Prints what is left of lines without end.
  void finish();

 private:
  struct Writer {
    std::size_t number;
    std::string partial;
  };
  Writer& writer(std::string_view name);
  void print_line(std::string_view name, const Writer& writer, std::string_view line);

  Output& output_;
  Colours colours_;
  std::map<std::string, Writer, std::less<>> writers_;
  std::size_t width_ = 0;
};

}  // namespace foster::cli
