// Birth, end, and what is left of a process.
#include <fmt/format.h>

#include <csignal>

#include "cli/explain/topics.hpp"

namespace foster::cli {
namespace {

constexpr std::string_view kProcess = R"(A process is a program that runs, with a number: its pid. There is one way to
get a new one: a process calls fork, and then there are two, which differ in
little more than the number. The one that called is the parent, the new one
its child. Mostly the child then calls exec, which puts another program in its
place: same process, same pid, other program.

Much of what a process is comes from its parent. User, working directory,
umask, limits, environment, open files, ignored signals, session, process
group and terminal are inherited, and most of it outlives an exec as well.
That is why it matters who has started something, and not only what it is.

A process ends by itself, with a code between 0 and 255, or by a signal. Of
one that has ended the kernel keeps the pid and how it ended, until the parent
asks with wait. The parent is told by the signal SIGCHLD that there is
something to ask for. Only the parent can ask: nobody else learns how a
process ended.

The tree of all parents and children has process 1 at its root, called init,
which the kernel itself has started.

Try it:    sh -c 'exit 3'; echo $?
See also:  zombie, orphan, process-group)";

void play_process(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("parent");
  stage.fork("parent", "child");
  play.show_in_numbers(
      "A process has forked.",
      {play.child_of("child", "parent"), play.in_session_of("child", "parent"), play.in_group_of("child", "parent")});
  stage.exit("child", 3);
  play.show_in_numbers("The child has exited. Its parent has not asked yet.",
                       {play.in_state("child", ProcessState::zombie)});
  const long count = stage.tell("parent", "wait");
  play.show_in_numbers(
      "The parent has asked, and knows how the child ended. The pid is free again.",
      {Demonstration::that("wait gave one status", count == 1), play.gone("child"), play.alive("parent")});
}

constexpr std::string_view kZombie = R"(A zombie is a process that has ended and that nobody has waited for. It runs
no more, has no memory and no open files. What is left is one line in the
kernel's table: the pid, and how it ended. The kernel keeps that line for the
parent, who may ask at any time with wait or waitpid.

Every process is a zombie for a moment. It is a fault only when it lasts, and
then it is the parent's: it does not know that it has children, it missed the
signal SIGCHLD, or it hangs. One zombie costs nearly nothing. Thousands fill
the table of pids, and then nobody on the machine can start anything.

A zombie cannot be killed, for it is dead. There are two ways to get rid of
it. The parent waits: a SIGCHLD may remind it, if it listens to that signal at
all. Or the parent ends: then the zombie goes to init, or to a subreaper, and
those wait for everybody.

A program avoids zombies by calling waitpid(-1, ..., WNOHANG) in a loop
whenever SIGCHLD has come, until there are no more: one signal may stand for
several children. Or it ignores SIGCHLD, and the kernel keeps nothing; then it
never learns how its children ended.

Try it:    sh -c 'sleep 0 & exec sleep 60' & foster zombies
See also:  process, orphan, subreaper; foster zombies --help)";

void play_zombie(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("parent");
  stage.fork("parent", "child");
  stage.exit("child", 7);
  play.advise("parent");
  play.show("The child has ended; its parent does not wait.",
            {play.in_state("child", ProcessState::zombie), play.of_kind("child", ProcessKind::zombie),
             play.child_of("child", "parent")});
  stage.signal("child", SIGKILL);
  play.show("It was sent SIGKILL, which changes nothing: one cannot die twice.",
            {play.in_state("child", ProcessState::zombie)});
  const long count = stage.tell("parent", "wait");
  play.show("The parent has waited.", {Demonstration::that("wait gave one status", count == 1), play.gone("child")});
  stage.fork("parent", "second");
  stage.exit("second");
  play.show("Another one has ended, and again nobody waits.", {play.in_state("second", ProcessState::zombie)});
  stage.exit("parent");
  play.show("The parent has ended. Who adopted the zombie has waited for it at once.",
            {play.gone("parent"), play.gone("second")});
}

constexpr std::string_view kOrphan = R"(An orphan is a process whose parent has ended. Nothing happens to it by that:
it gets no signal, keeps its files, its session and its terminal, and goes on.
It only gets another parent. The kernel gives it to the nearest ancestor that
has declared itself a subreaper, and if there is none to process 1.

