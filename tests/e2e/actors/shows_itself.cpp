// Writes what it was given to a file, for the test to read, and stays: argv, cwd, umask, environment.
// shows_itself FILE WORD…
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

extern char** environ;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string temporary = std::string(argv[1]) + ".new";
  std::FILE* file = std::fopen(temporary.c_str(), "w");
  if (file == nullptr) return 3;
  char directory[4096];
  const mode_t mask = umask(0);
  umask(mask);
  std::fprintf(file, "cwd=%s\numask=%03o\nuid=%d\ngid=%d\n", getcwd(directory, sizeof directory), mask,
               static_cast<int>(getuid()), static_cast<int>(getgid()));
  for (int n = 2; n < argc; ++n) std::fprintf(file, "arg=%s\n", argv[n]);
  for (char** line = environ; *line != nullptr; ++line) std::fprintf(file, "env %s\n", *line);
  std::fclose(file);
  std::rename(temporary.c_str(), argv[1]);
  for (;;) pause();
}
