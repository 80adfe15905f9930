// How programs serve without anybody watching.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include <foster/pidfile.hpp>
#include "cli/explain/topics.hpp"
#include "sys/check.hpp"

namespace foster::cli {
namespace {

constexpr std::string_view kDoubleFork = R"(The double fork is the classical way to become a daemon, in five steps:

1. fork, and the parent exits: whoever typed the command gets the prompt back.
2. setsid in the child: a session of its own, without a terminal. The fork
   came first because the leader of a group may not call setsid.
3. fork again, and the leader of that session exits.
4. What remains works. It leads no session, and only a leader can get a
   controlling terminal: nothing it opens by accident can become one.
5. chdir("/"), umask, and descriptors 0 to 2 to /dev/null or to a log.

The kernel gives it to init, or to a subreaper, which will wait for it. Its
session has no leader any more. That is a shape by which a daemon made this
way can be recognised, and by which foster does.

What people get wrong: the first process exits before the daemon is ready, so
that its exit code says nothing (let it wait for a message on a pipe). The
pidfile is written by the wrong process, or too late. Threads are started
before the fork, and are missing afterwards. Below a supervisor none of it is
wanted: there a program stays in the foreground, and its parent knows when it
ends.

In C++: foster::daemonize does all of it, and returns errors to the shell.

Try it:    foster lint -- COMMAND; foster watch $$ in another terminal
See also:  daemon, session, orphan, pidfile)";

/// shell → launcher → middle → daemon, and what the recipe makes of them.
void fork_twice(Stage& stage) {
  stage.fork("shell", "launcher");
  stage.fork("launcher", "middle");
  (void)stage.tell("middle", "session");
  stage.fork("middle", "daemon");
}

void let_daemon_go(Stage& stage) {
  stage.exit("middle");
  (void)stage.tell("launcher", "wait");
  stage.exit("launcher");
  (void)stage.tell("shell", "wait");
}

void play_double_fork(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("shell");
  const std::string terminal = stage.open_terminal();
  (void)stage.tell("shell", "terminal " + terminal);
  (void)stage.tell("shell", "foreground");
  fork_twice(stage);
  play.show_in_numbers(
      "The launcher has forked, its child has called setsid and forked again.",
      {play.has_terminal("launcher"), play.in_session_of("middle", "middle"), play.has_no_terminal("middle"),
       play.in_session_of("daemon", "middle"), play.child_of("daemon", "middle")});
  let_daemon_go(stage);
  play.show_in_numbers("Both have exited. What remains is a daemon.",
                       {play.gone("launcher"), play.gone("middle"), play.adopted_by_guard("daemon"),
                        play.in_session_of("daemon", "middle"), play.of_kind("daemon", ProcessKind::daemon)});
  stage.fork("shell", "leader");
  (void)stage.tell("leader", "session");
  const std::string other = stage.open_terminal();
  (void)stage.tell("daemon", "terminal " + other);
  (void)stage.tell("leader", "terminal " + other);
  play.show_in_numbers("The daemon opens a terminal, and gets none. A leader of a session opens it, and has it.",
                       {play.has_no_terminal("daemon"), play.has_terminal("leader")});
}

constexpr std::string_view kDaemon = R"(A daemon is a program that works without anybody at a keyboard: it serves,
watches or cleans up until it is told to end. Nothing in the kernel marks it.
What makes one is what it does not depend on:

  no controlling terminal   no key and no closed window reaches it
  a session of its own      it is nobody's job
  init or a supervisor      its parent waits for it; it becomes no zombie
  a directory that stays    / or its own, so that no mount is kept busy
  a umask it has chosen     not what the caller happened to have
  streams 0 to 2            /dev/null, a log, or a socket, never a terminal
  nothing inherited         descriptors of the caller are closed
  signals answered          SIGTERM ends it, SIGHUP and SIGPIPE do not
  its own user              no more rights than the work needs
  one of a kind             a locked pidfile, or a socket

There are two ways to get there. The old one: the program makes itself a
daemon, by the double fork. The newer one: it stays in the foreground, and a
supervisor gives it all of this from outside, notices when it ends, and starts
it again. The second is simpler and more robust, and it is what foster run
does with any command.

foster lint judges a process by each of these rules, and says how to mend what
it finds.

Try it:    foster lint PID; foster lint -- COMMAND
See also:  double-fork, session, pidfile, readiness)";

void play_daemon(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("shell");
  (void)stage.tell("shell", "terminal " + stage.open_terminal());
  (void)stage.tell("shell", "foreground");
  stage.fork("shell", "behind");
  (void)stage.tell("behind", "group");
  play.judge("behind", {"own-session", "no-terminal", "parent"});
  play.show_in_numbers("\"command &\": behind the shell, but no daemon.",
                       {play.in_background("behind"), play.fails("behind", "own-session"),
                        play.fails("behind", "no-terminal"), play.fails("behind", "parent")});
  fork_twice(stage);
  let_daemon_go(stage);
  play.judge("daemon", {"own-session", "no-terminal", "cannot-get-a-terminal", "parent"});
  play.show_in_numbers("The same, after the double fork.",
                       {play.of_kind("daemon", ProcessKind::daemon), play.passes("daemon", "own-session"),
                        play.passes("daemon", "no-terminal"), play.passes("daemon", "cannot-get-a-terminal"),
                        play.passes("daemon", "parent")});
}

