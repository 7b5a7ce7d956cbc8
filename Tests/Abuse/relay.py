"""A relay that treats what passes through it as a bad network would: by a chance that its seed decides."""

import asyncio
import random
import socket
import struct
import threading

#: What may happen to a connection. The first group harms nothing but time.
KIND = ("delay", "split", "merge", "throttle", "stall")
UNKIND = ("cut", "reset")


class Relay:
    """Listens on a port of its own, and relays each connection to `target` in the way that its seed and number say."""

    def __init__(self, target, seed, ways=KIND):
        self.target, self.seed, self.ways = target, seed, ways
        self.count = 0
        #: The loop alone holds no task: one whose streams are all paused would be collected as garbage.
        self.tasks = set()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.address = self.listening.getsockname()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.create_task(self.listen())
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.05))
        self.loop.close()

    async def listen(self):
        await asyncio.start_server(self.relay, sock=self.listening)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.listening.close()

    async def relay(self, reader, writer):
        number, self.count = self.count, self.count + 1
        self.tasks.add(asyncio.current_task())
        chance = random.Random(self.seed * 100_000 + number)
        way = self.ways[number % len(self.ways)]
        try:
            onward_reader, onward_writer = await asyncio.open_connection(*self.target)
        except OSError:
            return writer.close()
        there = self.carry(reader, onward_writer, way, random.Random(chance.random()), True)
        back = self.carry(onward_reader, writer, way, random.Random(chance.random()), False)
        try:
            await asyncio.gather(there, back)
        except (OSError, asyncio.CancelledError):
            pass  # One side is gone, or the relay is closed.
        except Ended as ended:
            for one in (writer, onward_writer):
                if ended.by_reset:
                    linger = struct.pack("ii", 1, 0)
                    one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        finally:
            self.tasks.discard(asyncio.current_task())
            writer.transport.abort() if way == "reset" else writer.close()
            onward_writer.transport.abort() if way == "reset" else onward_writer.close()

    async def carry(self, reader, writer, way, chance, is_there):
        """One direction of a connection, up to the end of the stream, which is passed on."""
        left = chance.randrange(1, 2_000_000) if way in UNKIND else None
        stalls = 1 if way == "stall" and is_there == (chance.random() < 0.5) else 0
        while part := await reader.read(chance.choice((1, 7, 100, 4096, 65_536))):
            if way == "delay":
                await asyncio.sleep(chance.random() * 0.01)
            elif way == "throttle":
                await asyncio.sleep(len(part) / 20e6)
            elif way == "merge":
                await asyncio.sleep(0.005)
                part += await self.at_once(reader)
            elif stalls and chance.random() < 0.05:
                stalls -= 1
                await asyncio.sleep(0.5)
            if left is not None and (left := left - len(part)) < 0:
                writer.write(part[:len(part) // 2])
                raise Ended(way == "reset")
            pieces = [part]
            if way == "split":
                pieces, at = [], 0
                while at < len(part):
                    size = chance.choice((1, 2, 3, 5, 50, 3000))
                    pieces.append(part[at:at + size])
                    at += size
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        writer.write_eof()

    @staticmethod
    async def at_once(reader):
        try:
            return await asyncio.wait_for(reader.read(1 << 20), 0.001)
        except TimeoutError:
            return b""


class Ended(Exception):
    def __init__(self, by_reset):
        self.by_reset = by_reset