To be an orphan is no fault. It is how programs put themselves into the
background, and what remains of "command &" in a script that has ended. The
new parent waits for it in the end, so it does not become a zombie for long.
But nobody looks after it any more: nobody notices when it ends, nobody starts
it again, and nobody stops it together with what it belonged to. A service
that leaves orphans behind when it is stopped has not been stopped.

The kernel does not note who was adopted. It can be concluded from sessions: a
session is inherited, so who is in one that the parent never belonged to was
born to somebody else. foster tree and foster orphans do that, and say how
sure they are.

Two things can end an orphan after all. When the terminal of its session
closes, it may get SIGHUP as others do. And a group with stopped members that
nobody is left to continue gets SIGHUP and SIGCONT from the kernel.

Try it:    sh -c 'sleep 60 &'; foster orphans
See also:  subreaper, double-fork, hangup; foster orphans --help)";

void play_orphan(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("shell");
  stage.fork("shell", "parent");
  stage.fork("parent", "child");
  play.predict("child", "its parent dies");
  play.show("A shell, a parent, and a child.",
            {play.child_of("child", "parent"), play.in_session_of("child", "shell")});
  stage.exit("parent");
  (void)stage.tell("shell", "wait");
  play.show("The parent has ended. The child goes on, in the same session, below who has adopted it.",
            {play.gone("parent"), play.alive("child"), play.adopted_by_guard("child"),
             play.in_session_of("child", "shell"), play.of_kind("child", ProcessKind::orphan)});
}

constexpr std::string_view kSubreaper = R"(When a process ends, its children need a new parent. By default that is
process 1, however far away. A process can offer itself instead, for everybody
below it: prctl(PR_SET_CHILD_SUBREAPER). From then on orphans among its
descendants come to it, and not to init.

That is what a supervisor needs. A service forks, its first process ends, and
what remains would vanish from sight. Below a subreaper it turns up as a
child: its end is reported by SIGCHLD, its status can be asked for, and it can
be found and stopped. systemd's user manager, container runtimes and foster
are subreapers for this reason.

With the right comes the duty. Orphans arrive without a word, and who never
calls wait(-1) collects zombies. The property is not inherited: a child of a
subreaper is none by itself. It stays when the process executes another
program. When the subreaper ends, everything below it moves on to the next one
above.

Within a container, process 1 of its pid namespace adopts whatever is
orphaned there, and it has the same duty. When that one ends, the kernel kills
everybody else in the namespace.

The demonstrations of foster explain live below a subreaper themselves,
foster-guard in the trees: whatever they leave behind comes back to it, and is
ended by it.

See also:  orphan, zombie; foster init --help)";

void play_subreaper(Demonstration& play) {
  Stage& stage = play.stage();
  stage.enter("manager");
  (void)stage.tell("manager", "adopt");
  stage.fork("manager", "parent");
  stage.fork("parent", "child");
  play.show("The manager has declared itself a subreaper.",
            {play.child_of("parent", "manager"), play.child_of("child", "parent")});
  stage.exit("parent");
  const long count = stage.tell("manager", "wait");
  play.show("The parent has ended: its child went to the manager, who also waits for the parent.",
            {play.adopted_by("child", "manager"), play.gone("parent"),
             Demonstration::that("wait gave one status", count == 1)});
  stage.exit("manager");
  play.show("The manager has ended, too: the child goes on to the next subreaper.",
            {play.gone("manager"), play.alive("child"), play.adopted_by_guard("child")});
}

constexpr Topic kTopics[] = {
    {"process", "parents and children, how they end, and who learns of it", kProcess, play_process},
    {"zombie", "ended, but nobody has waited", kZombie, play_zombie},
    {"orphan", "the parent has ended, somebody else adopts", kOrphan, play_orphan},
    {"subreaper", "who adopts in init's place, and has to wait for all", kSubreaper, play_subreaper},
};

}  // namespace

std::span<const Topic> topics_of_lives() {
  return kTopics;
}

}  // namespace foster::cli
