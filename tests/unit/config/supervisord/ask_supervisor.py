"""Answers how the installed Supervisor reads things: each line of stdin is a kind, a tab and an escaped text; each line
of stdout is the escaped answer, or ERROR."""
import os
import sys
import tempfile

from supervisor import datatypes, options


def escaped(text):
    return str(text).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def unescaped(text):
    result, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            result.append({"n": "\n", "t": "\t", "r": "\r"}.get(text[at + 1], text[at + 1]))
            at += 2
        else:
            result.append(text[at])
            at += 1
    return "".join(result)


def written(text):
    with open(os.path.join(tempfile.gettempdir(), "one.conf"), "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    return file.name


def ini(text):
    parser = options.UnhosedConfigParser()
    with open(written(text)) as file:
        parser.read_file(file)
    lines = []
    for name in parser.sections():
        lines.append("[%s]" % escaped(name))
        lines += ["%s=%s" % (escaped(key), escaped(value)) for key, value in parser._sections[name].items()]
    lines.append("[DEFAULT]")
    lines += ["%s=%s" % (escaped(key), escaped(value)) for key, value in parser.defaults().items()]
    return "\n".join(lines)


def pairs(values):
    return ",".join("%s=%s" % (escaped(key), escaped(value)) for key, value in values.items())


def logfile(value):
    if value is None:
        return "NONE"
    return "AUTO" if value is datatypes.Automatic else value


def restart(value):
    if value is datatypes.RestartUnconditionally:
        return "always"
    return "unexpected" if value is datatypes.RestartWhenExitUnexpected else "never"


def process_line(group, one):
    fields = [group.name, one.name, one.command, one.directory or "", one.priority, one.autostart,
              restart(one.autorestart), one.startsecs, one.startretries, one.stopsignal, one.stopwaitsecs,
              one.stopasgroup, one.killasgroup, one.exitcodes, one.redirect_stderr, pairs(one.environment),
              "" if one.uid is None else one.uid, "" if one.umask is None else one.umask, one.serverurl or ""]
    for name in ("stdout", "stderr"):
        fields += [logfile(getattr(one, name + "_logfile")), getattr(one, name + "_logfile_maxbytes"),
                   getattr(one, name + "_logfile_backups"), getattr(one, name + "_capture_maxbytes"),
                   getattr(one, name + "_events_enabled"), getattr(one, name + "_syslog")]
    return "|".join(escaped(field) for field in fields)


def config(text):
    path = text if text.startswith("/") else written(text)
    reader = options.ServerOptions()
    reader.here = os.path.dirname(os.path.abspath(path))
    reader.configfile = path
    section = reader.read_config(path)
    lines, seen = [], set()
    for group in section.process_group_configs:
        if group.name in seen:
            continue
        seen.add(group.name)
        lines.append("%s %d" % (escaped(group.name), group.priority))
        lines += [process_line(group, one) for one in group.process_configs]
    lines.append("%s|%s|%s|%s" % (section.logfile, section.minfds, section.umask, pairs(section.environment)))
    return "\n".join(lines)


NAMES = {"here": "/etc", "process_num": 7, "negative": -3, "a(b)": "nested", "ENV_HOME": "/root", "é": "ü"}
KINDS = {
    "ini": ini,
    "config": config,
    "expand": lambda text: options.expand(text, NAMES, "x"),
    "environment": lambda text: pairs(datatypes.dict_of_key_value_pairs(text)),
    "command": lambda text: "\n".join(escaped(word) for word in __import__("shlex").split(text)),
    "integer": datatypes.integer,
    "bytes": datatypes.byte_size,
    "octal": datatypes.octal_type,
    "signal": datatypes.signal_number,
    "flag": datatypes.boolean,
    "exitcodes": datatypes.list_of_exitcodes,
    "autorestart": lambda text: restart(datatypes.auto_restart(text)),
    "inet": lambda text: "%s %d" % datatypes.inet_address(text),
}

with tempfile.TemporaryDirectory() as tempfile.tempdir:
    for line in sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\n"):
        if not line:
            continue
        kind, text = line.split("\t", 1)
        try:
            answer = escaped(KINDS[kind](unescaped(text)))
        except Exception:
            answer = "ERROR"
        sys.stdout.buffer.write((answer + "\n").encode("utf-8", "surrogateescape"))
