#include "cli/supervisorctl/endpoint.hpp"

#include <cerrno>

#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace foster::cli::supervisorctl {
namespace {

TEST(SupervisorctlEndpoint, UrlsOfBothKinds) {
  EXPECT_EQ(endpoint_of("unix:///run/s.sock")->socket_path, "/run/s.sock");
  EXPECT_EQ(endpoint_of("http://localhost:9001")->host, "localhost");
  EXPECT_EQ(endpoint_of("http://localhost:9001")->port, 9001);
  EXPECT_EQ(endpoint_of("http://example.org/path")->port, 80);
  EXPECT_EQ(endpoint_of("http://me:secret@example.org:81/?x#y")->host, "example.org");
  EXPECT_EQ(endpoint_of("http://[::1]:9001/")->host, "::1");
  EXPECT_EQ(endpoint_of("http://[::1]:9001/")->port, 9001);
  EXPECT_EQ(endpoint_of("http://[::1]")->port, 80);
}

TEST(SupervisorctlEndpoint, WhatIsNoneIsTold) {
  EXPECT_EQ(endpoint_of("https://localhost").error().text, "Unknown protocol for serverurl https://localhost");
  EXPECT_EQ(endpoint_of("http://localhost:x").error().text, "Port could not be cast to integer value as 'x'");
  EXPECT_FALSE(endpoint_of("http://localhost:70000"));
  EXPECT_FALSE(endpoint_of("http://localhost:80x"));
}

TEST(SupervisorctlEndpoint, ASocketThatIsNotThere) {
  const foster::testing::TemporaryDirectory place;
  const auto connect_to = [](const std::string& path) { return connect({.socket_path = path, .host = {}}); };
  EXPECT_TRUE(connect_to(place.path("none.sock")).error().is_errno(ENOENT));
  EXPECT_TRUE(connect_to(place.path("no/directory.sock")).error().is_errno(ENOENT));
  foster::testing::write_file(place.path("file"), "");
  EXPECT_TRUE(connect_to(place.path("file")).error().is_errno(ECONNREFUSED));
  EXPECT_TRUE(connect_to(place.path("file/x")).error().is_errno(ENOTDIR));
}

}  // namespace
}  // namespace foster::cli::supervisorctl
