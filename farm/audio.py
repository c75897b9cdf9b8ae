"""The sound of a scene: mixes the actors' voices and puts them under the rendered picture.

ffmpeg-python builds the filter graph; the ffmpeg program runs it, started from an argument list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blender_addon.dataset import wav
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.wav import Wave

from . import ffmpeg_run, hd
from .errors import FarmError
from .video import PictureSequence, VideoInfo, ffmpeg_binary, probe, whole_file

if TYPE_CHECKING:
    from ffmpeg.nodes import FilterableStream

#: Sampling rate of the finished sound in Hz.
SAMPLE_RATE = 48_000

#: Of the finished sound, bits a second.
BIT_RATE = 192_000

#: Samples in a frame of AAC: the sound is as long as the picture to within one of these.
AAC_FRAME = 1024

#: Peak that the limiter lets through (full scale is 1): AAC overshoots what it is given, in loud speech by 2 dB.
PEAK = 0.8


def mux(
    video: Path | VideoInfo,
    voices: Sequence[Path],
    out: Path,
    *,
    frames: int | None = None,
    stereo: bool = False,
    start: Fraction | None = None,
    tags: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Put one or two `voices` (wav files) under `video` in the MP4 file `out`.

    The picture of a video is copied as it is, pictures become H.264.
    The voices keep their own gain and are mixed, or, with `stereo`, the first goes left and the second right (a single
    voice stays in the middle). The sound is padded with silence, or cut, to the picture's length. `frames` is how many
    the video must have. `start` is, for a picture of a part of a scene, where in the wavs it begins, in seconds. `tags`
    become the MP4's container tags, by default the video's own. Returns a sentence for every voice that is longer or
    shorter than a whole scene's picture by more than a frame. Raises FarmError for unusable input or where ffmpeg
    fails; nothing is then left behind.
    """
    if not 1 <= len(voices) <= 2:
        raise FarmError(f"{out}: {len(voices)} voices to mux; give one or two wav files")
    waves = [read_wave(voice) for voice in voices]
    if len({wave.path for wave in waves}) < len(waves):
        raise FarmError(f"{voices[0]}: given twice; give the wav of each actor once")
    picture = video if isinstance(video, VideoInfo) else probe(video)
    if frames is not None and picture.frames != frames:
        raise FarmError(f"{video}: holds {picture.frames} frames, not {frames}; render it again")
    if picture.fps.denominator != 1:
        raise FarmError(f"{video}: {picture.fps} frames a second is no whole number; render it at 30")
    with whole_file(out) as partial:
        arguments = ffmpeg_arguments(picture, waves, partial, stereo=stereo, start=start, tags=tags)
        log = ffmpeg_run.run(arguments, out, "the video, the wavs and the free space")
        _require_whole(partial, out, picture, log)
    return tuple(notice for wave in waves if (notice := _length_notice(wave, picture, start)))


def ffmpeg_arguments(
    picture: VideoInfo,
    waves: Sequence[Wave],
    target: Path,
    *,
    stereo: bool = False,
    start: Fraction | None = None,
    tags: Mapping[str, str] | None = None,
) -> list[str]:
    """The ffmpeg command, as an argument list, that writes `picture` with the voices into the MP4 file `target`."""
    import ffmpeg

    skipped = round((start or Fraction(0)) * SAMPLE_RATE)
    samples = round(picture.seconds * SAMPLE_RATE)
    sides = ("left", "right") if stereo and len(waves) == 2 else ("middle",) * len(waves)
    sound = [_placed(wave, side) for wave, side in zip(waves, sides, strict=True)]
    mixed = sound[0] if len(sound) == 1 else ffmpeg.filter(sound, "amix", duration="longest", normalize=0)
    mixed = (
        # The limiter looks ahead; latency=1 takes the delay out again.
        mixed.filter("alimiter", limit=PEAK, level=0, latency=1)
        .filter("apad", whole_len=skipped + samples)
        .filter("atrim", start_sample=skipped, end_sample=skipped + samples)
        .filter("asetpts", "PTS-STARTPTS")
    )
    shown, coding = _picture(picture)
    output = ffmpeg.output(
        shown,
        mixed,
        str(target.absolute()),
        format="mp4",
        **coding,
        acodec="aac",
        audio_bitrate=BIT_RATE,
        # ffmpeg's own advice for this many bits: better than its default and several times faster.
        aac_coder="fast",
        # One tick a frame: MKV's milliseconds are rounded to exact frame times.
        video_track_timescale=picture.fps.numerator,
        movflags="+faststart+use_metadata_tags",
        map_metadata=-1,
        map_chapters=-1,
        **tag_options(picture.metadata if tags is None else tags),
    )
    output = output.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return ffmpeg.compile(output, cmd=ffmpeg_binary(), overwrite_output=True)


