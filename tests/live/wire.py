"""A line to a server that can be cut without a word, as a network does it, or led to another server."""

import socket
import threading


class Wire:
    """Listens on a port of its own and passes bytes on to `server` and back. cut(): bytes stay where they are and connections stay
    open; mend(): they go on. switch(other): connections end, new ones go to the other server, as when the endpoint of a cluster moves."""

    def __init__(self, server):
        self.to = ('127.0.0.1', server.port)
        self.whole = threading.Event()
        self.whole.set()
        self.sockets = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self):
        return f'127.0.0.1:{self.port}'

    def cut(self):
        self.whole.clear()

    def mend(self):
        self.whole.set()

    def switch(self, server):
        self.to = ('127.0.0.1', server.port)
        self._end()

    def _end(self):
        old, self.sockets = self.sockets, []
        for s in old:
            try:
                s.shutdown(socket.SHUT_RDWR)        # unlike close, it wakes up who reads from it
            except OSError:                         # it has ended by itself
                pass
            s.close()

    def close(self):
        self.listener.close()
        self.whole.set()
        self._end()

    def _listen(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.to)
            except OSError:                         # nobody there
                near.close()
                continue
            self.sockets += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(a, b), daemon=True).start()

    def _pass_on(self, a, b):
        try:
            while data := a.recv(65536):
                self.whole.wait()
                b.sendall(data)
            self.whole.wait()
            b.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (a, b):
                s.close()
