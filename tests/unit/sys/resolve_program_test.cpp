#include "sys/resolve_program.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

class ResolveProgram : public ::testing::Test {
 protected:
  ResolveProgram() {
    std::string pattern = ::testing::TempDir() + "foster-resolve-XXXXXX";
    root = ::mkdtemp(pattern.data());
    make("first/plain", 0644);
    make("second/plain", 0755);
    make("second/tool", 0755);
    make("only/locked", 0644);
    std::filesystem::create_directory(root + "/first/folder");
  }
  ~ResolveProgram() override { std::filesystem::remove_all(root); }

  void make(const std::string& name, mode_t mode) const {
    const std::filesystem::path path = root + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\n";
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  [[nodiscard]] std::string path() const { return root + "/first:" + root + "/second"; }

  std::string root;
};

TEST_F(ResolveProgram, TakesTheFirstExecutableAlongThePath) {
  EXPECT_EQ(resolve_program("tool", path()), root + "/second/tool");
  EXPECT_EQ(resolve_program("plain", path()), root + "/second/plain");
}

TEST_F(ResolveProgram, AnEmptyPathIsTheDefaultOne) {
  EXPECT_TRUE(resolve_program("sh", ""));
}

TEST_F(ResolveProgram, WhatIsNowhereIsEnoentWithTheWord) {
  EXPECT_EQ(to_string(resolve_program("ngins", path()).error()), "find program ngins: No such file or directory");
  EXPECT_EQ(resolve_program("", path()).error().code, ENOENT);
}

TEST_F(ResolveProgram, WhatIsAbsoluteNeedsNoDirectoryToStartFrom) {
  const std::string gone = root + "/gone";
  const int code = testing::in_forked_process([&] {
    std::filesystem::create_directory(gone);
    if (::chdir(gone.c_str()) != 0 || ::rmdir(gone.c_str()) != 0) return 1;
    if (resolve_program(root + "/second/tool", "") != root + "/second/tool") return 2;
    if (resolve_program("tool", path()) != root + "/second/tool") return 3;
    const auto relative = resolve_program("./tool", path());
    return !relative && relative.error().step == "resolve directory" ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(ResolveProgram, WhatIsFoundButNotExecutableIsEacces) {
  EXPECT_EQ(resolve_program("locked", root + "/only:" + root + "/second").error().code, EACCES);
}

TEST_F(ResolveProgram, ADirectoryOfThatNameIsNoProgram) {
  EXPECT_EQ(resolve_program(root + "/first/folder", "").error().code, EISDIR);
  EXPECT_EQ(resolve_program("folder", path()).error().code, ENOENT);
}

TEST_F(ResolveProgram, AWordWithASlashIsSeenFromTheDirectory) {
  EXPECT_EQ(resolve_program("./tool", "/nowhere", root + "/second"), root + "/second/tool");
  EXPECT_EQ(resolve_program("second/tool", "/nowhere", root), root + "/second/tool");
  EXPECT_EQ(resolve_program(root + "/second/tool", "/nowhere", "/"), root + "/second/tool");
}

TEST_F(ResolveProgram, ARelativeDirectoryGivesAnAbsolutePath) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(root);
  EXPECT_EQ(resolve_program("./tool", "", "second"), root + "/second/tool");
  EXPECT_EQ(resolve_program("second/tool", "", ""), root + "/second/tool");
  std::filesystem::current_path(before);
}

TEST_F(ResolveProgram, AnEmptyElementMeansTheDirectory) {
  EXPECT_EQ(resolve_program("tool", "/nowhere:", root + "/second"), root + "/second/tool");
  EXPECT_EQ(resolve_program("tool", ":/nowhere", root + "/second"), root + "/second/tool");
}

}  // namespace
}  // namespace foster::sys
