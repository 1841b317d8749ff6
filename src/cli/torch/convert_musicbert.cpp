#include "cli/commands/convert_musicbert.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/tools/convert_musicbert.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config&, const ConvertMusicBertCommand& command) {
  const tools::ConvertedMusicBert done = tools::convert_musicbert(command.in, command.out);
  const OrderedJson result = {{"out", command.out},
                              {"tensors", done.tensors},
                              {"left_out", done.left_out},
                              {"hidden_size", done.config.hidden_size},
                              {"num_hidden_layers", done.config.num_hidden_layers},
                              {"num_attention_heads", done.config.num_attention_heads},
                              {"intermediate_size", done.config.intermediate_size},
                              {"max_position_embeddings", done.config.max_position_embeddings}};
  std::cout << json_text(result) << "\n";
}

}  // namespace midillama::cli