def _picture(picture: VideoInfo) -> tuple[Any, dict[str, object]]:
    """The picture as ffmpeg's input, and how it is coded."""
    import ffmpeg

    # Absolute, so that no name is taken for an option or a protocol.
    path = str(Path(picture.path).absolute())
    if not isinstance(picture, PictureSequence):
        return ffmpeg.input(path)["v:0"], {"vcodec": "copy"}
    source = ffmpeg.input(path, f="image2", framerate=str(picture.fps), start_number=picture.first)
    # H.264 wants even sides and knows no transparency; what an empty pixel holds is black in Blender's PNGs.
    shown = source["v:0"].filter("trim", end_frame=picture.frames).filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
    return hd.colours(shown), hd.CODING


def tag_options(tags: Mapping[str, str]) -> dict[str, str]:
    """Container tags as output options; the number, which ffmpeg ignores, keeps their names apart for Python."""
    written = [f"{key}={value}" for key, value in tags.items() if key != "encoder"]
    return {f"metadata:g:{number}": tag for number, tag in enumerate(written)}


def _placed(wave: Wave, side: str) -> FilterableStream:
    """One voice at 48 kHz in two channels, on its `side`.

    The gains are written out: left to itself ffmpeg would take mono down by 3 dB where it makes it stereo. `<` makes
    the gains of an output channel add up to 1 (ffmpeg-python escapes `=` more than ffmpeg undoes).
    """
    import ffmpeg

    two = wave.channels == 2
    both = "c0+c1" if two else "c0"
    layout = {
        "middle": "c0<c0|c1<c1" if two else "c0<c0|c1<c0",
        "left": f"c0<{both}|c1<0*c0",
        "right": f"c0<0*c0|c1<{both}",
    }[side]
    return (
        ffmpeg.input(str(wave.path))
        .audio.filter("aformat", sample_fmts="fltp", sample_rates=SAMPLE_RATE)
        .filter("pan", f"stereo|{layout}")
    )


def _require_whole(written: Path, out: Path, picture: VideoInfo, log: str) -> None:
    """Holds the header of what ffmpeg wrote against the picture: ffmpeg ends well on a full disk or a read error."""
    import av

    try:
        with av.open(str(written)) as container:
            frames = container.streams.video[0].frames
            sound = container.streams.audio[0]
            written_seconds = sound.duration * sound.time_base if sound.duration and sound.time_base else Fraction(0)
            missing = picture.seconds - written_seconds
    except av.error.FFmpegError as error:
        reason = ffmpeg_run.reason(log) or error.strerror
        raise FarmError(f"{out}: what ffmpeg wrote is unreadable ({reason}); check the free space") from error
    if frames != picture.frames or missing > Fraction(AAC_FRAME, SAMPLE_RATE):
        reason = ffmpeg_run.reason(log) or f"{frames} of {picture.frames} frames, sound {float(missing):.2f} s short"
        raise FarmError(f"{out}: ffmpeg stopped early ({reason}); check the disks and mux it again")


def _length_notice(wave: Wave, picture: VideoInfo, start: Fraction | None) -> str:
    if start is not None:
        return ""  # of a part of a scene nothing can be told
    surplus = wave.seconds - float(picture.seconds)
    if abs(surplus) <= 1 / picture.fps:
        return ""
    length = f"{abs(surplus):.2f} s"
    if surplus > 0:
        return f"{wave.path.name} is {length} longer than the picture; its end was cut."
    return f"{wave.path.name} is {length} shorter than the picture; it was padded with silence."


def read_wave(path: Path) -> Wave:
    """The facts in the header of a wav file; FarmError for anything but a whole wav with samples in it."""
    try:
        return wav.read(path)
    except DatasetError as error:
        raise FarmError(str(error)) from error
