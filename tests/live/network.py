"""Hosts with a network between them, in which packets can be made to vanish: between any two, both ways or one way.

    network = Network(['east', 'west', 'north'])
    server.host, server.inside = network.address('east'), network.inside('east')
    network.cut_off('east'); network.heal()

Each host is a network namespace with one line to a router, which is one, too. A rule of the router swallows packets
without a word to either end, as a cable does that somebody pulled out far away. Neither namespaces nor lines have a
name outside: each lives by a process that holds it, and ends with it, whatever ends this process. Unix sockets are
files and know no namespaces: by them a test reaches a server whose network is cut.
"""

import functools
import itertools
import shutil
import subprocess

from servers import die_with_parent

PROGRAMS = ('unshare', 'nsenter', 'ip')


class NetworkError(Exception):
    pass


class Namespace:
    """inside: the words before a command that is to run here."""

    def __init__(self):
        self.holder = subprocess.Popen(['unshare', '--net', 'sh', '-c', 'echo here; exec cat'], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        if not self.holder.stdout.readline():
            why = self.holder.stderr.read().strip()
            self.close()
            raise NetworkError(why)
        self.inside = ['nsenter', f'--target={self.holder.pid}', '--net', '--']

    def run(self, *words):
        result = subprocess.run([*self.inside, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise NetworkError(f"{' '.join(map(str, words))}: {result.stdout.strip()}")
        return result.stdout

    def close(self):
        self.holder.kill()
        self.holder.wait()
        for pipe in (self.holder.stdin, self.holder.stdout, self.holder.stderr):
            pipe.close()


class Network:
    RULE = 100                              # before the rules that every namespace has

    def __init__(self, names):
        self.numbers = {name: number for number, name in enumerate(names, 1)}
        self.hosts, self.lost = {}, []
        self.router = Namespace()
        try:
            self.router.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
            for name in names:
                self.hosts[name] = Namespace()
                self._lay_line(name)
        except NetworkError:
            self.close()
            raise

    @classmethod
    @functools.lru_cache(maxsize=None)
    def missing(cls):
        """None, or why there can be no such network here: asked by making one."""
        absent = [program for program in PROGRAMS if not shutil.which(program)]
        if absent:
            return f'no network namespaces: {", ".join(absent)} is not installed'
        try:
            network = cls(['a', 'b'])
            try:
                network.cut('a', 'b')
            finally:
                network.close()
        except NetworkError as e:
            return f'no network namespaces, which need root: {e}'
        return None

    def _lay_line(self, name):
        host, number, gate = self.hosts[name], self.numbers[name], f'10.77.{self.numbers[name]}.1'
        self.router.run('ip', 'link', 'add', 'name', f'line{number}', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.holder.pid)
        self.router.run('ip', 'address', 'add', f'{gate}/24', 'dev', f'line{number}')
        self.router.run('ip', 'link', 'set', f'line{number}', 'up')
        host.run('ip', 'address', 'add', f'{self.address(name)}/24', 'dev', 'eth0')
        for device in ('lo', 'eth0'):
            host.run('ip', 'link', 'set', device, 'up')
        host.run('ip', 'route', 'add', 'default', 'via', gate)

    def address(self, name):
        return f'10.77.{self.numbers[name]}.2'

    def inside(self, name):
        return self.hosts[name].inside

    def _rule(self, verb, source, target):
        self.router.run('ip', 'rule', verb, 'priority', self.RULE, 'from', self.address(source), 'to', self.address(target), 'blackhole')

    def lose(self, source, target):
        """What one host sends to another vanishes; what comes back does not."""
        self._rule('add', source, target)
        self.lost.append((source, target))

    def cut(self, a, b):
        for source, target in itertools.permutations((a, b)):
            self.lose(source, target)

    def cut_off(self, name):
        for other in self.hosts:
            if other != name:
                self.cut(name, other)

    def apart(self, a, b):
        """Two hosts cannot talk: for that, packets must come through both ways."""
        return (a, b) in self.lost or (b, a) in self.lost

    def heal(self):
        while self.lost:
            self._rule('delete', *self.lost.pop())

    def close(self):
        for namespace in (*self.hosts.values(), self.router):
            namespace.close()
