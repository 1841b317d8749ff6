"""Products of matrices in float32: what at::mm takes (MKL) beside oneDNN, in the LibTorch that the program has, too.

    bench/with_peers bench/compare_products.py [--threads 2] [--rows 40,160,400]

For the layers of SmolLM2-135M: forwards x [rows, in] times a weight [out, in] transposed, backwards a gradient [rows, out] times the weight. Of
each five times so many calls as make some milliseconds, the fastest counts. Printed: billions of floating-point operations a second. To see a
processor without AVX-512: ONEDNN_MAX_CPU_ISA=AVX2.
"""

import argparse
import time

import torch

LAYERS = {"q, k, v": (576, 960), "attention output": (576, 576), "gate, up": (576, 3072), "down": (1536, 576), "head": (576, 49152)}
MILLISECONDS = 20


def rate(product, operations):
    product()
    begin = time.perf_counter()
    product()
    calls = max(1, int(MILLISECONDS / 1000 / (time.perf_counter() - begin)))
    fastest = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(calls):
            product()
        fastest = min(fastest, (time.perf_counter() - begin) / calls)
    return operations / fastest / 1e9


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rows", default="40,160,400")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    linear = torch.ops.mkldnn._linear_pointwise
    print("| rows | layer | forwards, MKL | oneDNN | backwards, MKL | oneDNN |\n|---|---|---|---|---|---|")
    for rows in map(int, options.rows.split(",")):
        for layer, (inputs, outputs) in LAYERS.items():
            x, weight, gradient = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(rows, outputs)
            products = [
                lambda: torch.mm(x, weight.t()),
                lambda: linear(x, weight, None, "none", [], ""),
                lambda: torch.mm(gradient, weight),
                lambda: linear(gradient, weight.t(), None, "none", [], ""),
            ]
            rates = [rate(product, 2 * rows * inputs * outputs) for product in products]
            print(f"| {rows} | {layer} | " + " | ".join(f"{value:.0f}" for value in rates) + " |", flush=True)


if __name__ == "__main__":
    main()
