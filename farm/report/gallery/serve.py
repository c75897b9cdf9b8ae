"""A gallery on a port of this machine: its page, its data, its thumbnails and the run's finished videos, nothing else.

Nothing is looked up on the disk by what a request says: there is a table of addresses, and what is not in it is not
there. Any page that a browser shows could ask this server too, by a name of its own that it lets point here (DNS
rebinding), so that only addresses and this machine's own names are answered to; and no page of another origin may
embed what is sent.
"""

from __future__ import annotations

import gzip
import ipaddress
import os
import re
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from ...errors import FarmError
from .gallery import PAGE, Gallery, page

_TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".json": "application/json", ".jpg": "image/jpeg", ".mp4": "video/mp4", ".mkv": "video/x-matroska",
}  # fmt: skip

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

#: Addresses that stand for all of this machine's.
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - only where the user names one

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_BLOCK = 1 << 18

#: Never through a link, never waiting for what is no file; Windows has neither.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

#: A connection that takes or sends nothing for so long is closed, seconds; the browser asks for the rest again.
_PATIENCE = 60


class Server:
    """A gallery that is served. FarmError where the port cannot be had.

    host: an address or name of this machine; port: 0 for any that is free.
    """

    def __init__(self, gallery: Gallery, host: str, port: int) -> None:
        self._asked = threading.Event()
        pages = {f"/{name}": page(name) for name in PAGE}

        class Handler(_Handler):
            site = _Site(gallery, pages | {"/": pages["/index.html"]}, _names(host), self._asked)

        try:
            self._http = _Http(host, port, Handler)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise FarmError(f"port {port} of {host} cannot be had ({reason}); --serve 0 takes any free one") from error
        shown = socket.gethostname() if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
        self.port: int = self._http.server_address[1]
        self.url = f"http://{shown}:{self.port}/"
        gallery.refresh(follows=False, hurried=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Answers while the block runs."""
        thread = threading.Thread(target=self._http.serve_forever, name="gallery", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._http.shutdown()
            self._http.server_close()

    def wait_until_asked(self) -> None:
        """Until somebody has asked for the data since the last call: nobody who looks, nothing to do."""
        while not self._asked.wait(1.0):
            pass  # on Windows a wait without an end hears no Ctrl-C
        self._asked.clear()


@dataclass(frozen=True)
class _Site:
    gallery: Gallery
    pages: dict[str, bytes]
    names: frozenset[str]
    asked: threading.Event


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        # Without the look at the name service that HTTPServer's own does, which may take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that closes its connection is no error."""


class _Handler(BaseHTTPRequestHandler):
    site: _Site
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "interact-farm", ""
    timeout = _PATIENCE

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Who looks is nobody's business."""

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def _answer(self) -> None:
        if not _is_ours(self.headers.get("Host", ""), self.site.names):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "Not a name of this server")
            return
        address = unquote(urlsplit(self.path).path, errors="surrogateescape")
        gallery = self.site.gallery
        if address == "/data.json":
            self.site.asked.set()
            self._send(gallery.json, ".json")
        elif address in self.site.pages:
            self._send(self.site.pages[address], Path(address).suffix or ".html")
        elif address in gallery.files:
            self._send_file(gallery.files[address])
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, content: bytes, suffix: str) -> None:
        self.send_response(HTTPStatus.OK)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Content-Type", _TYPES[suffix])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def _send_file(self, path: Path) -> None:
        """A file or the range of it that is asked for."""
        try:
            file = _opened(path)
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            facts = os.fstat(file.fileno())
            tag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
            if self.headers.get("If-None-Match") == tag:
                self.send_response(HTTPStatus.NOT_MODIFIED)
                self.send_header("ETag", tag)
                self.end_headers()
                return
            part = None
            if self.headers.get("If-Range", tag) == tag:
                part = _part(self.headers.get("Range", ""), facts.st_size)
            if part == (0, 0):
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{facts.st_size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK)
            first, after = part or (0, facts.st_size)
            if part:
                self.send_header("Content-Range", f"bytes {first}-{after - 1}/{facts.st_size}")
            self.send_header("Content-Type", _TYPES[path.suffix])
            self.send_header("Content-Length", str(after - first))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", tag)
            self.send_header("Last-Modified", formatdate(facts.st_mtime, usegmt=True))
            self.end_headers()
            if self.command == "GET":
                self._copy(file, first, after)

    def _copy(self, file: BinaryIO, first: int, after: int) -> None:
        file.seek(first)
        while first < after:
            block = file.read(min(_BLOCK, after - first))
            if not block:
                self.close_connection = True  # it became shorter: what was promised cannot be sent
                return
            self.wfile.write(block)
            first += len(block)


def _opened(path: Path) -> BinaryIO:
    """A file, but no link: what the table names was looked at some seconds ago."""
    number = os.open(path, _READ)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError("no file")
    return os.fdopen(number, "rb")


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for, from the first to after the last.

    None for the whole (also for several ranges, which need not be answered); (0, 0) where there are none like that.
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return None
    if not found[1]:
        last = min(int(found[2]), size)
        return (size - last, size) if last else (0, 0)
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return None
    after = min(int(found[2]) + 1, size) if found[2] else size
    return (first, after) if first < size else (0, 0)


def _names(host: str) -> frozenset[str]:
    """The names that a server at this address answers to, besides any address."""
    own = {socket.gethostname().lower(), socket.getfqdn().lower()} if host in _EVERYWHERE else set()
    return frozenset({"localhost", host.lower(), *own})


def _is_ours(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this machine: an address, which no name service can point elsewhere, or its name."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True
