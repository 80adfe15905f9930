// What belongs together, and what a terminal does to it.
#include <fmt/format.h>

#include <csignal>

#include "cli/explain/topics.hpp"

namespace foster::cli {
namespace {

constexpr std::string_view kCtrlC = "\x03";
constexpr std::string_view kCtrlZ = "\x1a";

/// A shell that leads the session of a terminal, in whose foreground it is.
void enter_shell(Stage& stage) {
  stage.enter("shell");
  (void)stage.tell("shell", "terminal " + stage.open_terminal());
  (void)stage.tell("shell", "foreground");
}

/// A command line that the shell has started.
void start_job(Stage& stage, const std::string& role) {
  stage.fork("shell", role);
  (void)stage.tell(role, "group");
}

constexpr std::string_view kProcessGroup =
    R"(A process group is what a shell makes of one command line: a job. All parts of
"grep x file | sort | less" are in one group, whose number is the pid of its
first process, the leader. Children are born into the group of their parent.

The point of a group is that a signal can be sent to all of it at once, with
kill and a negative number: kill -TERM -4711 ends every process in group 4711.
A terminal does the same: Ctrl-C goes to a group and not to a process.

setpgid(0, 0) makes a group of one's own, and setpgid(pid, group) moves a
child into one, as long as it has not executed another program; both only
within a session. An interactive shell calls this for every command line. A
script does not, so a script and all it runs are one group, and Ctrl-C ends
the script together with the command that it is just running.

A group outlives its leader: as long as a member lives, nobody else gets that
number as a pid. A member can leave for another group at any time, though, and
a daemon does; whoever stops services by their group alone misses those.

Try it:    ps -o pid,pgid,sid,comm
See also:  session, job-control, terminal)";

void play_process_group(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("shell");
  start_job(stage, "first");
  stage.fork("first", "second");
  play.show_in_numbers("A shell, and a job of two processes.",
                       {play.in_group_of("first", "first"), play.in_group_of("second", "first"),
                        play.in_group_of("shell", "shell"), play.in_session_of("second", "shell")});
  (void)stage.tell("shell", fmt::format("end-group {}", stage.pid_of("first").number()));
  (void)stage.wait_until([&] { return !stage.is_alive("first"); }, "the end of the group");
  (void)stage.tell("shell", "wait");
  play.show_in_numbers("The group was sent SIGTERM: both have ended, and the shell has not.",
                       {play.gone("first"), play.gone("second"), play.alive("shell")});
}

constexpr std::string_view kSession = R"(A session is what begins with a login, or with a new terminal window: the
shell, and everything started from it. It is made by setsid. Who calls that
becomes the session's leader, leads a new group in it as well, and has no
terminal any more. The number of a session is the pid of its leader, and
children are born into the session of their parent.

A session may have one controlling terminal. Only the leader can get it, by
opening a terminal while the session has none. From then on the terminal's
keys make signals for this session, and when the terminal goes away, this
session is told.

Nobody can move into another session; one can only make a new one. So who is
in a session was born there, which is how an adoption can be recognised. The
leader of a process group cannot call setsid (EPERM), for its group would then
be spread over two sessions: programs fork first, and the child calls it.

A daemon has a session of its own for exactly these reasons: no terminal can
send it Ctrl-C, and none can take it along when it closes. The session does
not end with its leader. It lasts as long as somebody is in it.

Try it:    setsid sleep 60 & foster inspect $!
See also:  terminal, double-fork, process-group)";

void play_session(Demonstration& play) {
  Stage& stage = play.stage();
  enter_shell(stage);
  start_job(stage, "job");
  stage.fork("job", "helper");
  play.show_in_numbers(
      "A login: everybody is in the shell's session, and has its terminal.",
      {play.in_session_of("shell", "shell"), play.in_session_of("helper", "shell"), play.has_terminal("helper")});
  (void)stage.tell("helper", "session");
  play.show_in_numbers("The helper has called setsid: another session, another group, no terminal; the same parent.",
                       {play.in_session_of("helper", "helper"), play.in_group_of("helper", "helper"),
                        play.has_no_terminal("helper"), play.child_of("helper", "job"), play.has_terminal("job")});
  const auto refused = stage.attempt("job", "session");
  play.show_in_numbers("The job has tried the same. It leads its group, and may not.",
                       {Demonstration::that("setsid said EPERM", !refused && refused.error().code == EPERM),
                        play.in_session_of("job", "shell")});
}

