// What each key does, told once: the line at the bottom of the screen and the page of help are made from it.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace foster::cli::top {

struct KeyHelp {
  std::string_view keys;
  std::string_view word;  ///< For the bottom line; empty: not there.
  std::string_view text;  ///< For the page.
};

/// In the order of the bottom line, which shows as many as fit.
inline constexpr std::array<KeyHelp, 14> kKeys{{
    {"q", "quit", "Leave; so does Ctrl-C"},
    {"?", "help", "This page"},
    {"s", "start", "Start the selected service, or those that are marked"},
    {"x", "stop", "Stop it, or them; several only after a question"},
    {"r", "restart", "Restart it, or them; several only after a question"},
    {"l", "logs", "What the service writes, as it comes"},
    {"w", "why", "Why it is in its state; also Enter"},
    {"o", "order", "Order by config, name, state, cpu, memory, restarts in turn"},
    {"/", "find", "Show only services whose names contain what is typed"},
    {"space", "mark", "Mark the service, or take its mark away, and go on to the next"},
    {"a", "all", "Mark all, or none"},
    {"up down", "", "Select a service, or scroll a page; also k and j"},
    {"pgup pgdn home end", "", "Further at once; the end of a log follows what comes"},
    {"esc", "", "Back: out of a page, out of a search, marks away"},
}};

/// "q quit  ? help  s start…", as far as it fits.
[[nodiscard]] std::string help_line(std::size_t columns);
/// "Keys" and what each does.
[[nodiscard]] std::string help_page();

}  // namespace foster::cli::top
