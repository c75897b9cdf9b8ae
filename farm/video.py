"""Video files: what is in them, whether they are whole, and joining rendered chunks without re-encoding.

PyAV reads and writes the containers, so nothing here needs ffprobe. It is imported where it is used: it costs a tenth
of a second, which a command line that only plans should not pay.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from blender_addon.dataset.partial import beside

from .errors import FarmError

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer, OutputContainer

#: The most frames by which H.264 may decode a picture ahead of showing it (the size of its picture buffer).
H264_MAX_REORDER = 16

#: `Container.duration` counts microseconds.
AV_TIME_BASE = 1_000_000


@dataclass(frozen=True)
class VideoInfo:
    """What a video file's container says of its first video stream, with the frames counted."""

    path: Path
    frames: int
    fps: Fraction
    width: int
    height: int
    codec: str
    pixel_format: str
    #: The container's tags under lower-case names: MKV gives most names back in upper case, MP4 as they were written.
    metadata: dict[str, str] = field(default_factory=dict)
    #: Length of the sound as decoded, in seconds; None without sound, or where it was not asked for.
    audio_seconds: float | None = None

    @property
    def seconds(self) -> Fraction:
        """Length of the picture in seconds."""
        return self.frames / self.fps


@dataclass(frozen=True)
class PictureSequence(VideoInfo):
    """Numbered pictures as a video: `path` is a pattern with `%04d`, and the first of them is number `first`."""

    first: int = 1


