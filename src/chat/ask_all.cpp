#include "midillama/chat/ask_all.h"

#include "midillama/chat/client.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/net/http_client.h"

namespace midillama::chat {

std::vector<Answer> ask_all(const std::string& what, std::size_t count, const std::function<Call(std::size_t)>& call,
                            const config::Chat& config, RequestLog& log) {
  Client client(config, log, [] { return noted_interrupt() != 0; });
  std::vector<Answer> answers(count);
  const InterruptDelay delay(kStoppedCalls);
  try {
    parallel_for(
        what, count,
        [&](std::size_t i) {
          answers[i] = client.ask(call(i));
          client.require_an_answer();
        },
        static_cast<unsigned>(config.max_parallel));
  } catch (const net::Stopped&) {
    // Said below, also where the signal came during the last call: what follows would ask on.
  }
  if (noted_interrupt() != 0) throw Interrupted(noted_interrupt(), "stopped: the same command goes on from here");
  const Totals totals = client.totals();
  midillama::log::info("{}", totals_text(totals, cost_of(config, totals.usage)));
  return answers;
}

}  // namespace midillama::chat
