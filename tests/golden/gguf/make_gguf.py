"""Writes GGUF files with the package gguf, and what the references make of them.

    python tests/golden/gguf/make_gguf.py

blocks.gguf       a tensor of random blocks of every quantized type, named as the type, and beside each TYPE.expected, what gguf dequantizes it to
untied.gguf       a small random Llama with a head of its own, its tensors in many types; untied.safetensors has `input_ids` and the `logits` of
                  transformers with what gguf dequantizes, which are also those of its own reader of GGUF
tied.gguf         another with a tied head and Llama 3.1's stretched rotary frequencies
<pre>.gguf        tokenizers alone, by tokenizer.ggml.pre: llama-bpe, smollm, gpt-2 and default are trained here by Hugging Face tokenizers, with the
                  steps that the originals have (default: llama.cpp's expressions); sentencepiece is the model of tests/golden/text
tokenizers.json   the ids that tokenizers and sentencepiece give to odd texts
small/            two files of a few kilobytes for tests that change bytes: a Llama with a tokenizer of sentencepiece's kind, and one of GPT-2's

Run make_sentencepiece.py first.
"""

import json
import pathlib
import sys
from importlib.metadata import version

import gguf
import numpy as np
import safetensors.torch
import sentencepiece
import tokenizers
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "text"))
from make_byte_level import LINES, LLAMA3, TEXTS, random_texts  # noqa: E402
import make_sentencepiece  # noqa: E402

VERSIONS = {name: version(name) for name in ("gguf", "numpy", "tokenizers", "sentencepiece", "torch", "transformers")}
QUANTIZED = [Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K]
# Where the float16 scales of a block are, in bytes.
SCALES = {Type.F16: [0], Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q2_K: [80, 82],
          Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}
ODD_HALVES = [0.0, -0.0, 6e-8, -6e-8, 6.1e-5, 65504.0, -65504.0, 1.0]


