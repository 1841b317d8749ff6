"""Writes chat_templates.json: the ids of apply_chat_template for conversations in the formats of the known families, and the directories
chat/* with the templates, written here in the shape of the families' own, and tokenizers where no other golden has one that fits.

Run make_byte_level.py and make_character_level.py first.
"""

import importlib.metadata
import json
import pathlib
import shutil

from tokenizers import AddedToken, Tokenizer, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from make_byte_level import train

HERE = pathlib.Path(__file__).parent
ROOT = HERE / "chat"

LLAMA3 = """{% set rest = messages %}{% for message in rest %}{% set turn = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set turn = bos_token + turn %}{% endif %}{{ turn }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"""

# With a system turn that is always there, and branches for tools that are never taken.
LLAMA3_DATED = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The first message, where it is the system's. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Tools: " + (tools | length | string) + "\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif message.tool_calls | length != 1 %}
        {{- raise_exception("one call at a time") }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

CHATML = """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

CHATML_DEFAULT = """{%- for message in messages -%}
    {%- if loop.first and messages[0].role != "system" -%}
        {{- "<|im_start|>system\\nYou know 'folk' music.<|im_end|>\\n" -}}
    {%- endif -%}
    {% generation %}{{ "<|im_start|>" ~ message.role ~ "\\n" ~ message.content ~ "<|im_end|>\\n" }}{% endgeneration %}
{%- endfor -%}
{{ "<|im_start|>assistant\\n" if add_generation_prompt else "" }}"""

LLAMA2 = """{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set system = messages[0]['content'] %}{% else %}{% set rest = messages %}{% set system = false %}{% endif %}{% for message in rest %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must take turns') }}{% endif %}{% if loop.index0 == 0 and system != false %}{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""

MISTRAL = """{%- set ns = namespace(index=0, system='') %}
{%- if messages[0]["role"] == "system" %}
    {%- set ns.system = messages[0]["content"] + "\\n\\n" %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in rest %}
    {%- if message["role"] == "user" %}
        {{- " [INST] " + (ns.system if loop.first else "") + message["content"] + " [/INST]" }}
    {%- elif message["role"] == "assistant" %}
        {%- set ns.index = ns.index + 1 %}
        {{- " " + message["content"] + eos_token }}
    {%- else %}
        {{- raise_exception("Roles are user and assistant") }}
    {%- endif %}
{%- endfor %}
"""

# The first one of the family: no space comes before an answer.
MISTRAL_FIRST = """{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% else %}{{ raise_exception('No system messages') }}{% endif %}{% endfor %}"""

# Special tokens around a question; a system message would come before the last one.
MISTRAL_SPECIAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system = messages[0]["content"] %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in rest %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system is defined %}
            {{- "[INST] " + system + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] | trim + eos_token }}
    {%- endif %}
{%- endfor %}
"""

QUESTIONS = ["Which dance is this tune?", "In D or in G?\nSay it in a word.", "1234: it's \u266f, isn't it?"]
ANSWERS = ["It is a reel in G major.", "G", "No: \u97f3\u697d."]
SYSTEM = "You hear a tune. Answer in a word."


def conversations(has_system):
    turns = [{"role": role, "content": text} for pair in zip(QUESTIONS, ANSWERS) for role, text in zip(("user", "assistant"), pair)]
    system = [{"role": "system", "content": SYSTEM}]
    for size in (1, 2, 3, 5, 6):
        yield turns[:size]
        if has_system:
            yield system + turns[:size]


def load(folder, **special):
    return PreTrainedTokenizerFast(tokenizer_file=str(HERE / folder / "tokenizer.json"), **special)


def write_template(name, template, as_file):
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    if as_file:
        (folder / "chat_template.jinja").write_text(template)
    else:
        (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}, indent=1) + "\n")


def save_tokenizer(tokenizer, name):
    (ROOT / name).mkdir(parents=True, exist_ok=True)
    (ROOT / name / "tokenizer.json").write_text(tokenizer.to_str() + "\n")


def make_tokenizers():
    chatml = train(pre_tokenizers.ByteLevel(add_prefix_space=False), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    save_tokenizer(chatml, "chatml")
    mistral = Tokenizer.from_file(str(HERE / "character_level/metaspace/tokenizer.json"))
    mistral.add_special_tokens([AddedToken("[INST]", special=True), AddedToken("[/INST]", special=True)])
    save_tokenizer(mistral, "mistral_special")


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    make_tokenizers()
    llama3 = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
    chatml = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
    sentencepiece = {"bos_token": "<s>", "eos_token": "</s>"}
    metaspace = {"bos_token": "<s>", "eos_token": "<|im_end|>"}  # as its tokenizer_config.json says
    cases = [
        ("llama3", LLAMA3, False, "llama3", llama3, True), ("llama3_dated", LLAMA3_DATED, True, "llama3", llama3, True),
        ("chatml", CHATML, True, "chat/chatml", chatml, True), ("chatml_default", CHATML_DEFAULT, False, "chat/chatml", chatml, True),
        ("llama2", LLAMA2, False, "character_level/prepend", sentencepiece, True), ("llama2", LLAMA2, False, "character_level/metaspace", metaspace, True),
        ("mistral", MISTRAL, True, "character_level/prepend", sentencepiece, True), ("mistral", MISTRAL, True, "character_level/metaspace", metaspace, True),
        ("mistral_first", MISTRAL_FIRST, False, "character_level/prepend", sentencepiece, False),
        ("mistral_first", MISTRAL_FIRST, False, "character_level/metaspace", metaspace, False),
        ("mistral_special", MISTRAL_SPECIAL, True, "chat/mistral_special", sentencepiece, False),
    ]
    golden = {"made_by": "make_chat_templates.py", "versions": {name: importlib.metadata.version(name) for name in ("transformers", "tokenizers")}, "cases": []}
    for name, template, as_file, folder, special, has_system in cases:
        write_template(name, template, as_file)
        tokenizer = load(folder, **special)
        tokenizer.chat_template = template
        rows = []
        for messages in conversations(has_system):
            asks = messages[-1]["role"] == "user"
            ids = tokenizer.apply_chat_template(messages, add_generation_prompt=asks, return_dict=False)
            rows.append({"messages": messages, "ids": ids})
        golden["cases"].append({"template": name, "tokenizer": folder, "conversations": rows})
    (HERE / "chat_templates.json").write_text(json.dumps(golden, separators=(",", ":"), ensure_ascii=False) + "\n")


main()
