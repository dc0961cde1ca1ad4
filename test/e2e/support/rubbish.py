"""Runs another program, and damages a share of what it writes to its sockets: handshakes, frames, requests, answers.

    python3 rubbish.py SEED SHARE PROGRAM ARGUMENT…

Prints a line on standard error for each piece of rubbish. Waits are 50 times shorter, and a program that stops begins
again, so that there is much of it. It must not know the protocols.
"""
import random
import runpy
import socket
import sys
import time

seed, share, program = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
rng = random.Random(seed)
real_sendall, real_sleep = socket.socket.sendall, time.sleep
count = 0


def damaged(data):
    data, kind, at = bytearray(data), rng.randrange(4), rng.randrange(len(data) + 1)
    if kind == 0:  # some other bits
        for _ in range(rng.randrange(1, 5)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:  # the end is missing
        del data[at:]
    elif kind == 2:  # something in between
        data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40)))
    else:  # something else
        data = bytearray(rng.randrange(256) for _ in range(rng.randrange(1, 400)))
    return bytes(data)


def sendall(self, data, *flags):
    global count
    if len(data) > 0 and rng.random() < share:
        count += 1
        real_sendall(self, damaged(bytes(data)), *flags)
        sys.stderr.write(f'[RUBBISH] {count}\n')  # in one piece: there may be threads
        if rng.random() < 0.97:  # no more comes: else the other end mostly waits, and there is little rubbish
            self.shutdown(socket.SHUT_WR)
    else:
        real_sendall(self, data, *flags)


socket.socket.sendall = sendall
time.sleep = lambda seconds: real_sleep(seconds / 50)
sys.argv = sys.argv[3:]
while True:
    try:
        runpy.run_path(program, run_name='__main__')
    except SystemExit as end:
        print(f'[END] {end}', file=sys.stderr)
    time.sleep(1)
