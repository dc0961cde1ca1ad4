#!/usr/bin/env python3
"""A plain HTTP node, as a class writes it with Flask, in Python's standard library. It speaks no WebSocket: it registers
with a hearsay bootstrap and takes messages by POST /message, and so it is reached by its name like any other node.

It must not be more than an example: it trusts whoever can reach it. Python 3.8 or newer.
"""
import argparse
import http.client
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_BYTES_MAX = 1 << 20
REGISTER_AGAIN_S = 10  # a bootstrap that was restarted knows nothing of plain HTTP nodes
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the others are near, not behind a proxy


def say(text, to=sys.stdout):
    """Prints one line in one write, whatever is in the text."""
    to.write(''.join(c if c.isprintable() else repr(c)[1:-1] for c in text) + '\n')
    to.flush()


def ask(url, body=None):
    """Gets JSON, or posts it. Returns (status, answer), or (0, what was wrong) when no JSON object came back."""
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(url, data, {'Content-Type': 'application/json'})
        try:
            response = DIRECT.open(request, timeout=15)
        except urllib.error.HTTPError as refusal:
            response = refusal  # an answer all the same, which says why
        with response:
            status, answer = response.getcode(), json.load(response)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return 0, {'error': str(error)}
    return (status, answer) if isinstance(answer, dict) else (0, {'error': 'The answer is no JSON object'})


class Handler(BaseHTTPRequestHandler):
    """What a Flask node has as routes."""
    timeout = 15  # seconds in which a client has to say something

    def do_GET(self):
        if self.path == '/':
            self.answer(200, {'message': f'Node {self.server.node_name} is running!'})
        else:
            self.answer(404, {'error': 'Not found: there is GET / and POST /message'})

    def do_POST(self):
        size = self.headers.get('Content-Length', '')
        if self.path != '/message':
            self.answer(404, {'error': 'Not found: there is GET / and POST /message'})
        elif not (size.isdecimal() and len(size) < 10):
            self.answer(411, {'error': 'Send the body with a Content-Length'})
        elif int(size) > BODY_BYTES_MAX:
            self.answer(413, {'error': f'The body is larger than {BODY_BYTES_MAX} bytes'})
        else:
            self.answer(*self.receive(self.rfile.read(int(size))))

    def receive(self, body):
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return 400, {'error': 'The body is not JSON'}
        if not isinstance(message, dict) or message.get('sender') in (None, '') or message.get('msg') in (None, ''):
            return 400, {'error': 'Missing sender or msg'}
        if message.get('to') not in (None, self.server.node_name):
            return 400, {'error': 'This is a plain HTTP node: it carries nothing to others'}
        msg = message['msg']
        say(f'[MSG] From {message["sender"]}: {msg if isinstance(msg, str) else json.dumps(msg)}')
        return 200, {'status': 'received'}

    def answer(self, status, body):
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # whoever asked has hung up

    def send_error(self, code, message=None, explain=None):
        self.answer(code, {'error': message or self.responses.get(code, ('Error',))[0]})

    def log_message(self, format, *args):
        pass  # standard output is for messages


def register(options, url):
    """Registers, and returns the URLs of all others; none when the bootstrap does not answer, or refuses."""
    status, answer = ask(f'{options.bootstrap}/register', {'peer': url, 'name': options.name})
    if status != 200:
        say(f'Not registered at {options.bootstrap}: {answer.get("error")}', sys.stderr)
    return answer.get('peers', [])


def greet(options, peers):
    """Posts a message to each peer: whoever is posted to is the receiver."""
    for peer in peers:
        status, answer = ask(f'{peer}/message', {'sender': options.name, 'msg': f'Hello from {options.name}'})
        say(f'{options.name} -> {peer}: {status} {json.dumps(answer)}')


def send(options):
    """Has the overlay carry a message: any node takes it, and says how it ended."""
    to, msg = options.to
    listed = ask(f'{options.bootstrap}/peers')[1].get('nodes', [])
    for node in [one['url'] for one in listed if one['kind'] == 'node' and 'url' in one]:
        status, answer = ask(f'{node}/message', {'sender': options.name, 'to': to, 'msg': msg})
        if status:
            return say(f'{options.name} -> {to}: {status} {json.dumps(answer)}')
    say(f'{options.name} -> {to}: no node answers that could carry it')


def main():
    parser = argparse.ArgumentParser(description='A plain HTTP node beside a hearsay overlay.')
    parser.add_argument('--name', default=os.environ.get('NODE_NAME', 'flask1'))
    parser.add_argument('--port', type=int, default=int(os.environ.get('PORT', 6001)), help='0: any free one')
    parser.add_argument('--url', default=os.environ.get('NODE_URL'), help='where others reach it')
    parser.add_argument('--bootstrap', default=os.environ.get('BOOTSTRAP_URL', 'http://127.0.0.1:5000'))
    parser.add_argument('--to', nargs=2, metavar=('NODE', 'TEXT'), help='a message for the overlay to carry')
    options = parser.parse_args()
    try:
        server = ThreadingHTTPServer(('', options.port), Handler)
    except OSError as error:
        sys.exit(f'Port {options.port} cannot be had, take another one with --port: {error}')
    server.node_name = options.name
    url = options.url or f'http://127.0.0.1:{server.server_port}'
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(f'Node {options.name} is running at {url}')
    peers = register(options, url)
    say(f'Peers: {" ".join(peers) or "none yet"}')
    greet(options, peers)
    if options.to:
        send(options)
    while True:
        time.sleep(REGISTER_AGAIN_S)
        register(options, url)


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        pass
