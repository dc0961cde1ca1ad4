#!/usr/bin/env python3
"""A member of a hearsay overlay in Python (3.8 or newer), from docs/PROTOCOL.md: a leaf, as its section 17 has it.

    python3 examples/python-peer.py ws://127.0.0.1:5001 --name py1 --to node3 "hello"
It dials a node, or a bootstrap that names some; prints what comes, and how its own message ended. Nobody can dial it.
"""
import argparse, base64, contextlib, hashlib, http.client, io, json, os, random, re, struct, sys, time, urllib.parse

HELLO, HEARTBEAT, RECORDS, GOSSIP, DIRECT, ACK, BOUNCE, WELCOME = 0x01, 0x02, 0x10, 0x20, 0x30, 0x31, 0x32, 0x40
REASONS = {4040: 'unknown-peer', 4041: 'no-route', 4042: 'peer-left', 4043: 'queue-full', 4044: 'refused'}
# The fields of frames (section 4). Whatever error comes of reading one, it is malformed.
def put(value, size): return value.to_bytes(size, 'big')
def put_string(value): return put(len(value), 1) + value.encode('ascii')
def put_varint(value): return put(value, 1) if value < 128 else put(value & 127 | 128, 1) + put_varint(value >> 7)
def get_bytes(stream, size): return struct.unpack(f'{size}s', stream.read(size))[0]
def get(stream, size): return int.from_bytes(get_bytes(stream, size), 'big')
def get_name(stream): return re.match(r'[^\W_][\w.-]{0,63}\Z', get_bytes(stream, get(stream, 1)).decode('ascii'))[0]
def get_varint(stream, byte): return byte if byte < 128 else byte - 128 + (get_varint(stream, get(stream, 1)) << 7)
def say(text, to=sys.stdout): print(''.join(c if c.isprintable() else repr(c)[1:-1] for c in text), file=to, flush=True)