def ffmpeg_binary() -> str:
    """The ffmpeg to run: the one on PATH, else the one that imageio-ffmpeg brings."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise FarmError(f"ffmpeg: none on PATH and none with imageio-ffmpeg ({error}); install ffmpeg") from error


def probe(path: Path, *, audio: bool = False) -> VideoInfo:
    """Count the frames of `path` and read its header, without decoding the picture.

    With `audio` the sound is decoded too, to know its length to the sample. Raises FarmError for what is no video, and
    for a video that is cut short.
    """
    with _opened(path) as container:
        stream = _video_stream(path, container)
        context = stream.codec_context
        info = VideoInfo(
            path=path,
            frames=sum(1 for _ in _packets(path, container, stream)),
            fps=_frame_rate(path, stream),
            width=context.width,
            height=context.height,
            codec=context.name,
            pixel_format=context.pix_fmt or "",
            metadata={key.lower(): value for key, value in container.metadata.items()},
        )
    if not audio:
        return info
    return replace(info, audio_seconds=_audio_seconds(path))


def check(
    path: Path,
    *,
    frames: int,
    size: tuple[int, int] | None = None,
    look: Callable[[VideoFrame], None] = lambda picture: None,
) -> None:
    """Decode all of `path`; raises FarmError unless it is exactly `frames` whole pictures of `size` (width, height).

    look is called with each picture.
    """
    decoded = 0
    for picture in decode(path, frames):
        if size is not None and (picture.width, picture.height) != tuple(size):
            raise FarmError(
                f"{path}: its frames are {picture.width}x{picture.height}, not {size[0]}x{size[1]}; render it again"
            )
        look(picture)
        decoded += 1
    if decoded < frames:
        raise FarmError(f"{path}: cut short or damaged, only {decoded} of {frames} frames decode; render it again")
    if decoded > frames:
        raise FarmError(f"{path}: {decoded} frames decode where {frames} belong; render it again")


def decode(path: Path, frames: int | None = None) -> Iterator[VideoFrame]:
    """Every picture of `path` up to the first that is damaged unnoticed; FarmError at one that does not decode.

    frames: how many there should be, for the message.
    """
    import av

    decoded = 0
    with _opened(path) as container:
        stream = _video_stream(path, container)
        # Without this the decoder paints over some kinds of damage and reports nothing.
        stream.codec_context.options = {"err_detect": "explode"}
        stream.thread_type = "AUTO"
        try:
            for picture in container.decode(stream):
                if picture.is_corrupt:
                    return
                yield picture
                decoded += 1
        except av.error.FFmpegError as error:
            of = "" if frames is None else f" of {frames}"
            raise FarmError(
                f"{path}: damaged, only {decoded}{of} frames decode ({error.strerror}); render it again"
            ) from error


def frame_at(path: Path, part: float) -> VideoFrame:
    """The picture at a part of a video's length, 0 its first and 1 its last; decodes no more than leads to it.

    FarmError where it does not decode.
    """
    import av

    found = None
    with _opened(path) as container:
        stream = _video_stream(path, container)
        seconds = max((container.duration or 0) / AV_TIME_BASE - 1.5 / _frame_rate(path, stream), 0.0) * part
        try:
            container.seek(int(seconds * AV_TIME_BASE))  # to the key frame before it
            for found in container.decode(stream):
                if part < 1 and (found.time or 0.0) >= seconds:
                    break
        except (av.error.FFmpegError, ValueError) as error:
            raise FarmError(f"{path}: damaged, it does not decode ({error}); render it again") from error
    if found is None:
        raise FarmError(f"{path}: holds no picture; render it again")
    return found


def join(
    chunks: Sequence[Path],
    out: Path,
    *,
    fps: int | Fraction = 30,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Join H.264 `chunks` in their order into the MKV file `out`, without re-encoding; `metadata` become its tags.

    Every frame is timed by its number, k / `fps` seconds to MKV's millisecond, so that nothing drifts however many
    chunks there are. Raises FarmError for a chunk that is not H.264, is cut short, does not start at a key frame, has
    gaps at this `fps`, or was encoded with other settings than the first.
    """
    import av

    if not chunks:
        raise FarmError(f"{out}: no chunks to join; render them first")
    rate = Fraction(fps)
    with whole_file(out) as partial, av.open(str(partial), "w", format="matroska") as target:
        target.metadata.update(metadata or {})
        joined: VideoStream | None = None
        expected: dict[str, object] = {}
        frames = 0
        for chunk in chunks:
            with _opened(chunk) as container:
                stream = _video_stream(chunk, container)
                if stream.codec_context.name != "h264":
                    raise FarmError(f"{chunk}: is {stream.codec_context.name}, not H.264; render it again as H.264")
                if joined is None:
                    expected = _parameters(stream)
                    joined = _output_stream(target, stream, rate)
                _require_same(chunk, _parameters(stream), chunks[0], expected)
                frames += _append(target, joined, _numbered(chunk, container, stream, rate), frames, rate)


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A file beside it to write to, which becomes `out` only when it is complete and on the disk.

    Whatever fails in the block leaves neither file behind (an older `out` stays as it was). Raises FarmError where the
    folder cannot be written to.
    """
    out = Path(out).absolute()
    partial = beside(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(partial, out)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise FarmError(f"{out}: cannot be written ({reason}); check the folder and its free space") from error


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """`path` opened for reading; raises FarmError where it is missing, empty or no media file."""
    import av

    path = Path(path).absolute()
    if not path.is_file():
        raise FarmError(f"{path}: no such file; render it first")
    if path.stat().st_size == 0:
        raise FarmError(f"{path}: an empty file; delete it and render it again")
    try:
        # Where a tag is damaged, the picture tells what the file is worth.
        container = av.open(str(path), metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise FarmError(f"{path}: not a readable video ({error.strerror}); delete it and render it again") from error
    with container:
        yield container


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise FarmError(f"{path}: holds no video stream; give a video file")
    stream = container.streams.video[0]
    if stream.codec_context is None:  # for all that PyAV declares
        raise FarmError(f"{path}: holds a picture of no known kind; render it again")
    return stream


def _frame_rate(path: Path, stream: VideoStream) -> Fraction:
    if not stream.average_rate:
        raise FarmError(f"{path}: its container states no frame rate; render it again")
    return Fraction(stream.average_rate)


def _packets(path: Path, container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """The stream's packets as stored; raises FarmError at their end where the header promises more of them."""
    import av

    promised = _promised_frames(path, container, stream)
    count = 0
    try:
        for packet in container.demux(stream):
            if packet.size:
                count += 1
                yield packet
    except av.error.FFmpegError as error:
        raise FarmError(f"{path}: unreadable after {count} frames ({error.strerror}); render it again") from error
    if count == 0 or count < promised:
        raise FarmError(f"{path}: cut short, it holds {count} of {promised} frames; render it again")


