"""Keeping a gallery up to date while its run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from .files import NotWrittenError
from .gallery import Gallery
from .serve import Server


def watch(gallery: Gallery, say: Callable[[str], None]) -> None:
    """Bring the folder up to date until the run has ended; an open page of it asks until then."""
    try:
        while gallery.is_running:
            _refresh(gallery, say, follows=True)
            time.sleep(gallery.pause)
    finally:
        gallery.refresh(follows=False)  # the page asks no more


def serve(gallery: Gallery, server: Server, say: Callable[[str], None]) -> None:
    """Bring what is served up to date while somebody looks; ends with the user's Ctrl-C."""
    try:
        with server.running():
            while True:
                server.wait_until_asked()
                while not _refresh(gallery, say, follows=False):
                    pass
                time.sleep(gallery.pause)
    except KeyboardInterrupt:
        _refresh(gallery, say, follows=False)  # the folder stays, as of now


def _refresh(gallery: Gallery, say: Callable[[str], None], *, follows: bool) -> bool:
    """A look at the run. A full disk is no end: the run itself waits for room and goes on."""
    try:
        return gallery.refresh(follows=follows, hurried=True)
    except NotWrittenError as error:
        say(str(error))
        return True
