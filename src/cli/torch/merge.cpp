#include "cli/commands/merge.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/model/dtype.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trained_with.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/tokenizer.h"
#include "midillama/tools/merge.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config& given, const MergeCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  const std::filesystem::path adapter = checkpoint / runs::kAdapterFolder;
  if (!std::filesystem::exists(adapter)) {
    throw InputError(adapter.string(), "", "is missing: only an sft checkpoint has an adapter to merge (`midillama train --stage sft`)");
  }
  const auto tokenizer = text::load_tokenizer(config.llm.path);
  const auto probe = shapes::prompt_template(config, *tokenizer).encode_prompt(command.prompt, config.prompt.max_length, 0);

  const tools::Merged merged = tools::merge_adapter(config.llm.path, adapter, command.out);
  const tools::LogitDifference difference =
      tools::compare_merged(config.llm.path, adapter, command.out, probe.input_ids, device, model::dtype_from_name(config.llm.dtype));
  const OrderedJson result = {{"out", command.out},
                              {"tensors", merged.tensors},
                              {"merged", merged.merged},
                              {"probe_tokens", probe.input_ids.size()},
                              {"largest_logit_difference", difference.largest},
                              {"mean_logit_difference", difference.mean}};
  std::cout << json_text(result) << "\n";
}

}  // namespace midillama::cli
