#include "cli/commands/convert_gguf.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/model/dtype.h"
#include "midillama/tools/convert_gguf.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config&, const ConvertGgufCommand& command) {
  const tools::ConvertedGguf done = tools::convert_gguf(command.in, command.out, model::dtype_from_name(command.dtype));
  const OrderedJson result = {{"out", command.out},
                              {"dtype", command.dtype},
                              {"tensors", done.tensors},
                              {"types", done.types},
                              {"vocab_size", done.config.vocab_size},
                              {"hidden_size", done.config.hidden_size},
                              {"num_hidden_layers", done.config.num_hidden_layers},
                              {"max_position_embeddings", done.config.max_position_embeddings},
                              {"tie_word_embeddings", done.config.tie_word_embeddings}};
  std::cout << json_text(result) << "\n";
}

}  // namespace midillama::cli
