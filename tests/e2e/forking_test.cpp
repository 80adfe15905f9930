// type = "forking": a daemon whose launcher vanishes is as well supervised as one that stays.
#include <csignal>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

std::string nginx_conf(const Foster& foster, unsigned port, bool daemon) {
  const std::string& here = foster.directory();
  return std::string("daemon ") + (daemon ? "on" : "off") + ";\nworker_processes 2;\npid " + here +
         "/nginx.pid;\nerror_log " + here +
         "/error.log;\nevents {}\nhttp {\n  access_log off;\n  client_body_temp_path " + here +
         "/t1;\n  proxy_temp_path " + here + "/t2;\n  fastcgi_temp_path " + here + "/t3;\n  uwsgi_temp_path " + here +
         "/t4;\n  scgi_temp_path " + here + "/t5;\n  server { listen 127.0.0.1:" + std::to_string(port) +
         "; location / { return 200 \"hello\"; } }\n}\n";
}

class Nginx : public ::testing::TestWithParam<bool> {};

TEST_P(Nginx, IsStartedRestartedAndStoppedWithAllItsWorkers) {
  Foster foster;
  const unsigned port = free_port();
  testing::write_file(foster.path("nginx.conf"), nginx_conf(foster, port, GetParam()));
  const std::string how = GetParam() ? "type = \"forking\"\npidfile = \"nginx.pid\"\n"
                                     : "ready = { tcp = \"127.0.0.1:" + std::to_string(port) + "\" }\n";
  foster.write_config("[service.nginx]\ncommand = [\"nginx\", \"-p\", \"" + foster.directory() +
                      "\", \"-e\", \"error.log\", \"-c\", \"nginx.conf\"]\n" + how);
  foster.up();
  const pid_t master = foster.pid_of("nginx");
  EXPECT_EQ(std::to_string(master), first_line_of(foster.path("nginx.pid")));
  EXPECT_EQ(parent_of(master), foster.info().at("reaper").as_int64());
  ASSERT_TRUE(foster.wait_until([&] { return http_get(port, "/") == "hello"; }));
  const auto workers = children_of(master);
  ASSERT_EQ(workers.size(), 2U);

  ::kill(master, SIGKILL);
  ASSERT_TRUE(
      foster.wait_until([&] { return foster.row("nginx").run == 2 && foster.row("nginx").state == "running"; }));
  EXPECT_EQ(foster.row("nginx").exit_signal, "SIGKILL") << "the exit status of an adopted daemon";
  for (const pid_t worker : workers) EXPECT_FALSE(is_alive(worker));
  ASSERT_TRUE(foster.wait_until([&] { return http_get(port, "/") == "hello"; }));

  const pid_t second = foster.pid_of("nginx");
  const auto more_workers = children_of(second);
  ASSERT_EQ(foster.run({"stop", "nginx"}).code, 0);
  EXPECT_FALSE(is_alive(second));
  for (const pid_t worker : more_workers) EXPECT_FALSE(is_alive(worker));
  EXPECT_EQ(foster.row("nginx").state, "stopped");
  EXPECT_EQ(foster.row("nginx").exit_code, 0) << "nginx ends with success on SIGTERM";
}

INSTANTIATE_TEST_SUITE_P(Forking, Nginx, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "DaemonOn" : "DaemonOff"; });

class Daemon : public ::testing::TestWithParam<const char*> {};

TEST_P(Daemon, IsFoundByItsPidfileAndItsExitIsKnown) {
  Foster foster;
  foster.environment["FOSTER_WITHOUT"] = GetParam();
  foster.write_config("[service.old]\ntype = \"forking\"\ncommand = [\"" + Foster::actor("daemonizes") + "\", \"" +
                      foster.path("old.pid") + "\"]\npidfile = \"old.pid\"\nrestart = \"never\"\n");
  foster.up();
  const Row row = foster.row("old");
  EXPECT_EQ(std::to_string(row.pid.value_or(0)), first_line_of(foster.path("old.pid")));
  EXPECT_EQ(row.run, 1U);
  ::kill(*row.pid, SIGUSR2);
  ASSERT_TRUE(foster.wait_for_state("old", "exited"));
  EXPECT_EQ(foster.row("old").exit_signal, "SIGUSR2");
}

TEST_P(Daemon, WithoutAPidfileIsFoundByAncestry) {
  Foster foster;
  foster.environment["FOSTER_WITHOUT"] = GetParam();
  foster.write_config("[service.old]\ntype = \"forking\"\ncommand = [\"" + Foster::actor("daemonizes") +
                      "\", \"-\"]\n");
  foster.up();
  const pid_t pid = foster.pid_of("old");
  ASSERT_TRUE(is_alive(pid));
  EXPECT_EQ(parent_of(pid), foster.info().at("reaper").as_int64());
  ASSERT_EQ(foster.run({"stop", "old"}).code, 0);
  EXPECT_FALSE(is_alive(pid));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutCgroups, Daemon, ::testing::Values("", "cgroup"), [](const auto& chosen) {
  return std::string(chosen.param).empty() ? "WithCgroup" : "WithoutCgroup";
});

TEST(Forking, LauncherThatFailsIsAFailureWithItsCode) {
  Foster foster;
  foster.write_config("[service.old]\ntype = \"forking\"\ncommand = [\"" + Foster::actor("daemonizes") +
                      "\", \"-\", \"5\"]\nrestart = \"never\"\n");
  const Finished up = foster.up(1);
  EXPECT_THAT(up.out + up.err, ::testing::HasSubstr("exited with code 5"));
  EXPECT_EQ(foster.row("old").state, "exited");
}

}  // namespace
}  // namespace foster::e2e
