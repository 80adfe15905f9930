// Who uses the services while foster is lost again and again: not one request may fail.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "fleet.hpp"
#include "report.hpp"

namespace foster::chaos {

/// Begins with its construction; its end is that of the load.
class Clients {
 public:
  Clients(const Fleet& fleet, Report& report);

 private:
  std::vector<std::jthread> threads_;
};

}  // namespace foster::chaos
