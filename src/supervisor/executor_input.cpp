// What of the executor concerns whoever talks with services.
#include "supervisor/executor.hpp"

#include <cerrno>

namespace foster::supervisor {

Result<UniqueFd> Executor::open_input(core::InstanceId id, Instance& it, const core::Service& service) {
  if (service.stdin_socket) return stdin_sockets_.lend(id, *service.stdin_socket, service.user);
  if (!it.input) it.input = std::make_unique<Input>(tools_.loop, tools_.place.fifos, fifo_name(id));
  // A service of another user may open /dev/stdin again, as programs do.
  return it.input->begin_run(service.user.empty() ? sys::InputAccess::owner : sys::InputAccess::readers);
}

void Executor::drain_output(core::InstanceId id) {
  if (Instance* it = find(id)) it->outputs.drain();
}

Result<> Executor::write_stdin(core::InstanceId id, std::string_view bytes) {
  Instance* it = find(id);
  if (it == nullptr || !it->process) return failure("write", ESRCH, "stdin");
  // Of a run that an earlier supervisor began, the FIFO tells what it is.
  if (!it->input) it->input = std::make_unique<Input>(tools_.loop, tools_.place.fifos, fifo_name(id));
  auto written = it->input->write(bytes);
  if (!written && written.error().code == ENOENT) return failure("write", ENXIO, "stdin");
  return written;
}

}  // namespace foster::supervisor
