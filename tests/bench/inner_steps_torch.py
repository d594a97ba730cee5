#!/usr/bin/env python3
"""PhyLL's inner step as one would write it in PyTorch, beside that of phyll_bench_kernels.

    apt-get install python3-torch libopenblas0-pthread
    tests/bench/inner_steps_torch.py [phyll_bench_kernels]

One thread each, taken in turns with the program that is given. The loss is that of the scheme
`phyll`: the goodness of |W y + b| along a fixed direction, log(1 + exp(-theta (g+ - g-))), and Adam.
The gradient once by autograd, once written out as phylld has it. With Debian's reference BLAS
(without OpenBLAS) the comparison says nothing; which one is used is printed.
"""
import re
import statistics
import subprocess
import sys
import time

import torch

STEPS = 5
ROUNDS = 9
THETA = 4.0
EPSILON = 1e-6


def blas_in_use():
    with open("/proc/self/maps", encoding="ascii") as maps:
        found = set(re.findall(r"/\S*/(lib(?:open)?blas\S*)", maps.read()))
    return ", ".join(sorted(found)) or "none found"


def median_seconds(calls):
    times = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, of_call in zip(calls, times):
            start = time.perf_counter()
            call()
            of_call.append(time.perf_counter() - start)
    return [statistics.median(of_call) for of_call in times]


class Layer:
    """A layer of `width` inputs and outputs; the first half of the batch is positive."""

    def __init__(self, width, pairs):
        generator = torch.Generator().manual_seed(1)
        self.y = torch.randn(2 * pairs, width, generator=generator)
        self.p = torch.nn.functional.normalize(torch.randn(width, generator=generator), dim=0)
        self.weights = (torch.randn(width, width, generator=generator) / width**0.5).requires_grad_()
        self.bias = torch.zeros(width, requires_grad=True)
        self.adam = torch.optim.Adam([self.weights, self.bias], lr=2e-3)
        self.pairs = pairs

    def by_autograd(self):
        for _ in range(STEPS):
            a = torch.nn.functional.linear(self.y, self.weights, self.bias).abs()
            goodness = (a @ self.p) / (a.norm(dim=1) + EPSILON)
            margin = goodness[: self.pairs] - goodness[self.pairs :]
            loss = torch.nn.functional.softplus(-THETA * margin).mean()
            self.adam.zero_grad(set_to_none=True)
            loss.backward()
            self.adam.step()

    @torch.no_grad()
    def written_out(self):
        for _ in range(STEPS):
            z = torch.addmm(self.bias, self.y, self.weights.t())
            a = z.abs()
            r = a.norm(dim=1, keepdim=True)
            goodness = (a @ self.p).unsqueeze(1) / (r + EPSILON)
            margin = goodness[: self.pairs] - goodness[self.pairs :]
            slope = torch.sigmoid(-THETA * margin).mul_(-THETA / self.pairs)
            slope = torch.cat([slope, -slope])
            dz = (self.p - goodness * a / r).mul_(slope / (r + EPSILON)).mul_(z.sign())
            self.weights.grad = dz.t() @ self.y
            self.bias.grad = dz.sum(dim=0)
            self.adam.step()

    @torch.no_grad()
    def products(self):
        z = torch.empty(2 * self.pairs, self.y.shape[1])
        for _ in range(STEPS):
            torch.mm(self.y, self.weights.t(), out=z)
            z.t() @ self.y


def main():
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, BLAS {blas_in_use()}, medians of {ROUNDS}")
    for width, pairs in ((676, 500), (676, 250), (20, 206)):
        layer = Layer(width, pairs)
        autograd, written, products = median_seconds(
            [layer.by_autograd, layer.written_out, layer.products]
        )
        print(
            f"inner step {width} x {width}, {pairs} pairs: autograd {autograd / STEPS * 1e3:.2f} ms, "
            f"written out {written / STEPS * 1e3:.2f} ms, its products {products / STEPS * 1e3:.2f} ms"
        )
        if len(sys.argv) > 1:
            ours = subprocess.run(sys.argv[1:2], check=True, capture_output=True, text=True).stdout
            print(next(line for line in ours.splitlines() if f"{width} x {width}, {pairs} pairs" in line))


if __name__ == "__main__":
    main()
