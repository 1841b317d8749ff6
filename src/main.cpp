#include "cli/run.h"
#include "midillama/core/interrupt.h"

int main(int argc, char** argv) {
  midillama::watch_interrupts();
  return midillama::cli::run(argc, argv);
}
