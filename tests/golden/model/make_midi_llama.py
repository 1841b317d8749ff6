"""Losses and gradients of the whole model from transformers and peft: projector, spliced musical tokens, LoRA.

    python tests/golden/model/make_midi_llama.py          (after make_llama.py)

Writes midi_llama/: projector.safetensors, adapter/ (by peft), examples.json (what the model reads, and the loss of each example),
expected.safetensors (the gradients of the summed loss), merged.safetensors (the weights of peft's merge_and_unload that differ from the
decoder's).
"""

import json
import pathlib
import shutil

import peft
import safetensors.torch
import torch
import transformers

HERE = pathlib.Path(__file__).parent
MUSIC_SIZE = 6
# text length, musical tokens, position of the music, labels from here on
EXAMPLES = [(9, 1, 1, 5), (14, 2, 3, 3), (7, 0, 0, 2), (11, 3, 0, 0)]


def examples():
    for length, tokens, position, first_label in EXAMPLES:
        input_ids = torch.randint(0, 48, (length,))
        labels = input_ids.clone()
        labels[:first_label] = -100
        yield input_ids, labels, position, torch.randn(tokens, MUSIC_SIZE)


def loss_of(model, projector, input_ids, labels, position, music):
    text = model.get_input_embeddings()(input_ids)
    embeddings = torch.cat([text[:position], projector(music), text[position:]])
    spliced = torch.cat([labels[:position], torch.full((len(music),), -100), labels[position:]])
    logits = model(inputs_embeds=embeddings.unsqueeze(0)).logits[0]
    return torch.nn.functional.cross_entropy(logits[:-1].float(), spliced[1:], ignore_index=-100, reduction="sum")


def main():
    torch.manual_seed(7)
    base = transformers.LlamaForCausalLM.from_pretrained(HERE / "llama_gqa")
    lora = peft.LoraConfig(r=3, lora_alpha=5, lora_dropout=0.1, task_type="CAUSAL_LM",
                           target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
    model = peft.get_peft_model(base, lora)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    model.eval()
    projector = torch.nn.Linear(MUSIC_SIZE, base.config.hidden_size)

    rows, total = [], 0
    for example in examples():
        loss = loss_of(model, projector, *example)
        total = total + loss
        input_ids, labels, position, music = example
        rows.append({"input_ids": input_ids.tolist(), "labels": labels.tolist(), "music_position": position, "music": music.tolist(),
                     "loss": loss.item()})
    total.backward()

    folder = HERE / "midi_llama"
    shutil.rmtree(folder, ignore_errors=True)
    model.peft_config["default"].base_model_name_or_path = "tests/golden/model/llama_gqa"
    model.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    safetensors.torch.save_file(dict(projector.state_dict()), folder / "projector.safetensors")
    gradients = {"llama." + name.replace("base_model.model.", "", 1).replace(".default", ""): parameter.grad
                 for name, parameter in model.named_parameters() if parameter.grad is not None}
    gradients |= {"projector." + name: parameter.grad for name, parameter in projector.named_parameters()}
    safetensors.torch.save_file(gradients, folder / "expected.safetensors")
    before = {name: tensor.clone() for name, tensor in transformers.LlamaForCausalLM.from_pretrained(HERE / "llama_gqa").state_dict().items()}
    merged = {name: tensor for name, tensor in model.merge_and_unload().state_dict().items() if not tensor.equal(before[name])}
    safetensors.torch.save_file(merged, folder / "merged.safetensors")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__, "script": "make_midi_llama.py"}
    (folder / "examples.json").write_text(json.dumps({"versions": versions, "examples": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
