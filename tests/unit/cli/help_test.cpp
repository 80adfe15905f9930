// Help, completion and the manual all tell the same table.
#include "cli/help.hpp"

#include <cstdio>

#include <gtest/gtest.h>

#include "cli/completion.hpp"
#include "unit/cli/fake_foster.hpp"

namespace foster::cli {
namespace {

std::string manual() {
  return testing::contents_of(std::filesystem::path(__FILE__).parent_path() / "../../../docs/cli.md");
}

TEST(Manual, ListsExactlyTheCommandsOfTheTableInItsOrder) {
  const std::string text = manual();
  std::vector<std::string> listed;
  const std::string mark = "\n| `foster ";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    listed.push_back(text.substr(begin, text.find_first_of(" `", begin) - begin));
  }
  std::vector<std::string> expected;
  for (const Command& command : command_table()) expected.emplace_back(command.name);
  EXPECT_EQ(listed, expected);
}

TEST(Manual, TellsEachCommandsSummary) {
  const std::string text = manual();
  for (const Command& command : command_table()) {
    EXPECT_NE(text.find(command.summary), std::string::npos) << command.summary;
  }
}

TEST(Help, EveryCommandExplainsItselfWithExamples) {
  for (const Command& command : command_table()) {
    const Ran ran = run_command({command.name.data(), "--help"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(ran.out.starts_with(std::string(command.summary) + ".\n")) << ran.out;
    EXPECT_NE(ran.out.find("Examples:\n  foster "), std::string::npos) << ran.out;
    EXPECT_EQ(run_command({"help", command.name.data()}).out, ran.out);
  }
}

TEST(Help, TheOverviewHasALineForEachCommandThatFitsATerminal) {
  const std::string text = overview_help();
  for (const Command& command : command_table()) {
    EXPECT_NE(text.find("\n  " + std::string(command.name) + " "), std::string::npos) << command.name;
    EXPECT_LE(16 + command.summary.size(), 80U);
  }
}

TEST(Completion, TheBashScriptIsValidAndKnowsEveryCommand) {
  const testing::TemporaryDirectory place;
  const std::string script = *completion_script("bash");
  testing::write_file(place.path("foster.bash"), script);
  EXPECT_EQ(std::system(("bash -n " + place.path("foster.bash")).c_str()), 0);
  for (const Command& command : command_table()) {
    EXPECT_NE(script.find(std::string(command.name)), std::string::npos);
  }
}

TEST(Completion, TheBashScriptCompletesCommands) {
  const testing::TemporaryDirectory place;
  testing::write_file(place.path("foster.bash"),
                      *completion_script("bash") +
                          "COMP_WORDS=(foster re); COMP_CWORD=1; _foster; echo \"${COMPREPLY[@]}\"\n"
                          "COMP_WORDS=(foster completion z); COMP_CWORD=2; _foster; echo \"${COMPREPLY[@]}\"\n");
  FILE* shell = ::popen(("bash " + place.path("foster.bash")).c_str(), "r");
  ASSERT_NE(shell, nullptr);
  char buffer[256] = {};
  const std::size_t size = std::fread(buffer, 1, sizeof buffer - 1, shell);
  EXPECT_EQ(::pclose(shell), 0);
  EXPECT_EQ(std::string(buffer, size), "restart\nzsh\n");
}

TEST(Completion, EveryShellKnowsEveryCommandAndOthersAreRefused) {
  for (const char* shell : {"zsh", "fish"}) {
    const std::string script = *completion_script(shell);
    for (const Command& command : command_table()) {
      EXPECT_NE(script.find(std::string(command.name)), std::string::npos) << shell << command.name;
    }
  }
  EXPECT_EQ(run_command({"completion", "csh"}).code, 2);
  EXPECT_EQ(run_command({"completion"}).code, 2);
}

TEST(Completion, OptionsAreAskedOfTheCommandItself) {
  EXPECT_EQ(run_command({"completion", "options", "logs"}).out,
            "-f\n--follow\n-n\n--lines\n--raw\n--name\n--color\n-h\n--help\n");
}

using CompletionNames = CliTest;

TEST_F(CompletionNames, AreServicesAndInstancesAndSilentWithoutAFoster) {
  environment.set("FOSTER_NAME", "shop");
  EXPECT_EQ(run_command({"completion", "names"}).out, "");
  api::FakeService service;
  service.rows = {api::row_of("db"), api::row_of("web:0"), api::row_of("web:1")};
  const FakeFoster foster("shop", service);
  EXPECT_EQ(run_command({"completion", "names"}).out, "db\nweb\nweb:0\nweb:1\n");
}

}  // namespace
}  // namespace foster::cli
