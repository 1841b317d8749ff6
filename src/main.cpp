#include "cli/commands.h"

int main(int argc, char** argv) {
  return midillama::cli::run(argc, argv);
}