constexpr std::string_view kTerminal = R"(A terminal is a device with two ends. At one end are a keyboard and a screen,
or a program that plays them: a terminal window, sshd, tmux. At the other end
are the programs that read and write. In between sits the kernel, which lets
lines be edited, and turns some keys into signals: Ctrl-C into SIGINT, Ctrl-\
into SIGQUIT, Ctrl-Z into SIGTSTP. A program may switch that off, as editors
do, and then the keys are bytes like others.

A terminal can be the controlling terminal of one session. It knows the
session, and of its process groups the one in the foreground. That group gets
the signals of the keys, and may read what is typed. All others are in the
background: who reads there is stopped with SIGTTIN, until the shell brings
the group to the front.

To have a controlling terminal and to write to a terminal are different
things. A daemon has none, but if somebody left it an open descriptor of one,
it can still write there. And a program whose output goes to a file belongs to
its terminal all the same: Ctrl-C reaches it.

/dev/tty is, for everybody, the controlling terminal of their own session.

Try it:    foster tree -a $$; foster inspect $$
See also:  job-control, hangup, session)";

void play_terminal(Demonstration& play) {
  Stage& stage = play.stage();
  enter_shell(stage);
  start_job(stage, "reader");
  start_job(stage, "other");
  (void)stage.tell("reader", "foreground");
  play.predict("reader", "Ctrl-C is pressed");
  play.predict("other", "Ctrl-C is pressed");
  play.show("A terminal, with a shell and two jobs. One of them is in the foreground.",
            {play.in_foreground("reader"), play.in_background("shell"), play.in_background("other")});
  stage.type(kCtrlC);
  (void)stage.wait_until([&] { return !stage.is_alive("reader"); }, "the end of the foreground job");
  (void)stage.tell("shell", "wait");
  (void)stage.tell("shell", "foreground");
  play.show("Ctrl-C was typed. The shell has taken the terminal back.",
            {play.gone("reader"), play.alive("other"), play.alive("shell"), play.in_foreground("shell")});
}

constexpr std::string_view kJobControl =
    R"(Job control is how one shell serves several command lines at a time. Each is a
process group of its own, a job; the shell decides which of them the terminal
listens to, and waits for that one.

"command" runs in the foreground: the shell gives it the terminal (tcsetpgrp)
and waits. "command &" runs in the background: the shell goes on reading.
Ctrl-Z sends SIGTSTP to the foreground job. It stops, the shell notices, and
takes the terminal back. "fg" gives the job the terminal and continues it,
"bg" continues it where it is; both send SIGCONT. "jobs" lists them.

A stopped process is alive: it keeps memory, files and locks, but does
nothing, and it hears no signal but SIGCONT and SIGKILL. The others wait.

A background job may write to the terminal (unless stty tostop is set), but
not read: then it gets SIGTTIN, and stops. That is why a program that asks
for a password in the background just stands still.

Scripts have no job control. There everything is one group, and "&" only
means that the shell does not wait.

Try it:    sleep 60 (then Ctrl-Z), jobs, bg, foster tree $$
See also:  process-group, terminal, hangup)";

void play_job_control(Demonstration& play) {
  Stage& stage = play.stage();
  enter_shell(stage);
  start_job(stage, "editor");
  start_job(stage, "build");
  (void)stage.tell("editor", "foreground");
  play.show("\"build &\" and \"editor\": one job behind, one in front.",
            {play.in_foreground("editor"), play.in_background("build")});
  stage.type(kCtrlZ);
  play.show("Ctrl-Z was typed.", {play.in_state("editor", ProcessState::stopped), play.alive("build")});
  (void)stage.tell("shell", "foreground");
  stage.signal("editor", SIGCONT);
  play.show(
      "\"bg\": the shell has the terminal again, and the editor runs on behind it.",
      {play.in_foreground("shell"), play.in_background("editor"), play.in_state("editor", ProcessState::sleeping)});
  (void)stage.tell("editor", "foreground");
  play.show("\"fg\": the editor is in front again.", {play.in_foreground("editor"), play.in_background("shell")});
}

constexpr std::string_view kHangup = R"(SIGHUP, the hangup, tells that a terminal is gone: the window was closed, or
the connection was lost. Without a handler it ends the process. Who gets it is
often told wrongly; it goes in steps.

