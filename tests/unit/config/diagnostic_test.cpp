#include "config/diagnostic.hpp"

#include <gtest/gtest.h>

namespace foster::config {
namespace {

Diagnostic finding_at(unsigned line, unsigned column, std::string_view text) {
  std::vector<Diagnostic> diagnostics{{.file = "f.toml", .line = line, .column = column, .message = "wrong"}};
  attach_source(diagnostics, text);
  return diagnostics.front();
}

TEST(RenderDiagnostic, ShowsThePlaceTheLineTheCaretAndTheHint) {
  Diagnostic diagnostic = finding_at(2, 5, "a = 1\nb = 2\n");
  diagnostic.hint = "write 3";
  EXPECT_EQ(render(diagnostic),
            "f.toml:2:5: error: wrong\n"
            "    2 | b = 2\n"
            "      |     ^\n"
            "      = hint: write 3\n");
}

TEST(RenderDiagnostic, ShowsTheKeyWhereThereIsNoLine) {
  EXPECT_EQ(render(Diagnostic{.key = "service.web.stop", .message = "wrong", .hint = "write 3"}),
            "error: service.web.stop: wrong\n  hint: write 3\n");
  EXPECT_EQ(render(Diagnostic{.file = "f.toml", .message = "gone", .severity = Severity::warning}),
            "f.toml: warning: gone\n");
}

TEST(RenderDiagnostic, PutsTheCaretUnderTheCharacterBehindTabsAndWideAndCombiningOnes) {
  EXPECT_EQ(render(finding_at(1, 3, "\ta\t= 1")),
            "f.toml:1:3: error: wrong\n"
            "    1 | \ta\t= 1\n"
            "      | \t ^\n");
  EXPECT_EQ(render(finding_at(1, 4, "日本é= 1")),
            "f.toml:1:4: error: wrong\n"
            "    1 | 日本é= 1\n"
            "      |      ^\n");
  EXPECT_EQ(render(finding_at(1, 3, "e\xCC\x81=")),
            "f.toml:1:3: error: wrong\n"
            "    1 | e\xCC\x81=\n"
            "      |  ^\n");
}

TEST(RenderDiagnostic, LosesCarriageReturnsAndTheByteOrderMark) {
  EXPECT_EQ(finding_at(1, 1,
                       "\xEF\xBB\xBF"
                       "a = 1\r\nb\r\n")
                .source,
            "a = 1");
  EXPECT_EQ(finding_at(2, 1, "a = 1\r\nb\r\n").source, "b");
}

TEST(RenderDiagnostic, LetsNoControlCharacterThrough) {
  Diagnostic diagnostic = finding_at(1, 5, "a\x1b[2J\x07\xFF\xE2\x80\xAE");
  diagnostic.message = "\x1b[31mred";
  diagnostic.hint = "a\nb";
  EXPECT_EQ(render(diagnostic),
            "f.toml:1:5: error: \xEF\xBF\xBD[31mred\n"
            "    1 | a\xEF\xBF\xBD[2J\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n"
            "      |     ^\n"
            "      = hint: a\xEF\xBF\xBD"
            "b\n");
}

TEST(RenderDiagnostic, CutsAVeryLongLineAroundTheCaret) {
  const std::string line = std::string(500, 'a') + "X" + std::string(500, 'b');
  const Diagnostic diagnostic = finding_at(1, 501, line);
  EXPECT_EQ(diagnostic.source, "…" + std::string(80, 'a') + "X" + std::string(79, 'b') + "…");
  EXPECT_EQ(diagnostic.caret, 81U);
  EXPECT_EQ(finding_at(1, 1, line).source, std::string(160, 'a') + "…");
  EXPECT_EQ(finding_at(1, 1001, line).source, "…" + std::string(81, 'b'));
}

TEST(RenderDiagnostic, StaysWithinTheTextWhereThePositionDoesNot) {
  EXPECT_EQ(render(finding_at(9, 9, "a\n")),
            "f.toml:9:9: error: wrong\n"
            "    9 | \n"
            "      |         ^\n");
}

TEST(RenderDiagnostic, PaintsWhenAskedTo) {
  EXPECT_EQ(render(Diagnostic{.file = "f", .message = "wrong"}, {.colour = true}),
            "\x1b[1mf:\x1b[0m \x1b[1;31merror:\x1b[0m wrong\n");
}

TEST(RenderDiagnostics, PutsAnEmptyLineBetweenTwo) {
  EXPECT_EQ(render(std::vector<Diagnostic>{{.message = "a"}, {.message = "b"}}), "error: a\n\nerror: b\n");
}

TEST(SortByPosition, PutsThoseWithoutOneFirst) {
  std::vector<Diagnostic> diagnostics{
      {.line = 2, .column = 1, .message = "c"}, {.line = 1, .column = 9, .message = "b"}, {.message = "a"}};
  sort_by_position(diagnostics);
  EXPECT_EQ(diagnostics[0].message + diagnostics[1].message + diagnostics[2].message, "abc");
}

}  // namespace
}  // namespace foster::config
