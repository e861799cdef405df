"""A TCP proxy of our own, for what happens to lines: cut, stalled, half closed, slow, or cut at one certain request.

It listens on a loopback port and leads to another one. All calls may come from any thread and take effect at once, on
the connections that are open as well as on later ones.
"""

import asyncio
import random
import socket
import struct
import threading
import weakref
from collections import Counter

from support import ports

CHUNK = 65536
COMMIT = b"\x07\0\0\0\x03COMMIT"  # a client's whole packet: its length, COM_QUERY
CUTS = ("asked", "unheard", "answered")  # where a connection is cut at one
OK = b"\0"  # the fifth byte of the server's answer


class Proxy:
    """Leads `port` to `target_port`; use it in a `with` block, or end it by close()."""

    def __init__(self, target_port, target_host="127.0.0.1"):
        self.host = "127.0.0.1"
        self.port = ports.free_port()
        self.connections = 0  # accepted so far
        self.cuts = Counter()  # by cut_at_commit: "asked", "unheard", "answered", and of these "done"
        self._target = (target_host, target_port)
        self._delay = 0.0
        self._refusing = False
        self._pairs = set()  # (client writer, server writer)
        self._ended = weakref.WeakSet()  # writers whose side has been told that the other has ended
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._alive = asyncio.Event()  # of the connections opened since lose() was called last
        self._stall_at = None  # bytes
        self._left = None  # bytes from the server before it stalls
        self._cut_at = None  # (a packet, how likely, the generator of chances)
        self._listener = None
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {self.port}", daemon=True)
        self._thread.start()
        self._call(self._open())

    # What may happen to a line.

    def cut(self):
        """Reset every connection and refuse new ones, until mend()."""
        self._call(self._cut())

    def drop(self):
        """Reset every connection, but take new ones."""
        self._call(self._reset_all())

    def stall(self):
        """Keep connections open and carry nothing, until mend()."""
        self._call(self._set_flowing(False))

    def stall_at(self, size):
        """Carry on, but stall as soon as a client sends `size` bytes (at most CHUNK) at once, and carry none of them."""
        self._call(self._set_flowing(True, size))

    def stall_after(self, size):
        """Carry so many bytes more from the server, then stall."""
        self._call(self._set_flowing(True, left=size))

    @property
    def stalled(self):
        return not self._flowing.is_set()

    def lose(self):
        """The open connections carry nothing any more and neither side ever hears of it, as behind a dead firewall; new
        ones are served."""
        self._call(self._lose())

    def cut_at_commit(self, chance, seed):
        """Reset a connection at one in 1/`chance` of its COMMITs, in turns that chance decides: before the server gets
        it ("asked"), right behind it ("unheard": nobody knows what becomes of it), or where the server has answered
        ("answered"). 0: no more.
        """
        self._call(self._set_cut_at((COMMIT, chance, random.Random(seed)) if chance else None))

    def half_close(self, side="client"):
        """Tell one side ("client" or "server") that the other has ended; the other still may send."""
        self._call(self._half_close(0 if side == "client" else 1))

    def delay(self, seconds):
        """Carry every byte this much later (one way) from now on."""
        self._delay = seconds

    def mend(self):
        """An ordinary line again (what was cut stays cut: clients come back by themselves)."""
        self._delay = 0.0
        self._call(self._mend())

    def close(self):
        if self._loop.is_running():
            self._call(self._shut())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def open_connections(self):
        return len(self._pairs)

    # In the loop's thread.

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _open(self):
        self._flowing.set()
        self._alive.set()
        self._listener = await asyncio.start_server(self._accept, self.host, self.port)

    async def _accept(self, client_reader, client_writer):
        self.connections += 1
        if self._refusing:
            _reset(client_writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(client_writer)
            return
        pair = (client_writer, server_writer)
        self._pairs.add(pair)
        try:
            doomed = asyncio.Event()  # its next answer is not carried
            await asyncio.gather(
                self._carry(client_reader, server_writer, pair, self._alive, doomed, True),
                self._carry(server_reader, client_writer, pair, self._alive, doomed, False),
            )
        except OSError:
            pass
        finally:
            self._pairs.discard(pair)
            for writer in pair:
                _reset(writer)

    async def _carry(self, reader, writer, pair, alive, doomed, from_client):
        """Read in one task and write in another, so that a delay does not slow the line down."""
        waiting = asyncio.Queue(maxsize=1024)
        sender = asyncio.create_task(self._send(waiting, writer, alive))
        try:
            while chunk := await reader.read(CHUNK):
                if from_client and self._stall_at and len(chunk) >= self._stall_at:
                    await self._set_flowing(False)
                if not from_client and self._left is not None:
                    self._left -= len(chunk)
                    if self._left <= 0:
                        await self._set_flowing(False)
                if self._cut_at and self._cut_here(chunk, writer, pair, doomed, from_client):
                    return
                await alive.wait()
                await self._put(waiting, chunk, sender)
            await self._put(waiting, b"", sender)
            await sender
        finally:
            sender.cancel()

    async def _put(self, waiting, chunk, sender):
        """Into the queue; raises what ended the sender, which would leave the queue full for ever."""
        put = asyncio.ensure_future(waiting.put((self._loop.time() + self._delay, chunk)))
        await asyncio.wait({put, sender}, return_when=asyncio.FIRST_COMPLETED)
        if sender.done():
            put.cancel()
            sender.result()

    def _cut_here(self, chunk, writer, pair, doomed, from_client):
        """Whether this packet is where the connection ends."""
        request, chance, rng = self._cut_at
        where = None
        if from_client and chunk == request and rng.random() < chance:
            where = rng.choice(CUTS)
            if where == "answered":
                doomed.set()
                return False
        elif not from_client and doomed.is_set():
            where = "answered"
            self.cuts["done"] += chunk[4:5] == OK
        if where is None:
            return False
        self.cuts[where] += 1
        if where == "unheard":
            writer.write(chunk)
        self._end(pair, gently=where == "unheard")
        return True

    @staticmethod
    def _end(pair, gently):
        """By RST on the client's side; `gently`: what the server has not read yet it may still read."""
        _reset(pair[0])
        if gently:
            pair[1].close()
        else:
            _reset(pair[1])

    async def _send(self, waiting, writer, alive):
        while True:
            due, chunk = await waiting.get()
            await asyncio.sleep(max(0, due - self._loop.time()))
            await self._flowing.wait()
            await alive.wait()
            if not chunk:
                if writer.can_write_eof() and not writer.is_closing():
                    writer.write_eof()
                return
            if writer not in self._ended:  # nothing can follow an end: it is lost
                writer.write(chunk)
                await writer.drain()

    async def _cut(self):
        self._refusing = True
        self._listener.close()
        await self._reset_all()

    async def _reset_all(self):
        for pair in list(self._pairs):
            for writer in pair:
                _reset(writer)

    async def _set_flowing(self, flowing, stall_at=None, left=None):
        self._stall_at = stall_at
        self._left = left
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _lose(self):
        self._alive.clear()
        self._alive = asyncio.Event()
        self._alive.set()

    async def _set_cut_at(self, cut_at):
        self._cut_at = cut_at

    async def _half_close(self, side):
        for pair in list(self._pairs):
            if pair[side].can_write_eof() and not pair[side].is_closing():
                self._ended.add(pair[side])
                pair[side].write_eof()

    async def _mend(self):
        await self._set_flowing(True)
        if self._refusing:
            self._refusing = False
            self._listener = await asyncio.start_server(self._accept, self.host, self.port)

    async def _shut(self):
        self._listener.close()
        await self._reset_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _reset(writer):
    """End a connection by RST, as a cut line or a dead host does."""
    line = writer.get_extra_info("socket")
    if line is not None and not writer.is_closing():
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