constexpr std::string_view kPidfile =
    R"(A pidfile is how others find a daemon: a file with its number, as
/run/nginx.pid. It shall also see to it that there is only one of them. Done
naively it does neither.

The number lies. After a crash the file is still there, and one day the number
belongs to another process; then a kill hits a stranger. Who only looks
whether the file is there does not start after a crash at all. Who looks
whether a process of that number lives starts twice when two do so at once.

What does not lie is a lock. The daemon opens the file, locks it, and only
then writes its number; it keeps the lock as long as it lives. The kernel
drops the lock when the process ends, however it ends. So:

  locked         somebody lives who holds it: do not start
  not locked     a leftover of a crash: take it over
  empty, torn    nobody holds it, whatever it says

Two traps remain. Somebody may remove the file while it is locked, and a
second daemon locks a new one of that name: after locking, one looks whether
the path still leads to the same file. And a lock can be inherited by a child,
which then keeps it after the daemon has ended.

With a supervisor that knows its children, no pidfile is needed at all.

In C++: foster::take_pidfile. For scripts: flock(1).
See also:  daemon, double-fork; foster lint --help)";

/// A directory of its own, removed with what is in it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    path_ = (std::filesystem::temp_directory_path(error_) / "foster-explain-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~ScratchDirectory() {
    if (!path_.empty()) std::filesystem::remove_all(path_, error_);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  std::error_code error_;
  std::string path_;
};

void play_pidfile(Demonstration& play) {
  Stage& stage = play.stage();
  const ScratchDirectory directory;
  const std::string path = directory.file("web.pid");
  const auto holder = [&] { return pidfile_holder(path).value_or(std::nullopt); };
  stage.enter("shell");
  stage.fork("shell", "first");
  stage.fork("shell", "second");
  (void)stage.tell("first", "pidfile " + path);
  play.remark(path);
  play.show("The first has taken the pidfile.",
            {Demonstration::that("first holds the lock", holder() == stage.pid_of("first"))});
  const auto refused = stage.attempt("second", "pidfile " + path);
  play.show("The second wants it, too.",
            {Demonstration::that("second was refused (EWOULDBLOCK)", !refused && refused.error().code == EWOULDBLOCK),
             Demonstration::that("first holds it still", holder() == stage.pid_of("first"))});
  stage.signal("first", SIGKILL);
  stage.wait_until([&] { return !stage.is_alive("first"); }, "the end of the first");
  (void)stage.tell("shell", "wait");
  std::error_code error;
  play.show("The first was killed, and could not clean up.",
            {play.gone("first"), Demonstration::that("the file is still there", std::filesystem::exists(path, error)),
             Demonstration::that("nobody holds it", !holder())});
  (void)stage.tell("second", "pidfile " + path);
  play.show("The second tries again.",
            {Demonstration::that("second holds the lock", holder() == stage.pid_of("second"))});
  stage.exit("second");
  (void)stage.tell("shell", "wait");
  play.show("The second has ended in order.",
            {play.gone("second"), Demonstration::that("the file was removed", !std::filesystem::exists(path, error))});
}

constexpr std::string_view kReadiness = R"(Between the start of a service and the moment at which it can be used lies a
time: it reads its configuration, opens a database, warms up. Whoever depends
on it must not come earlier. That a process exists says nothing, and to wait
five seconds is too long on a good day and too short on a bad one.

So the service has to say it, or to be asked:

  notify     it sends "READY=1" to the socket named in NOTIFY_SOCKET; it can
             tell its state in words, too, and that it is still alive
  fd=N       it writes a line to a descriptor that it was given, and closes it
  port       somebody can connect to its port
  http, cmd  a request, or a command, succeeds
  log        it has written a certain line
  forking    the process that was started exits once its daemon is ready
  exit       a task that has to be done: ready when it has ended well

The first two are exact, for only the service knows. The others ask from
outside, again and again.

A supervisor starts what depends on a service when that is ready, calls a
start failed that has not become so in time, and knows that a restart has
helped only when it is ready again.

In foster.toml: ready = "notify", ready = "tcp=127.0.0.1:80"...
In C++: foster::Notifier. In a shell: systemd-notify --ready.
See also:  daemon, prefork)";

