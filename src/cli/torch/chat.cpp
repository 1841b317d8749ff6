#include "cli/commands/chat.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/generate/session.h"
#include "midillama/runs/trained_with.h"
#include "midillama/serve/chat.h"
#include "midillama/serve/line_editor.h"

#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <utility>

namespace midillama::cli {
namespace {

bool is_interrupted() {
  return noted_interrupt() != 0;
}

// A mistake ends nothing.
void talk_in_terminal(serve::Chat& chat) {
  log::info("ask something, or type /help");
  serve::LineEditor editor("> ", is_interrupted);
  for (bool goes_on = true; goes_on;) {
    std::optional<std::string> line;
    {
      const InterruptDelay delay("");
      line = editor.read();
      if (noted_interrupt() == SIGINT && editor.has_dropped_text()) {  // Ctrl-C takes back what was typed, and ends an empty line
        std::cout << std::endl;
        continue;
      }
      if (is_interrupted()) throw Interrupted(noted_interrupt(), "the conversation is over");
    }
    if (!line) break;
    try {
      const InterruptDelay delay("the answer ends here; another signal ends the program", InterruptDelay::Of::ctrl_c);
      goes_on = chat.take(*line);
    } catch (const Error& error) {
      log::error("{}", error.what());
    }
  }
}

// The first mistake ends the program: what follows may be meant for a file that is not heard.
void talk_through_pipe(serve::Chat& chat) {
  bool is_first = true;
  for (std::string line; std::getline(std::cin, line);) {
    if (std::exchange(is_first, false) && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (!chat.take(line)) return;
  }
}

}  // namespace

void run(const config::Config& given, const ChatCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  generate::Session session(config, checkpoint, device);
  serve::Chat chat(session, std::cout, is_interrupted);
  if (!command.midi.empty()) chat.hear(command.midi);
  if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
    talk_in_terminal(chat);
  } else {
    talk_through_pipe(chat);
  }
}

}  // namespace midillama::cli