def random_blocks(generator, kind, rows, blocks_a_row):
    """Any bytes, with scales that are finite: of all sizes, and some that are subnormal, zero or as large as can be."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = generator.integers(0, 256, (rows * blocks_a_row, size), dtype=np.uint8)
    for place in SCALES.get(kind, []):
        scales = (generator.standard_normal(len(blocks)) * 10.0 ** generator.integers(-5, 3, len(blocks))).astype(np.float16)
        scales[: len(ODD_HALVES)] = np.roll(np.array(ODD_HALVES, np.float16), place)[: len(scales)]
        blocks[:, place : place + 2] = scales.view(np.uint8).reshape(-1, 2)
    if kind == Type.BF16:
        blocks[:, 1] &= 0xBF  # no infinity and no NaN
    return blocks.reshape(rows, -1)


def blocks():
    generator = np.random.default_rng(11)
    writer = gguf.GGUFWriter(HERE / "blocks.gguf", "blocks")
    sign(writer)
    for kind in QUANTIZED:
        small = gguf.GGML_QUANT_SIZES[kind][0]
        rows = random_blocks(generator, kind, 3, {1: 32, 32: 4, 256: 3}[small])
        writer.add_tensor(kind.name, rows, raw_dtype=kind)
        writer.add_tensor(f"{kind.name}.expected", gguf.dequantize(rows, kind).astype(np.float32))
    write(writer)


def sign(writer):
    writer.add_string("made_by", "make_gguf.py with " + ", ".join(f"{name} {number}" for name, number in VERSIONS.items()))


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def isolated(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


# name: steps, whether a piece that is a token is taken whole
PRES = {
    "llama-bpe": ([isolated(LLAMA3)], True),
    "smollm": ([pre_tokenizers.Digits(individual_digits=True)], False),
    "gpt-2": ([], False),
    "default": ([isolated(r"[\p{P}\$\+<=>\^~\|]+"),
                 isolated(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"), isolated(r"\p{N}+"), isolated(r"[0-9][0-9][0-9]")], False),
}
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"


def byte_level(pre):
    steps, whole = PRES[pre]
    tokenizer = Tokenizer(models.BPE(ignore_merges=whole))
    cuts = pre in ("smollm", "gpt-2")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=cuts)])
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([*LINES, "1234 12345 (1/4): [x] a+b=c ..."], trainer)
    tokenizer.add_tokens([AddedToken("<music>", normalized=False)])
    return tokenizer


def add_byte_level(writer, pre, tokenizer):
    description = json.loads(tokenizer.to_str())
    size = tokenizer.get_vocab_size()
    kinds = {token["id"]: gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED for token in description["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([tokenizer.id_to_token(i) for i in range(size)])
    writer.add_token_types([kinds.get(i, gguf.TokenType.NORMAL) for i in range(size)])
    writer.add_token_merges([" ".join(pair) for pair in description["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(pre == "llama-bpe")
    writer.add_chat_template(CHAT)


def add_sentencepiece(writer, processor):
    size = processor.get_piece_size()
    kinds = [(processor.is_unknown, gguf.TokenType.UNKNOWN), (processor.is_control, gguf.TokenType.CONTROL), (processor.is_byte, gguf.TokenType.BYTE)]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([processor.id_to_piece(i) for i in range(size)])
    writer.add_token_scores([processor.get_score(i) for i in range(size)])
    writer.add_token_types([next((kind for is_kind, kind in kinds if is_kind(i)), gguf.TokenType.NORMAL) for i in range(size)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def all_tokenizers():
    texts = [*TEXTS, *random_texts(80, 5), "\U00011de5 \U00016ff4a \u1b4e\U00011be1x", "$1,234.50+<=>^~|{}", "x12345678y 1 22 333 4444"]
    golden = {"made_by": "make_gguf.py", "versions": VERSIONS, "texts": texts, "sentencepiece_texts": make_sentencepiece.TEXTS, "models": {}}
    for pre in PRES:
        tokenizer = byte_level(pre)
        if pre not in BYTE_LEVEL_OF_MODEL.values():
            writer = gguf.GGUFWriter(HERE / f"{pre}.gguf", "llama")
            sign(writer)
            add_byte_level(writer, pre, tokenizer)
            write(writer)
        tokenizer.encode_special_tokens = True
        golden["models"][pre] = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    processor = sentencepiece.SentencePieceProcessor(model_file=str(HERE.parent / "text" / "sentencepiece.model"))
    writer = gguf.GGUFWriter(HERE / "sentencepiece.gguf", "llama")
    sign(writer)
    add_sentencepiece(writer, processor)
    write(writer)
    golden["sentencepiece_texts"] += make_sentencepiece.random_texts(60, 2)
    golden["models"]["sentencepiece"] = [processor.encode(text) for text in golden["sentencepiece_texts"]]
    (HERE / "tokenizers.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


BYTE_LEVEL_OF_MODEL = {"untied": "llama-bpe", "tied": "smollm"}
COMMON = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, initializer_range=0.3, bos_token_id=1, eos_token_id=2, pad_token_id=2)
MODELS = {
    "untied": dict(num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, tie_word_embeddings=False, max_position_embeddings=64,
                   rope_parameters={"rope_type": "default", "rope_theta": 500.0}),
    "tied": dict(num_attention_heads=2, num_key_value_heads=1, rms_norm_eps=1e-6, tie_word_embeddings=True, max_position_embeddings=128,
                 rope_parameters={"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                  "original_max_position_embeddings": 16}),
}
TYPES = {"attn_q": Type.Q4_0, "attn_k": Type.Q4_1, "attn_v": Type.Q5_0, "attn_output": Type.Q5_1, "ffn_gate": Type.Q8_0, "ffn_up": Type.F16,
         "ffn_down": Type.BF16, "token_embd": Type.Q8_0, "output": Type.Q4_1}
NAMES = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def interleaved(weight, head_dim):
    """Rows of each head by turns from its two halves."""
    return weight.reshape(-1, 2, head_dim // 2, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def halves(weight, head_dim):
    return weight.reshape(-1, head_dim // 2, 2, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def gguf_name(name):
    name = name.removesuffix(".weight")
    if name.startswith("model.layers."):
        number, name = name.removeprefix("model.layers.").split(".", 1)
        return f"blk.{number}.{NAMES[name]}", NAMES[name]
    return NAMES[name], NAMES[name]


def add_settings(writer, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)


def add_rope_factors(writer, rotary, config):
    """How much smaller transformers made each frequency."""
    head_dim, theta = config.head_dim, config.rope_parameters["rope_theta"]
    plain = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    writer.add_rope_scaling_orig_ctx_len(config.rope_parameters["original_max_position_embeddings"])
    writer.add_tensor("rope_freqs.weight", (plain / rotary.inv_freq.double()).float().numpy())


def add_weights(writer, model, config):
    """Replaces the model's weights by what the file holds."""
    for name, parameter in model.named_parameters():
        full_name, kind = gguf_name(name)
        weight = parameter.detach().numpy()
        turned = kind in ("attn_q", "attn_k")
        rows = interleaved(weight, config.head_dim) if turned else weight
        if weight.ndim == 1:
            writer.add_tensor(full_name + ".weight", weight)
            continue
        rows = gguf.quantize(np.ascontiguousarray(rows), TYPES[kind])
        writer.add_tensor(full_name + ".weight", rows, raw_dtype=TYPES[kind])
        exact = gguf.dequantize(rows, TYPES[kind]).astype(np.float32)
        parameter.data = torch.from_numpy(np.ascontiguousarray(halves(exact, config.head_dim) if turned else exact))
    model.tie_weights()