def _promised_frames(path: Path, container: InputContainer, stream: VideoStream) -> int:
    """How many frames the header says there are; 0 where it speaks of other streams as well and cannot be told.

    FFmpeg reads a file that was cut without a word, so the count is held against this.
    """
    if stream.frames:
        return stream.frames
    if container.duration is None:
        raise FarmError(f"{path}: was never finished, its header has no duration; render it again")
    if len(container.streams) > 1:
        return 0
    start = stream.start_time * stream.time_base if stream.start_time and stream.time_base else Fraction(0)
    return round((Fraction(container.duration, AV_TIME_BASE) - start) * _frame_rate(path, stream))


def _audio_seconds(path: Path) -> float | None:
    """The length of the first audio stream in seconds, by decoding it; None without one."""
    import av

    with _opened(path) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        try:
            samples = sum(block.samples for block in container.decode(stream))
        except av.error.FFmpegError as error:
            raise FarmError(f"{path}: its sound does not decode ({error.strerror}); make it again") from error
        return samples / stream.rate


def _parameters(stream: VideoStream) -> dict[str, object]:
    """What must be the same in all chunks, for a container describes its stream once."""
    context = stream.codec_context
    return {
        "codec": context.name,
        "size": f"{context.width}x{context.height}",
        "pixel format": context.pix_fmt,
        "encoder settings": context.extradata,
    }


def _require_same(chunk: Path, found: dict[str, object], first: Path, expected: dict[str, object]) -> None:
    for name, value in expected.items():
        if found[name] == value:
            continue
        detail = "" if isinstance(value, bytes) else f" ({found[name]}, not {value})"
        raise FarmError(
            f"{chunk}: another {name} than {Path(first).name}{detail}; "
            "render the chunks of a scene with one Blender version and the same settings"
        )


def _output_stream(target: OutputContainer, template: VideoStream, rate: Fraction) -> VideoStream:
    joined = target.add_stream_from_template(template)
    joined.codec_context.framerate = rate
    joined.time_base = 1 / rate
    return joined


def _numbered(
    chunk: Path, container: InputContainer, stream: VideoStream, rate: Fraction
) -> Iterator[tuple[int, Packet]]:
    """The chunk's packets in stored (decoding) order, each with the number, from 0, at which its frame is shown."""
    numbers: set[int] = set()
    start: int | None = None
    for count, packet in enumerate(_packets(chunk, container, stream)):
        if count == 0:
            if not packet.is_keyframe:
                raise FarmError(f"{chunk}: does not start at a key frame, so it cannot be joined; render it again")
            start = packet.pts
        if packet.pts is None or start is None:
            raise FarmError(f"{chunk}: its frames carry no times, so it cannot be joined; render it again")
        number = round((packet.pts - start) * packet.time_base * rate)
        numbers.add(number)
        yield number, packet
    if numbers != set(range(len(numbers))) or len(numbers) != count + 1:
        raise FarmError(f"{chunk}: its {count + 1} frames are not {rate} a second without a gap; render it again")


def _append(
    target: OutputContainer,
    joined: VideoStream,
    packets: Iterator[tuple[int, Packet]],
    first: int,
    rate: Fraction,
) -> int:
    """Write one chunk's packets with its first frame at number `first`; returns how many there were."""
    count = 0
    for count, (number, packet) in enumerate(packets, start=1):
        packet.stream = joined
        packet.time_base = 1 / rate
        packet.pts = first + number
        # MKV does not store decoding times; the muxer wants them rising and never after the time shown.
        packet.dts = first + count - 1 - H264_MAX_REORDER
        packet.duration = 1
        target.mux(packet)
    return count