1. The kernel sends SIGHUP to one process, the leader of the terminal's
   session: mostly the shell.
2. When the leader ends, the kernel sends SIGHUP to the group that was in the
   foreground, and takes the terminal from everybody in the session.
3. Background jobs get nothing from the kernel. It is the shell that passes
   SIGHUP on to its jobs before it ends: bash, zsh and fish do, dash does not.
   "disown" makes a shell forget a job.
4. A group that has stopped members, and nobody left in its session who could
   continue them, gets SIGHUP and SIGCONT.

A logout is something else: the shell exits by itself, in order. Then bash
sends nothing to its jobs (unless huponexit is set), and what is in the
background goes on. zsh and fish send SIGHUP then, too.

Who must outlive all of this ignores the signal (nohup), or belongs to another
session (setsid). Daemons have no terminal, so SIGHUP was free for another
use: with many of them it means "read your configuration again".

Try it:    foster inspect PID (what happens when the terminal closes?)
See also:  nohup, terminal, session)";

void play_hangup(Demonstration& play) {
  Stage& stage = play.stage();
  enter_shell(stage);
  start_job(stage, "front");
  start_job(stage, "behind");
  (void)stage.tell("front", "foreground");
  play.predict("front", "the terminal closes");
  play.predict("behind", "the terminal closes");
  play.show("A shell that passes nothing on, a job in front, and one behind.",
            {play.in_foreground("front"), play.in_background("behind")});
  stage.close_terminal();
  (void)stage.wait_until([&] { return !stage.is_alive("front"); }, "the end of the foreground job");
  play.show("The terminal was closed.", {play.gone("shell"), play.gone("front"), play.alive("behind"),
                                         play.has_no_terminal("behind"), play.adopted_by_guard("behind")});
}

constexpr std::string_view kNohup = R"(nohup COMMAND starts a command that is deaf to SIGHUP, so that it goes on when
the terminal is closed. It does two things, and no more: it ignores the signal
before it executes the command, for what is ignored stays ignored across an
exec; and if output would go to the terminal it sends it to the file
nohup.out.

It does not put anything into the background (one writes nohup COMMAND & for
that), makes no session, and leaves the process group as it is. Ctrl-C ends a
command under nohup as it ends any other in the foreground. A program that
sets a handler of its own for SIGHUP undoes it.

The other ways out differ. "disown" does not touch the process: the shell
forgets that it has the job, and passes no SIGHUP on to it. "setsid COMMAND"
leaves the session, so that no terminal can reach it at all. tmux and screen
keep a terminal that does not close.

None of them looks after the command. Its output piles up in one file, nobody
starts it again when it fails, and after a reboot it is gone. For that there
is foster run -- COMMAND, as short to type.

Try it:    nohup sleep 60 & foster inspect $!
See also:  hangup, session, daemon; foster run --help)";

void play_nohup(Demonstration& play) {
  Stage& stage = play.stage();
  enter_shell(stage);
  start_job(stage, "plain");
  stage.fork("plain", "deaf");
  (void)stage.tell("deaf", fmt::format("ignore {}", SIGHUP));
  (void)stage.tell("plain", "foreground");
  play.predict("plain", "the terminal closes");
  play.predict("deaf", "the terminal closes");
  play.show("Two processes of one job, in the foreground. One of them ignores SIGHUP.",
            {play.in_foreground("plain"), play.in_foreground("deaf")});
  stage.close_terminal();
  (void)stage.wait_until([&] { return !stage.is_alive("plain"); }, "the end of the other process");
  play.show("The terminal was closed: both were sent SIGHUP.",
            {play.gone("plain"), play.alive("deaf"), play.has_no_terminal("deaf")});
}

constexpr Topic kTopics[] = {
    {"process-group", "what a signal reaches at once: a job", kProcessGroup, play_process_group},
    {"session", "what belongs to one login, and who leads it", kSession, play_session},
    {"terminal", "who gets Ctrl-C, and who may read", kTerminal, play_terminal},
    {"job-control", "foreground, background, stopped: fg, bg and Ctrl-Z", kJobControl, play_job_control},
    {"hangup", "SIGHUP: what happens when the terminal closes", kHangup, play_hangup},
    {"nohup", "deaf to the hangup, and what that does not do", kNohup, play_nohup},
};

}  // namespace

std::span<const Topic> topics_of_terminals() {
  return kTopics;
}

}  // namespace foster::cli