class Peer:
    def __init__(self, url, name, to):
        self.name, self.run, self.instance = name, time.time_ns() // 1000000, os.urandom(16).hex()
        self.urls, self.to, self.deadline, self.trouble = [url], to, time.monotonic() + 10, 'expired'
        self.version, self.awaited, self.seen = 0, {}, []
    def dial(self, url):  # a WebSocket client (RFC 6455), whose messages are bundles of frames (sections 2 and 3)
        place, key = urllib.parse.urlsplit(url), base64.b64encode(os.urandom(16))
        self.link = http.client.HTTPConnection(place.netloc, timeout=6)  # three heartbeats
        self.link.request('GET', place.path or '/', None, {'Connection': 'Upgrade', 'Upgrade': 'websocket',
            'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Protocol': 'hearsay.1'})
        answer = self.link.getresponse()
        accept = base64.b64encode(hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest()).decode()
        if answer.headers['Sec-WebSocket-Accept'] != accept: raise OSError(f'no hearsay.1 at {url}')
        self.send(HELLO, json.dumps({'protocol': 1, 'role': 'node', 'name': self.name, 'incarnation': self.run,
                                     'instance': self.instance, 'linkless': True}).encode())
        return answer.fp
    def write(self, opcode, data):
        size, mask = len(data), os.urandom(4)
        head = bytes([opcode | 128, 128 | min(size, 126 + (size > 65535))])
        head += b'' if size < 126 else put(size, 2 if size < 65536 else 8)
        self.link.sock.sendall(head + mask + bytes(a ^ b for a, b in zip(data, mask * (size // 4 + 1))))
    def send(self, kind, *fields, flags=0, hops_left=0):
        frame = bytes([kind, flags, hops_left, hops_left > 0]) + b''.join(fields)
        self.write(2, put_varint(len(frame)) + frame)
    def frames(self, stream, message=b''):
        while True:
            first, size = get_bytes(stream, 2)
            if size > 125: size = get(stream, 2 if size == 126 else 8)
            if size + len(message) > 1 << 20: raise ConnectionError(1009, 'too large')
            opcode, data = first & 15, get_bytes(stream, size)
            if opcode == 8: raise ConnectionError(int.from_bytes(data[:2], 'big'), data[2:].decode())
            if opcode == 9: self.write(10, data)
            if opcode < 8: message += data
            if opcode < 8 and first & 128:
                bundle, message = io.BytesIO(message), b''
                while byte := bundle.read(1): yield io.BytesIO(get_bytes(bundle, get_varint(bundle, byte[0])))
    def stay(self):  # as a member of the overlay, linked to one node after the other
        while True:
            try:
                for frame in self.frames(self.dial(random.choice(self.urls))): self.receive(frame, *get_bytes(frame, 4))
            except KeyboardInterrupt:
                with contextlib.suppress(Exception): self.publish(b'\0', state=1); self.write(8, put(4000, 2))
                return
            except Exception as error:
                code = error.args[0] if isinstance(error, ConnectionError) else 4020
                with contextlib.suppress(Exception): self.write(8, put(code, 2))
                say(f'[END] {error!r}', sys.stderr)
                if code in (4002, 4007, 4012, 4022): sys.exit(1)  # this run must not dial again (section 13)
            time.sleep(random.uniform(0.5, 1.5))
    def receive(self, frame, kind, flags, hops_left, hops):
        if kind == HELLO and (hi := json.load(frame))['role'] == 'node': self.publish(b'\1' + put_string(hi['name']))
        elif kind == HEARTBEAT:  # answered at once, with its own hash (section 17)
            clock, directory = struct.unpack('>I8xQ', frame.read())
            self.send(HEARTBEAT, struct.pack('>IIIQ', time.monotonic_ns() // 1000 % 2**32 or 1, clock, 0, directory))
            if self.to and time.monotonic() > self.deadline: self.to = say(f'[OUT] failed: {self.trouble}')
            if self.to: self.route(DIRECT, self.to[0], 0, put(1, 6), put(0, 2), b'\1' + self.to[1].encode())
        elif kind == RECORDS:
            for one in [io.BytesIO(get_bytes(frame, get(frame, 2))) for _ in range(get(frame, 2))]:
                if get_name(one) == self.name and get(one, 6) > self.run: raise ConnectionError(4007, 'name-taken')
        elif kind == GOSSIP and not flags & 1:  # records of others are of no use here
            broadcast = get_name(frame), get(frame, 6), get(frame, 6)
            if broadcast not in self.seen: self.show(broadcast[0], frame)
            self.seen = [*self.seen[-4095:], broadcast]
        elif kind in (DIRECT, ACK, BOUNCE):
            to, origin, to_run, run = get_name(frame), get_name(frame), get(frame, 6), get(frame, 6)
            if kind == DIRECT: self.direct(to, to_run, origin, run, hops, get(frame, 6), get(frame, 2), frame)
            if kind == BOUNCE: self.trouble = f'{REASONS.get(get(frame, 2), "no-route")} at {origin}'
            if kind == ACK and self.to and origin == self.to[0] and get(frame, 6) > 1:
                self.to = say(f'[OUT] delivered to {origin} in {get(frame, 1)} hops')
        elif kind == WELCOME:
            self.urls[1:] = [contact['url'] for contact in json.load(frame)['contacts']]
            raise ConnectionError(4000, 'left: the bootstrap has named nodes to dial')
    def direct(self, to, to_run, origin, run, hops, sequence, span, frame):
        last_run, awaited = self.awaited.get(origin, (run, 1))
        awaited = max(awaited if run == last_run else 1, sequence - span)
        reason = 4041 if to != self.name else 4042 if to_run not in (0, self.run) else 4043 if sequence > awaited else 0
        if reason: return self.route(BOUNCE, origin, run, put(reason, 2), put_string(to), put(sequence, 6))
        if run < last_run: return
        if sequence == awaited: self.show(origin, frame)
        self.awaited[origin] = run, max(awaited, sequence + 1)
        self.route(ACK, origin, run, put(self.awaited[origin][1], 6), put(hops, 1), put(0, 1))
    def route(self, kind, to, run, *fields):
        self.send(kind, put_string(to), put_string(self.name), put(run, 6), put(self.run, 6), *fields, hops_left=15)
    def publish(self, links, state=0):
        self.version, me = self.version + 1, put_string(self.name) + put(self.run, 6)
        record = me + put(self.version, 4) + put(state, 1) + put_string(self.instance) + put(0, 2) + links
        self.send(GOSSIP, me, put(self.version, 6), put(len(record), 2), record, flags=1, hops_left=63)
    def show(self, origin, frame):  # section 12
        try:
            kind = get(frame, 1)
            heads = json.loads(get_bytes(frame, get(frame, 2))) if kind & 128 else {}
            text = frame.read().decode() if kind & 127 else repr(frame.read())
            if not heads.keys() & {'ping', 'guest', 'topic'}: say(f'[MSG] From {heads.get("sender", origin)}: {text}')
        except Exception: say(f'[MSG] From {origin}: it cannot be read')

parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
parser.add_argument('url')
parser.add_argument('--name', required=True)
parser.add_argument('--to', nargs=2, metavar=('NODE', 'TEXT'))
Peer(**vars(parser.parse_args())).stay()
