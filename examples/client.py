#!/usr/bin/env python3
"""A small client of phylld, made by docs/protocol.md: lists the rigs and, if asked, queries one.

    client.py --endpoint tcp://127.0.0.1:5570 --query echo --key 42 --in stimuli.csv

Of a phylld that asks for keys, $PHYLL_SERVER_KEY is the public key, and $PHYLL_KEY the file of one's own.
"""
import argparse
import importlib
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zmq  # Debian: python3-zmq, and python3-protobuf and protobuf-compiler for the rest
from zmq.utils import z85

PATIENCE_S = 10  # for an answer; the daemon gives up 0.5 s sooner, so that its word still arrives


def load_stubs(proto, *names):
    """Compiles the .proto files below the folder `proto` and imports those of these names."""
    with tempfile.TemporaryDirectory() as out:
        files = Path(proto).glob("phyll/v1/*.proto")
        subprocess.run(["protoc", f"-I{proto}", f"--python_out={out}", *files], check=True)
        Path(out, "phyll", "__init__.py").touch()  # else another package `phyll` would hide it
        sys.path.insert(0, out)
        return [importlib.import_module(f"phyll.v1.{name}_pb2") for name in names]


def show_key(socket, server_key, file):
    """Makes the socket show the key of the file to who has the server key, and to nobody else."""
    lines = [line.strip() for line in open(file) if not line.startswith("#")]
    secret = z85.encode(bytes.fromhex(lines[0]))
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_public(secret), secret
    socket.curve_serverkey = z85.encode(bytes.fromhex(server_key))


class Client:
    def __init__(self, endpoint, wire):
        self.endpoint, self.wire, self.ids = endpoint, wire, itertools.count(1)
        self.lease = b""  # token of a lease to drive rigs under; none: one for each call
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0        # at exit, drop what could not be sent
        self.socket.immediate = True  # send over a connection that stands, or else
        self.socket.sndtimeo = 2000   # fail after so many milliseconds
        if "PHYLL_SERVER_KEY" in os.environ:
            show_key(self.socket, os.environ["PHYLL_SERVER_KEY"], os.environ["PHYLL_KEY"])
        try:
            self.socket.connect(endpoint)
        except zmq.ZMQError as error:
            raise ConnectionError(f"cannot connect to {endpoint}: {error}") from None

    def call(self, method, request, reply_type, *payload):
        """Calls a method that does not stream; returns its reply and a list of payload frames."""
        header = self.wire.Header(kind=self.wire.REQUEST, id=next(self.ids), method=method,
                                  timeout_ms=1000 * PATIENCE_S - 500, version=1, lease=self.lease)
        deadline = time.monotonic() + PATIENCE_S
        frames = [header.SerializeToString(), request.SerializeToString(), *payload]
        try:
            self.socket.send_multipart(frames)
        except zmq.Again:
            raise ConnectionError(f"no phylld answers at {self.endpoint}") from None
        while self.socket.poll(max(0, 1000 * (deadline - time.monotonic()))):
            head, *frames = self.socket.recv_multipart()
            answer = self.wire.Header.FromString(head)
            if answer.id == header.id:  # any other is a late word on an earlier request
                if answer.status.code != self.wire.OK:
                    raise RuntimeError(answer.status.message)
                return reply_type.FromString(frames[0]), frames[1:]
        raise TimeoutError(f"{method}: no answer within {PATIENCE_S} s")


def main():
    parser = argparse.ArgumentParser(description="List the rigs of a phylld, and query one.")
    parser.add_argument("--endpoint", required=True, help="for instance tcp://127.0.0.1:5570")
    parser.add_argument("--query", metavar="RIG", help="rig to send the drives of --in to")
    parser.add_argument("--in", dest="file", type=argparse.FileType(), default=sys.stdin)
    parser.add_argument("--key", type=int, help="identity of the samples; default: a fresh one")
    parser.add_argument("--block", type=int, default=4096, help="samples per query, at most")
    parser.add_argument("--proto", default=Path(__file__).resolve().parents[1] / "proto")
    args = parser.parse_args()
    lines = [line for line in args.file if line.strip()] if args.query else []
    samples = [[float(word) for word in line.split(",")] for line in lines]
    if args.query and len({len(sample) for sample in samples}) != 1:
        raise ValueError(f"{args.file.name}: lines with equal numbers of drives are expected")
    lab, rig, rigs, wire = load_stubs(args.proto, "lab", "rig", "rigs", "wire")
    client = Client(args.endpoint, wire)
    reply, _ = client.call("phyll.v1.Lab/Rigs", lab.RigsRequest(), lab.RigsReply)
    for each in reply.rigs:
        print(json.dumps({"rig": each.name, "kind": each.spec.kind,
                          "inputs": len(each.spec.inputs), "outputs": len(each.spec.outputs)}))
    for first in range(0, len(samples), args.block):
        part = samples[first:first + args.block]
        block = wire.Block(channels=len(part[0]), samples=len(part))
        stimuli = struct.pack(f"<{block.channels * block.samples}f", *itertools.chain(*part))
        request = rigs.QueryRequest(rig=args.query, stimuli=block, key=args.key, number=first)
        reply, [payload] = client.call("phyll.v1.Rigs/Query", request, rigs.QueryReply, stimuli)
        args.key = reply.key  # drawn by the daemon, where none was given
        responses = list(struct.iter_unpack(f"<{reply.responses.channels}f", payload))
        print(json.dumps({"key": reply.key, "number": reply.number, "age": reply.age, "evidence":
                          rig.Evidence.Name(reply.evidence), "responses": responses}))


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, ValueError, OverflowError, subprocess.SubprocessError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