/// A socket that nothing is left of when it is closed: its name is no file's.
class Ear {
 public:
  Ear(std::string_view purpose, int type) : name_(fmt::format("foster-explain-{}-{}", purpose, ::getpid())) {
    fd_.reset(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool bind() { return with_address(::bind); }
  [[nodiscard]] bool connect() { return with_address(::connect); }
  /// What came; empty: nothing so far.
  [[nodiscard]] std::string hear() const {
    std::array<char, 256> text{};
    const auto size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

 private:
  bool with_address(int (*call)(int, const sockaddr*, socklen_t)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());  // the zero byte before it makes it abstract
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    return call(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }

  std::string name_;
  UniqueFd fd_;
};

void play_readiness(Demonstration& play) {
  Stage& stage = play.stage();
  Ear supervisor("notify", SOCK_DGRAM);
  const bool listens = supervisor.bind();
  stage.enter("service");
  play.show("The service runs. Is it ready? Nobody can see that from outside.",
            {Demonstration::that("a supervisor listens", listens), play.alive("service"),
             Demonstration::that("it has heard nothing", supervisor.hear().empty())});
  (void)stage.tell("service", "ready @" + supervisor.name());
  std::string heard;
  stage.wait_until([&] { return !(heard += supervisor.hear()).empty(); }, "the message");
  play.remark(fmt::format("heard: {}", heard));
  play.show(
      "Now it has said so.",
      {Demonstration::that("the message begins with READY=1", heard.starts_with("READY=1")), play.alive("service")});
}

constexpr std::string_view kPrefork = R"(Prefork is a way to serve many clients with several processes. A master opens
the socket, forks some workers in advance, and then only looks after them. The
workers inherit the socket, and all of them wait in accept on it. The kernel
gives each new connection to one of them.

Nothing is shared but the socket. When a worker crashes, one client notices;
the master, its parent, is told by SIGCHLD, waits for it, and forks another. A
worker that has grown too fat can end by itself after so many requests. And
new code comes without a pause: the master executes it, the old workers finish
what they have begun, and new ones take over at the same socket.

What one has to see to: a worker that fails right after its start must not be
started again as fast as the machine can fork (a budget of restarts). When
stopping, workers finish their clients, but not for ever. When the master
dies, its workers must not stay behind and hold the port. And what was opened
before the fork is shared: a database connection, for one, has to be opened by
each worker for itself.

There is one worker a processor, or a few; who does more waiting than
computing takes more, or threads within each.

In C++: foster::prefork, and examples/prefork.cpp. For programs that know
nothing of it: foster run --workers 4 -- COMMAND.
See also:  process, zombie, readiness)";

/// Who answers a client; 0: nobody.
pid_t ask(Stage& stage, const std::string& purpose) {
  Ear client(purpose, SOCK_STREAM);
  std::string answer;
  if (!client.connect()) return 0;
  stage.wait_until([&] { return !(answer = client.hear()).empty(); }, "an answer");
  return std::atoi(answer.c_str());
}

/// As many clients, one after the other.
Claim clients_are_served(Demonstration& play, const std::vector<std::string>& workers, int count) {
  Stage& stage = play.stage();
  std::string by;
  bool is_each_a_worker = true;
  for (int n = 0; n < count && stage.is_going_on(); ++n) {
    const pid_t pid = ask(stage, "prefork");
    bool is_worker = false;
    for (const std::string& worker : workers) {
      if (stage.pid_of(worker).number() != pid) continue;
      is_worker = true;
      by += (by.empty() ? "" : ", ") + worker;
    }
    is_each_a_worker = is_each_a_worker && is_worker;
  }
  play.remark(fmt::format("{} clients came, and were served by {}", count, by));
  return Demonstration::that("each client was served by one of the workers", is_each_a_worker);
}

void add_worker(Stage& stage, const std::string& worker) {
  stage.fork("master", worker);
  (void)stage.tell(worker, "serve");
}

void play_prefork(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("master");
  (void)stage.tell("master", "listen " + Ear("prefork", SOCK_STREAM).name());
  for (const char* worker : {"worker-1", "worker-2", "worker-3"}) add_worker(stage, worker);
  const Claim served = clients_are_served(play, {"worker-1", "worker-2", "worker-3"}, 6);
  play.show("A master, and three workers at one socket.",
            {play.child_of("worker-1", "master"), play.child_of("worker-2", "master"),
             play.child_of("worker-3", "master"), served});
  stage.signal("worker-2", SIGKILL);
  stage.wait_until([&] { return !stage.is_alive("worker-2"); }, "the end of a worker");
  const Claim served_on = clients_are_served(play, {"worker-1", "worker-3"}, 4);
  play.show("One was killed. The others go on.", {play.in_state("worker-2", ProcessState::zombie), served_on});
  (void)stage.tell("master", "wait");
  add_worker(stage, "worker-4");
  const Claim served_again = clients_are_served(play, {"worker-1", "worker-3", "worker-4"}, 4);
  play.show("The master has waited for it, and forked another.",
            {play.gone("worker-2"), play.child_of("worker-4", "master"), served_again});
}

constexpr Topic kTopics[] = {
    {"double-fork", "how a program makes itself a daemon, and why twice", kDoubleFork, play_double_fork},
    {"daemon", "what makes one, rule by rule", kDaemon, play_daemon},
    {"pidfile", "a lock is the truth, the number is not", kPidfile, play_pidfile},
    {"readiness", "started is not ready: who says so, and how", kReadiness, play_readiness},
    {"prefork", "several workers at one socket, and who replaces them", kPrefork, play_prefork},
};

}  // namespace

std::span<const Topic> topics_of_daemons() {
  return kTopics;
}

}  // namespace foster::cli
