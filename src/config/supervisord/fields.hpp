// What each part of a configuration consists of, told once: for whoever stores it, reads it again or compares it.
// Where something is written is no part of what it means. Internal to config/supervisord.
#pragma once

#include <concepts>
#include <type_traits>

#include "config/supervisord/sections.hpp"

namespace foster::config::supervisord {

template <class Given, class Part>
concept Is = std::same_as<std::remove_const_t<Given>, Part>;

template <class Visit>
void each_field(Visit& visit, Is<User> auto& it) {
  visit("text", it.text);
  visit("uid", it.uid);
}

template <class Visit>
void each_field(Visit& visit, Is<Owner> auto& it) {
  visit("uid", it.uid);
  visit("gid", it.gid);
}

template <class Visit>
void each_field(Visit& visit, Is<InetAddress> auto& it) {
  visit("host", it.host);
  visit("port", it.port);
}

template <class Visit>
void each_field(Visit& visit, Is<LogFile> auto& it) {
  visit("kind", it.kind);
  visit("path", it.path);
}

template <class Visit>
void each_field(Visit& visit, Is<Daemon> auto& it) {
  visit("logfile", it.logfile);
  visit("logfile_maxbytes", it.logfile_maxbytes);
  visit("logfile_backups", it.logfile_backups);
  visit("loglevel", it.log_level);
  visit("pidfile", it.pidfile);
  visit("umask", it.umask);
  visit("nodaemon", it.nodaemon);
  visit("silent", it.silent);
  visit("minfds", it.minfds);
  visit("minprocs", it.minprocs);
  visit("nocleanup", it.nocleanup);
  visit("childlogdir", it.childlogdir);
  visit("user", it.user);
  visit("directory", it.directory);
  visit("strip_ansi", it.strip_ansi);
  visit("environment", it.environment);
  visit("identifier", it.identifier);
}

template <class Visit>
void each_field(Visit& visit, Is<Authentication> auto& it) {
  visit("username", it.username);
  visit("password", it.password);
}

template <class Visit>
void each_field(Visit& visit, Is<HttpServer> auto& it) {
  visit("kind", it.kind);
  visit("section", it.section);
  visit("path", it.path);
  visit("mode", it.mode);
  visit("owner", it.owner);
  visit("address", it.address);
  visit("authentication", it.authentication);
}

template <class Visit>
void each_field(Visit& visit, Is<RpcInterface> auto& it) {
  visit("name", it.name);
  visit("factory", it.factory);
}

template <class Visit>
void each_field(Visit& visit, Is<Channel> auto& it) {
  visit("file", it.file);
  visit("max_bytes", it.max_bytes);
  visit("backups", it.backups);
  visit("syslog", it.syslog);
  visit("capture_max_bytes", it.capture_max_bytes);
  visit("events_enabled", it.events_enabled);
}

template <class Visit>
void each_field(Visit& visit, Is<OwnKey> auto& it) {
  visit("name", it.name);
  visit("value", it.value);
}

template <class Visit>
void each_field(Visit& visit, Is<Process> auto& it) {
  visit("group", it.group);
  visit("name", it.name);
  visit("program", it.program);
  visit("number", it.number);
  visit("command", it.command);
  visit("argv", it.argv);
  visit("priority", it.priority);
  visit("autostart", it.autostart);
  visit("autorestart", it.autorestart);
  visit("startsecs", it.startsecs);
  visit("startretries", it.startretries);
  visit("exitcodes", it.exitcodes);
  visit("stopsignal", it.stopsignal);
  visit("stopwaitsecs", it.stopwaitsecs);
  visit("stopasgroup", it.stopasgroup);
  visit("killasgroup", it.killasgroup);
  visit("user", it.user);
  visit("redirect_stderr", it.redirect_stderr);
  visit("out", it.out);
  visit("err", it.err);
  visit("environment", it.environment);
  visit("directory", it.directory);
  visit("umask", it.umask);
  visit("serverurl", it.serverurl);
  visit("own_keys", it.own_keys);
}

template <class Visit>
void each_field(Visit& visit, Is<EventPool> auto& it) {
  visit("events", it.events);
  visit("buffer_size", it.buffer_size);
  visit("result_handler", it.result_handler);
}

template <class Visit>
void each_field(Visit& visit, Is<FcgiSocket> auto& it) {
  visit("url", it.url);
  visit("path", it.path);
  visit("address", it.address);
  visit("owner", it.owner);
  visit("mode", it.mode);
  visit("backlog", it.backlog);
}

template <class Visit>
void each_field(Visit& visit, Is<Group> auto& it) {
  visit("name", it.name);
  visit("priority", it.priority);
  visit("processes", it.processes);
  visit("is_heterogeneous", it.is_heterogeneous);
  visit("pool", it.pool);
  visit("socket", it.socket);
}

template <class Visit>
void each_field(Visit& visit, Is<Config> auto& it) {
  visit("path", it.path);
  visit("daemon", it.daemon);
  visit("servers", it.servers);
  visit("rpc_interfaces", it.rpc_interfaces);
  visit("groups", it.groups);
}

}  // namespace foster::config::supervisord