def small():
    """Of nothing but noughts, for nobody computes with them."""
    (HERE / "small").mkdir(exist_ok=True)
    writer = gguf.GGUFWriter(HERE / "small" / "byte_level.gguf", "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(["<s>", "<music>", *"alers12\u0120", "re", "le", "al"])
    writer.add_token_types([gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED, *[gguf.TokenType.NORMAL] * 11])
    writer.add_token_merges(["r e", "l e", "a l"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_chat_template(CHAT)
    write(writer)
    writer = gguf.GGUFWriter(HERE / "small" / "whole.gguf", "llama")
    pieces = ["<unk>", "<s>", "</s>", "<0x0A>", "\u2581", *"aelr", "\u2581a", "re", "el"]
    add_settings(writer, transformers.LlamaConfig(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
                                                  vocab_size=len(pieces), rope_parameters={"rope_type": "default", "rope_theta": 1e4}))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([0.0] * 9 + [-1.0, -2.0, -3.0])
    writer.add_token_types([2, 3, 3, 6] + [1] * 8)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    shapes = {"attn_norm": (32,), "attn_q": (32, 32), "attn_k": (16, 32), "attn_v": (16, 32), "attn_output": (32, 32), "ffn_norm": (32,),
              "ffn_gate": (32, 32), "ffn_up": (32, 32), "ffn_down": (32, 32)}
    for name, shape in {**{f"blk.0.{name}": shape for name, shape in shapes.items()}, "output_norm": (32,), "token_embd": (len(pieces), 32)}.items():
        kind = Type.F32 if len(shape) == 1 else Type.Q4_0
        writer.add_tensor(name + ".weight", gguf.quantize(np.zeros(shape, np.float32), kind), raw_dtype=kind)
    write(writer)


def model(name, settings):
    tokenizer = byte_level(BYTE_LEVEL_OF_MODEL[name])
    torch.manual_seed(len(name))
    config = transformers.LlamaConfig(**COMMON, **settings, vocab_size=tokenizer.get_vocab_size())
    llama = transformers.LlamaForCausalLM(config).eval()
    for key, parameter in llama.named_parameters():
        if "norm" in key:
            parameter.data.uniform_(0.5, 1.5)
    writer = gguf.GGUFWriter(HERE / f"{name}.gguf", "llama")
    sign(writer)
    add_settings(writer, config)
    add_byte_level(writer, BYTE_LEVEL_OF_MODEL[name], tokenizer)
    if config.rope_parameters["rope_type"] == "llama3":
        add_rope_factors(writer, llama.model.rotary_emb, config)
    add_weights(writer, llama, config)
    write(writer)
    input_ids = torch.randint(0, config.vocab_size, (1, 24))
    with torch.no_grad():
        logits = llama(input_ids=input_ids).logits
        if name == "untied":
            own = transformers.AutoModelForCausalLM.from_pretrained(HERE, gguf_file=f"{name}.gguf", dtype=torch.float32).eval()
            assert (own(input_ids=input_ids).logits - logits).abs().max() < 1e-5
    safetensors.torch.save_file({"input_ids": input_ids, "logits": logits[:, ::4].contiguous()}, HERE / f"{name}.safetensors")


if __name__ == "__main__":
    blocks()
    all_tokenizers()
    small()
    for case, arguments in MODELS.items():
        model(case, arguments)
