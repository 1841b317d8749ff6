#include "tools/model_card.h"

#include "midillama/core/file.h"

#include <fmt/format.h>

namespace midillama::tools {
namespace {

// {0} name, {1} parts, {2} and {3} encoder and decoder, {4} musical tokens, {5} other files, {6} tensors of the projector,
// {7} hidden states
constexpr const char* kHead = R"(# {0}

What leads from music to text in a MIDI-LLaMA (arXiv 2601.21740), trained with midillama: {1}. A clip's notes go through a frozen MusicBERT,
{7} through the projector; what comes out is put before the words of the question as {4}.

| | directory when this was trained | layers | hidden size | fingerprint |
|---|---|---|---|---|
{2}
{3}

Encoder and language model are not in this folder. The fingerprint is midillama's, of `config.json` and the weight files: other weights give other
answers.

| file | content |
|---|---|
| `projector.safetensors` | {6} |
{5}| `config.yaml` | every setting; set `llm.path` and `music_encoder.path` to where the models are |

## With midillama

```
midillama generate --config config.yaml --checkpoint . --midi tune.mid --prompt "What key is this tune in?"
```

)";

constexpr const char* kAdapterFiles = "| `adapter/` | a LoRA adapter in PEFT's layout |\n";

// {0} " and peft", {1} imports, {2} decoder's path, {3} tokenizer, {4} dtype, {5} adapter, {6} template, {7} classes, {8} the projector,
// {9} the clip
constexpr const char* kPython = R"(## With transformers{0}

```python
import torch
{1}from safetensors.torch import load_file
{7}
llm = {2}
{3}model = AutoModelForCausalLM.from_pretrained(llm, dtype=torch.{4})
{5}
# midillama embed tune.mid --config config.yaml --out clips.safetensors
clip = load_file("clips.safetensors")["embeddings"]{9}
projector = load_file("projector.safetensors")
music = {8}.flatten(0, -2)

template = {6}
prompt = template.split("{{answer}}")[0].replace("{{question}}", "What key is this tune in?")
ids = [([bos] if "{{bos}}" in part else []) + encode(part.replace("{{bos}}", "")) for part in prompt.split("{{music}}")]
before, after = (model.get_input_embeddings()(torch.tensor(part, dtype=torch.long)) for part in ids)
inputs = torch.cat([before, music.to(before.dtype), after]).unsqueeze(0)
print(tokenizer.decode(model.generate(inputs_embeds=inputs, max_new_tokens=64, do_sample=False)[0].tolist()))
```
)";

constexpr const char* kTransformersTokenizer = R"(tokenizer = AutoTokenizer.from_pretrained(llm)
bos, encode = tokenizer.bos_token_id, lambda text: tokenizer.encode(text, add_special_tokens=False)
)";

constexpr const char* kSentencepieceTokenizer = R"(tokenizer = SentencePieceProcessor(model_file=llm + "/tokenizer.model")
bos, encode = tokenizer.bos_id(), tokenizer.encode
)";

std::string row(const char* what, const ModelCard::Model& model) {
  return fmt::format("| {} | `{}` | {} | {} | `{}` |", what, model.path, model.layers, model.hidden_size, model.fingerprint);
}

// A Python literal; JSON's strings are Python's.
std::string quoted(const std::string& text) {
  return Json(text).dump();
}

}  // namespace

std::string to_markdown(const ModelCard& card) {
  const std::string head = fmt::format(kHead, card.name, card.has_adapter ? "a projector and a LoRA adapter" : "a projector",
                                       row("encoder: MusicBERT", card.encoder), row("language model: Llama", card.llm),
                                       card.music_tokens == 1 ? "one musical token" : fmt::format("{} musical tokens", card.music_tokens),
                                       card.has_adapter ? kAdapterFiles : "", card.projector.tensors,
                                       card.is_pooled ? "the mean of its hidden states" : "its hidden states, a vector a note,");
  const std::string imports = card.has_adapter ? "from peft import PeftModel\n" : "";
  const std::string python = fmt::format(
      kPython, card.has_adapter ? " and peft" : "", imports, quoted(card.llm.path),
      card.sentencepiece_only ? kSentencepieceTokenizer : kTransformersTokenizer, card.dtype,
      card.has_adapter ? "model = PeftModel.from_pretrained(model, \"adapter\").eval()\n" : "model.eval()\n", quoted(card.prompt),
      card.sentencepiece_only ? "from sentencepiece import SentencePieceProcessor\nfrom transformers import AutoModelForCausalLM\n"
                              : "from transformers import AutoModelForCausalLM, AutoTokenizer\n",
      card.projector.python, card.is_pooled ? "[:1]" : "[None]");
  return head + python;
}

}  // namespace midillama::tools
