"""Speed of greedy decoding beside transformers + peft: the same weights, adapter and prompts, in turns on this machine.

    bench/with_peers bench/compare_generation.py [--sizes tiny,mid] [--batches 1,8] [--rounds 5]

The models are those of compare_training.py; what is missing is made. Both sides answer the same prompts of unequal length (padded on the
left, the clip's embedding spliced in) with the same number of new tokens; the tokens must be the same. The peer is measured with its adapter
and with the adapter merged into the weights. Printed: median tokens/s, ratios (median, least and greatest of the paired rounds), and the share of
the machine's read bandwidth, measured in the same round, at which the weights pass by.
"""

import argparse
import json
import statistics
import time

import compare_training
import supplies
from rounds import Speed, cells, paired


class Peer:
    def __init__(self, folder, threads, merged):
        import peft
        import torch
        import transformers
        from safetensors.torch import load_file

        torch.set_num_threads(threads)
        llama = transformers.LlamaForCausalLM.from_pretrained(folder / "llm", dtype=torch.float32)
        self.model = peft.PeftModel.from_pretrained(llama, folder / "start" / "adapter").eval()
        if merged:
            self.model = self.model.merge_and_unload()
        projector = load_file(folder / "start" / "projector.safetensors")
        music = torch.nn.functional.linear(load_file(folder / "music.safetensors")["embeddings"], projector["weight"], projector["bias"])
        self.prompts = []
        with torch.no_grad():
            for line in (folder / "examples.jsonl").read_text().splitlines():
                row = json.loads(line)
                ids = row["input_ids"][: next(i for i, label in enumerate(row["labels"]) if label != -100)]
                words = llama.get_input_embeddings()(torch.tensor(ids))
                at = row["music_position"]
                self.prompts.append(torch.cat([words[:at], music[row["music"]].unsqueeze(0), words[at:]]))

    def greedy(self, batch, new_tokens):
        import torch

        prompts = self.prompts[:batch]
        longest = max(len(prompt) for prompt in prompts)
        inputs = torch.zeros(batch, longest, prompts[0].shape[1])
        mask = torch.zeros(batch, longest, dtype=torch.long)
        for i, prompt in enumerate(prompts):
            inputs[i, longest - len(prompt) :] = prompt
            mask[i, longest - len(prompt) :] = 1
        started = time.perf_counter()
        with torch.no_grad():
            ids = self.model.generate(inputs_embeds=inputs, attention_mask=mask, max_new_tokens=new_tokens, min_new_tokens=new_tokens,
                                      do_sample=False, eos_token_id=None, pad_token_id=0)
        return time.perf_counter() - started, ids.tolist()


def read_bandwidth(threads):
    """Bytes a second of the largest of several sums over 512 MiB."""
    import torch

    torch.set_num_threads(threads)
    block = torch.ones(1 << 27)
    best = 0.0
    for _ in range(5):
        started = time.perf_counter()
        block.sum()
        best = max(best, block.nbytes / (time.perf_counter() - started))
    return best


def compare(size, folder, options):
    command = [options.model_speed, "generate", folder / "llm", folder / "start", folder / "examples.jsonl", folder / "music.safetensors",
               options.threads]
    for merged in (False, True):
        peer = Peer(folder, options.threads, merged)
        with Speed(*command) as ours:
            for batch in map(int, options.batches.split(",")):
                request = f"greedy {batch} {options.new_tokens}"
                if not merged and ours.ask(request)["tokens"] != peer.greedy(batch, options.new_tokens)[1]:
                    raise SystemExit(f"{size}, batch {batch}: the tokens are not the same")
                shares = []
                weight_bytes = 4 * sum(compare_training.frozen_weights(compare_training.SIZES[size]))

                def our_seconds():
                    seconds = ours.ask(request)["seconds"]
                    shares.append(weight_bytes * options.new_tokens / seconds / read_bandwidth(options.threads))
                    return seconds

                pairs = paired(options.rounds, our_seconds, lambda: peer.greedy(batch, options.new_tokens)[0])
                share = statistics.median(shares[1:])  # the first round does not count
                print(f"| {size} | {batch} | {'merged' if merged else 'with adapter'} | {cells(pairs, batch * options.new_tokens, '{:,.0f}')} | "
                      f"{share:.0%} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    compare_training.add_world_arguments(arguments)
    arguments.add_argument("--batches", default="1,8")
    arguments.add_argument("--new-tokens", type=int, default=48)
    arguments.add_argument("--rounds", type=int, default=5)
    options = arguments.parse_args()
    options.steps, options.batch = 1, max(map(int, options.batches.split(",")))
    compare_training.supply(options)
    options.model_speed = supplies.program("model_speed")
    print("| size | batch | peer | midillama, tokens/s | peer, tokens/s | ratio | of the read bandwidth |\n|---|---|---|---|---|---|---|", flush=True)
    for size in options.sizes.split(","):
        with compare_training.built_world(options, size) as (folder, _):
            compare(size, folder, options)


if __name__ == "__main__":
    main()
