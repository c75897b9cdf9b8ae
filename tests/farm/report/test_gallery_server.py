"""The gallery served: what it gives out, what it does not, byte ranges, and to whom it answers."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import signal
import socket
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm import plan
from farm.report.gallery.gallery import Gallery
from farm.report.gallery.serve import Server

from ..command_line import interact_farm, start_farm

SECRET = b"nobody's business"


class Client:
    """Requests to a port as they are written here: a browser would tidy their paths up."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, method: str = "GET", host: str | None = None, **headers: str):
        """The response with its body as `content`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or f"127.0.0.1:{self.port}")
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response


@contextmanager
def served(out: Path, folder: Path | None = None, host: str = "127.0.0.1"):
    gallery = Gallery(plan.Outputs(out), "", folder)
    server = Server(gallery, host, 0)
    with server.running():
        yield Client(server.port), gallery


def copied(finished: Path, folder: Path) -> Path:
    """The results in a folder that has a secret beside them."""
    (folder / "secret.txt").write_bytes(SECRET)
    return shutil.copytree(finished, folder / "out")


@pytest.fixture(scope="module")
def site(finished, tmp_path_factory):
    """Served for all tests that only ask."""
    with served(copied(finished, tmp_path_factory.mktemp("site"))) as (client, gallery):
        yield client, gallery


def test_the_page_its_data_its_pictures_and_its_videos_are_served(site):
    client, gallery = site
    for path, kind in (("/", "text/html"), ("/gallery.js", "text/javascript"), ("/gallery.css", "text/css")):
        found = client.ask(path)
        assert (found.status, found.headers["Content-Type"].partition(";")[0]) == (200, kind)
    told = json.loads(client.ask("/data.json").content)
    assert json.loads(gzip.decompress(client.ask("/data.json", Accept_Encoding="gzip").content)) == told
    for card in told["cards"]:
        picture, film = client.ask(f"/{card['picture']}"), client.ask(f"/{card['video']}")
        assert (picture.status, picture.headers["Content-Type"], picture.content[:2]) == (
            200,
            "image/jpeg",
            b"\xff\xd8",
        )
        expected = gallery.folder.parents[2] / "body_renders" / f"{card['name']}.frames-1-18.mp4"
        assert (film.status, film.headers["Content-Type"], film.content) == (200, "video/mp4", expected.read_bytes())
        head = client.ask(f"/{card['video']}", "HEAD")
        assert (head.status, head.content) == (200, b"")
        assert int(head.headers["Content-Length"]) == len(film.content)
        assert client.ask(f"/{card['video']}", If_None_Match=film.headers["ETag"]).status == 304


def test_every_answer_forbids_scripts_of_others_and_being_embedded(site):
    client, _ = site
    for path in ("/", "/data.json", "/nothing"):
        headers = client.ask(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    ("asked", "first", "after"),
    [("bytes=0-", 0, None), ("bytes=10-19", 10, 20), ("bytes=100-99999999", 100, None), ("bytes=-7", -7, None)],
)
def test_a_range_is_that_part_of_the_file(site, asked, first, after):
    client, gallery = site
    address, path = next((a, p) for a, p in gallery.files.items() if a.endswith(".mp4"))
    whole = path.read_bytes()
    found = client.ask(address, Range=asked)
    assert (found.status, found.content) == (206, whole[first:after])
    start = first % len(whole)
    end = start + len(found.content) - 1
    assert found.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"


def test_ranges_that_cannot_be_given(site):
    client, gallery = site
    address, path = next((a, p) for a, p in gallery.files.items() if a.endswith(".mp4"))
    size = path.stat().st_size
    for asked in (f"bytes={size}-", "bytes=-0"):
        found = client.ask(address, Range=asked)
        assert (found.status, found.headers["Content-Range"], found.content) == (416, f"bytes */{size}", b"")
    for asked in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "bytes=x-"):
        found = client.ask(address, Range=asked)
        assert (found.status, len(found.content)) == (200, size)
    # The file has changed since the first part was sent.
    assert client.ask(address, Range="bytes=0-9", If_Range='"older"').status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/../../../secret.txt", "/%2e%2e/%2e%2e/%2e%2e/secret.txt", "/thumbs/../../../../secret.txt",
        "/videos/..%2f..%2fsecret.txt", "//etc/passwd", "/etc/passwd", "/videos/", "/thumbs/", "/thumbs", "/index.htm",
        "/data.js", "/..\\..\\secret.txt", "/videos/%00", "/%ff", "file:///etc/passwd", "/farm_runs/lock",
        "/videos/20231119_001.frames-1-18.mkv",
    ],
)  # fmt: skip
def test_nothing_else_is_served(site, path):
    client, _ = site
    found = client.ask(path)
    assert found.status == 404
    assert SECRET not in found.content
    assert b"root:" not in found.content


def test_a_link_that_takes_a_files_place_is_not_followed(finished, tmp_path):
    with served(copied(finished, tmp_path)) as (client, gallery):
        for address, path in list(gallery.files.items()):
            assert client.ask(address).status == 200
            path.unlink()
            path.symlink_to(tmp_path / "secret.txt")
            assert client.ask(address).status == 404
            path.unlink()
            os.mkfifo(path)
            assert client.ask(address).status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[", "a@evil"])
def test_a_name_that_is_not_this_machines_is_not_answered(site, host):
    client, _ = site
    found = client.ask("/data.json", host=host or " ")
    assert found.status == 421
    assert b"cards" not in found.content


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
def test_this_machines_own_names_are_answered(site, host):
    client, _ = site
    assert client.ask("/data.json", host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(site, method):
    client, _ = site
    assert client.ask("/data.json", method).status == 501


def test_it_listens_on_this_machine_alone_and_ends_with_ctrl_c(finished, tmp_path):
    server = start_farm("runs", "gallery", "--results", finished, "--out", tmp_path / "gallery", "--serve", 0)
    line = server.stdout.readline()
    assert line.startswith("http://127.0.0.1:")
    port = int(line.split("/")[2].partition(":")[2])
    assert Client(port).ask("/").status == 200
    listening = {
        row.split()[1] for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if row.split()[3] == "0A"
    }  # fmt: skip
    assert {address for address in listening if int(address.partition(":")[2], 16) == port} == {f"0100007F:{port:04X}"}
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0
    assert server.stderr.read() == ""


def test_a_port_that_is_taken_is_one_sentence(finished, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = interact_farm("runs", "gallery", "--results", finished, "--out", tmp_path / "g", "--serve", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: port {port} of 127.0.0.1 cannot be had")
    assert len(done.stderr.splitlines()) == 1


def test_whom_it_may_serve_only_an_option_widens(finished, tmp_path):
    own = socket.gethostname()
    with served(copied(finished, tmp_path), host="0.0.0.0") as (client, _):
        for name in (own, "localhost", "192.0.2.7"):
            assert client.ask("/data.json", host=f"{name}:{client.port}").status == 200
        assert client.ask("/data.json", host=f"gallery.example.org:{client.port}").status == 421
