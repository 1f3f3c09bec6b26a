"""Joins a socket that listens outside of the world to the API server inside."""
import asyncio
import socket

from . import layout

CHUNK = 1 << 16


async def pump(reader, writer):
  try:
    while data := await reader.read(CHUNK):
      writer.write(data)
      await writer.drain()
    writer.write_eof()
  except OSError:
    writer.close()


async def join(reader, writer):
  try:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", layout.API_PORT)
  except OSError:
    writer.transport.abort()
    return
  try:
    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
  finally:
    inner_writer.close()
    writer.close()


async def serve(listener):
  server = await asyncio.start_server(join, sock=listener)
  await server.serve_forever()


def run(descriptor):
  listener = socket.socket(fileno=descriptor)
  listener.setblocking(False)
  asyncio.run(serve(listener))
