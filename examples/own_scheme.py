#!/usr/bin/env python3
"""A scheme of one's own on a rig of phylld, as a run: looks for the drives with the largest sum of responses.

    own_scheme.py --endpoint tcp://127.0.0.1:5570 --rig cavity --steps 100
    own_scheme.py --endpoint tcp://127.0.0.1:5570 --resume 7 --steps 100

The run has a journal, numbers, metrics and checkpoints like any other. Where this program dies, the
rig is made safe and the run is held; --resume goes on from its last checkpoint, and what was measured
since then is not measured again.
"""
import argparse
import json
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

from client import Client, load_stubs

CANDIDATES = 8  # of a step, measured together
TIME_TO_LIVE_S = 5.0  # longer than any query takes: nothing is renewed meanwhile


class Run:
    """A run of one's own, on two connections: heartbeats must not wait behind data."""

    def __init__(self, endpoint, wire, leases, runs, request):
        self.wire, self.leases, self.runs = wire, leases, runs
        self.data, self.control = Client(endpoint, wire), Client(endpoint, wire)
        reply = self.open(request)
        self.number, self.rig = reply.info.run, reply.info.rigs[0]
        self.state = reply.checkpoint if reply.HasField("checkpoint") else None
        self.data.lease = reply.lease
        self.renewed = time.monotonic()

    def open(self, request):
        """A run whose client was killed is free to be opened again once its lease has ended."""
        deadline = time.monotonic() + 2 * TIME_TO_LIVE_S
        while True:
            try:
                return self.data.call("phyll.v1.Runs/Open", request, self.runs.OpenReply)[0]
            except RuntimeError as error:
                if not request.resume or "driven" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def renew(self):
        """Between queries, not from a thread: a program that hangs must lose the rig."""
        if time.monotonic() - self.renewed > TIME_TO_LIVE_S / 3:
            request = self.leases.LeaseRequest(token=self.data.lease)
            self.control.call("phyll.v1.Leases/Renew", request, self.leases.LeaseReply)
            self.renewed = time.monotonic()

    def query(self, samples):
        block = self.wire.Block(channels=len(samples[0]), samples=len(samples))
        values = [value for sample in samples for value in sample]
        request = self.runs.RunQueryRequest(run=self.number, rig=self.rig, stimuli=block)
        reply, [payload] = self.data.call("phyll.v1.Runs/Query", request, self.runs.RunQueryReply,
                                          struct.pack(f"<{len(values)}f", *values))
        return list(struct.iter_unpack(f"<{reply.responses.channels}f", payload))

    def log(self, step, **metrics):
        request = self.runs.RunLogRequest(run=self.number, step=step, metrics=metrics)
        self.data.call("phyll.v1.Runs/Log", request, self.runs.RunLogReply)

    def checkpoint(self, state):
        request = self.runs.RunCheckpointRequest(run=self.number, state=state)
        self.data.call("phyll.v1.Runs/Checkpoint", request, self.runs.RunCheckpointReply)

    def close(self):
        request = self.runs.CloseRequest(run=self.number)
        self.data.call("phyll.v1.Runs/Close", request, self.runs.RunReply)


def search(run, inputs, seed, steps):
    """What a step does depends on the state alone, so that a step that is taken again asks the same."""
    state = json.loads(run.state) if run.state else {"step": 0, "best": [0.5] * inputs,
                                                     "value": float("-inf")}
    for step in range(state["step"], steps):
        dice = random.Random(seed * 1_000_003 + step)
        candidates = [[min(1.0, max(0.0, drive + dice.gauss(0.0, 0.1))) for drive in state["best"]]
                      for _ in range(CANDIDATES)]
        run.renew()
        for drives, responses in zip(candidates, run.query(candidates)):
            if sum(responses) > state["value"]:
                state["best"], state["value"] = drives, sum(responses)
        state["step"] = step + 1
        run.log(step, value=state["value"])
        if state["step"] % 10 == 0:
            run.checkpoint(json.dumps(state).encode())
        print(json.dumps({"run": run.number, "step": step, "value": state["value"]}), flush=True)
    return state


def main():
    parser = argparse.ArgumentParser(description="A scheme of one's own, as a run of phylld.")
    parser.add_argument("--endpoint", required=True, help="for instance tcp://127.0.0.1:5570")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--rig", help="on which a new run is begun")
    which.add_argument("--resume", type=int, metavar="RUN", help="the run that goes on")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--proto", default=Path(__file__).resolve().parents[1] / "proto")
    args = parser.parse_args()
    leases, rigs, runs, wire = load_stubs(args.proto, "leases", "rigs", "runs", "wire")
    request = runs.OpenRequest(rigs=[args.rig] if args.rig else [], name="largest sum",
                               seed=args.seed, resume=args.resume or 0, wait=True,
                               time_to_live=TIME_TO_LIVE_S)
    run = Run(args.endpoint, wire, leases, runs, request)
    rig, _ = run.control.call("phyll.v1.Rigs/Get", rigs.RigRequest(rig=run.rig), rigs.RigReply)
    search(run, len(rig.rig.spec.inputs), args.seed, args.steps)
    run.close()


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
