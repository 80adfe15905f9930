// The measures: each prints its rows, foster beside the floor (and peers), as ratios of one run.
#pragma once

#include <cstddef>

namespace foster::bench {

void measure_restart(std::size_t trials);
void measure_boot(std::size_t services, std::size_t rounds);
void measure_idle(std::size_t services, std::size_t seconds);
void measure_ps(std::size_t services, std::size_t trials);
void measure_stop(std::size_t services, std::size_t rounds);
void measure_prefork(std::size_t trials);
void measure_table(std::size_t processes, std::size_t trials);

}  // namespace foster::bench
