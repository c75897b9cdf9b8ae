"""Muxing real voices under real pictures, measured on the decoded samples, with every ffmpeg that is here."""

import os
import shutil
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from farm.audio import mux, read_wave
from farm.errors import FarmError
from farm.video import check, join, probe

RATE = 48_000
AAC_FRAME = 1024
FPS = 30


@pytest.fixture(autouse=True, params=["on-path", "from-wheel"])
def ffmpeg(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ffmpeg on PATH, then, with an empty PATH, the one that imageio-ffmpeg brings."""
    if request.param == "from-wheel":
        empty = tmp_path / "empty"
        empty.mkdir()
        monkeypatch.setenv("PATH", str(empty))
    elif shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on PATH")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder that holds nothing else."""
    path = tmp_path / "out"
    path.mkdir()
    return path


def write_video(path: Path, frames: int, *, b_frames: int = 0, **tags: str) -> Path:
    """A joined MKV of grey frames that grow brighter."""
    chunk = path.with_name("chunk.mkv")
    with av.open(str(chunk), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"crf": "8", "g": "12", "bf": str(b_frames), "b_strategy": "0", "threads": "1"}
        for number in range(frames):
            grey = np.full((48, 64), 20 + number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")))
        container.mux(stream.encode())
    join([chunk], path, fps=FPS, metadata=tags)
    return path


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE, bits: int = 16, real: bool = False) -> Path:
    """A PCM wav of samples in -1..1, shaped (n,) or (n, channels)."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    if real:
        data = samples.astype("<f4").tobytes()
    else:
        whole = np.round(np.clip(samples, -1, 1) * (2.0 ** (bits - 1) - 1)).astype("<i4").reshape(-1, 1)
        data = whole.view(np.uint8)[:, : bits // 8].tobytes()
    block = channels * bits // 8
    header = struct.pack("<HHIIHH", 3 if real else 1, channels, rate, rate * block, block, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def sound_of(path: Path) -> np.ndarray:
    """The decoded sound, shaped (channels, samples), from the time 0 on."""
    with av.open(str(path)) as container:
        blocks = list(container.decode(audio=0))
        assert container.streams.audio[0].rate == RATE
        assert container.streams.audio[0].codec_context.name == "aac"
    assert blocks[0].pts == 0
    return np.concatenate([block.to_ndarray() for block in blocks], axis=1)


def packets(path: Path) -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def voice(seed: int, seconds: float, rate: int = RATE, *, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """Speech-like sound: noise from 200 to 3500 Hz under syllables, silent outside start to end (seconds)."""
    time = np.arange(round(seconds * rate)) / rate
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=time.size))
    frequencies = np.fft.rfftfreq(time.size, 1 / rate)
    spectrum[(frequencies < 200) | (frequencies > 3500)] = 0
    sound = np.fft.irfft(spectrum, time.size) * (1 + np.sin(2 * np.pi * 4 * time + seed))
    sound[(time < start) | (time >= (seconds if end is None else end))] = 0
    return 0.4 * sound / np.abs(sound).max()


def at_48k(samples: np.ndarray, rate: int) -> np.ndarray:
    """The same sound at 48 kHz (linear is enough for voices below 4 kHz)."""
    return np.interp(np.arange(samples.size * RATE // rate) / RATE, np.arange(samples.size) / rate, samples)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation without any shift."""
    n = min(a.size, b.size)
    return float(np.corrcoef(a[:n], b[:n])[0, 1])


def level(samples: np.ndarray, hertz: float) -> float:
    """Amplitude of the tone of `hertz` in `samples`."""
    time = np.arange(samples.size) / RATE
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * time))))


def tone(hertz: float, seconds: float, amplitude: float, rate: int = RATE) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_the_picture_is_copied_and_timed_exactly(b_frames: int, folder: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mkv", 100, b_frames=b_frames, title="a = 'b'", fingerprint="aB:1")
    wav = write_wav(tmp_path / "a.wav", voice(1, 100 / FPS))
    assert mux(video, [wav], folder / "o.mp4", frames=100) == ()
    copied = packets(folder / "o.mp4")
    assert [bytes(packet) for packet in copied] == [bytes(packet) for packet in packets(video)]
    times = [packet.pts * packet.time_base for packet in copied]
    assert (times == sorted(times)) == (b_frames == 0)
    assert sorted(times) == [Fraction(k, FPS) for k in range(100)]
    info = probe(folder / "o.mp4")
    assert (info.fps, info.frames) == (Fraction(30, 1), 100)
    assert (info.metadata["title"], info.metadata["fingerprint"]) == ("a = 'b'", "aB:1")
    check(folder / "o.mp4", frames=100, size=(64, 48))
    assert list(folder.iterdir()) == [folder / "o.mp4"]
    data = (folder / "o.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "not ready to stream"


@pytest.mark.parametrize("frames", [1, 31, 90])
@pytest.mark.parametrize("seconds", [0.4, 1.5, 5.0])
def test_sound_is_as_long_as_the_picture(frames: int, seconds: float, folder: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mkv", frames)
    mux(video, [write_wav(tmp_path / "a.wav", voice(1, seconds))], folder / "o.mp4")
    assert 0 <= sound_of(folder / "o.mp4").shape[1] - frames * RATE // FPS <= AAC_FRAME
    written = probe(folder / "o.mp4", audio=True).audio_seconds
    assert written is not None
    assert abs(written - frames / FPS) <= AAC_FRAME / RATE


@pytest.mark.parametrize("b_frames", [0, 2])
def test_clicks_stay_where_they_are(b_frames: int, folder: Path, tmp_path: Path) -> None:
    clicks = [0.05, 1.0, 2.345, 3.9]
    samples = np.zeros(4 * 44_100)
    for click in clicks:
        samples[round(click * 44_100)] = 0.7
    wavs = [write_wav(tmp_path / "a.wav", samples, 44_100), write_wav(tmp_path / "b.wav", np.zeros(RATE))]
    mux(write_video(tmp_path / "v.mkv", 120, b_frames=b_frames), wavs, folder / "o.mp4")
    sound = sound_of(folder / "o.mp4")[0]
    for click in clicks:
        at = round(click * RATE)
        near = np.abs(sound[at - 2000 : at + 2000])
        assert abs(int(near.argmax()) - 2000) <= 0.001 * RATE
        assert near.max() > 0.3


def test_mix_holds_both_voices_of_different_rates(folder: Path, tmp_path: Path) -> None:
    """First alone, second alone, then neither: each is found where only he speaks, on both sides."""
    first, second = voice(1, 1.5, 22_050, end=1.0), voice(2, 2.0, 44_100, start=1.0)
    wavs = [write_wav(tmp_path / "a.wav", first, 22_050), write_wav(tmp_path / "b.wav", second, 44_100, bits=24)]
    notices = mux(write_video(tmp_path / "v.mkv", 90), wavs, folder / "o.mp4")
    sound = sound_of(folder / "o.mp4")
    for side in sound:
        assert alike(side[:RATE], at_48k(first, 22_050)[:RATE]) > 0.9
        assert alike(side[RATE : 2 * RATE], at_48k(second, 44_100)[RATE:]) > 0.9
        assert np.abs(side[2 * RATE + AAC_FRAME :]).max() < 0.01
    assert notices == (
        "a.wav is 1.50 s shorter than the picture; it was padded with silence.",
        "b.wav is 1.00 s shorter than the picture; it was padded with silence.",
    )


def test_each_voice_keeps_its_own_gain(folder: Path, tmp_path: Path) -> None:
    """Mono, stereo and float wavs, together and after one of them has ended."""
    long, short = tone(440, 3, 0.3), tone(1000, 1.5, 0.2)
    wavs = [
        write_wav(tmp_path / "a.wav", long.astype(float), bits=32, real=True),
        write_wav(tmp_path / "b.wav", np.stack([short, short], axis=1)),
    ]
    mux(write_video(tmp_path / "v.mkv", 90), wavs, folder / "o.mp4")
    for side in sound_of(folder / "o.mp4"):
        assert level(side[RATE // 4 : RATE], 440) == pytest.approx(0.3, rel=0.05)
        assert level(side[RATE // 4 : RATE], 1000) == pytest.approx(0.2, rel=0.05)
        assert level(side[2 * RATE : 2 * RATE + RATE // 2], 440) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("stereo", [False, True])
@pytest.mark.parametrize("kind", ["tones", "speech"])
def test_full_scale_voices_do_not_clip(kind: str, stereo: bool, folder: Path, tmp_path: Path) -> None:
    sounds = [tone(440, 2, 1), tone(523, 2, 1)] if kind == "tones" else [voice(n, 2) / 0.4 for n in (1, 2)]
    wavs = [write_wav(tmp_path / f"{n}.wav", sound) for n, sound in enumerate(sounds)]
    mux(write_video(tmp_path / "v.mkv", 60), wavs, folder / "o.mp4", stereo=stereo)
    peak = np.abs(sound_of(folder / "o.mp4")).max()
    assert 0.6 < peak <= 1.0


def test_longer_and_shorter_voices_are_reported(folder: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mkv", 60)
    lengths = {"long.wav": 3.25, "short.wav": 1.0, "even.wav": 2.02}
    wavs = {name: write_wav(tmp_path / name, voice(3, seconds)) for name, seconds in lengths.items()}
    assert mux(video, [wavs["long.wav"], wavs["short.wav"]], folder / "o.mp4") == (
        "long.wav is 1.25 s longer than the picture; its end was cut.",
        "short.wav is 1.00 s shorter than the picture; it was padded with silence.",
    )
    assert mux(video, [wavs["even.wav"]], folder / "o.mp4") == ()


def test_stereo_puts_one_voice_on_each_side(folder: Path, tmp_path: Path) -> None:
    """Also where one wav is itself stereo, and where they end at different times."""
    first, second = voice(1, 2.0), voice(2, 1.0)
    both = np.stack([second, second], axis=1)
    wavs = [write_wav(tmp_path / "a.wav", first), write_wav(tmp_path / "b.wav", both)]
    mux(write_video(tmp_path / "v.mkv", 60), wavs, folder / "o.mp4", stereo=True)
    left, right = sound_of(folder / "o.mp4")
    assert alike(left, first) > 0.9
    assert alike(right[:RATE], second) > 0.9
    assert abs(alike(left[:RATE], second)) < 0.1
    assert abs(alike(right[:RATE], first)) < 0.1
    assert np.abs(right[RATE + 2 * AAC_FRAME :]).max() < 0.01


def test_a_single_voice_stays_in_the_middle(folder: Path, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", voice(1, 1.0))
    mux(write_video(tmp_path / "v.mkv", 30), [wav], folder / "o.mp4", stereo=True)
    for side in sound_of(folder / "o.mp4"):
        assert alike(side, voice(1, 1.0)) > 0.9


def test_names_of_any_kind_are_files(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    video = write_video(Path("-vf 'a' %03d.mkv"), 15)
    wavs = [write_wav(Path("pipe:0 [a];\"b\",'c'.wav"), voice(1, 0.5)), write_wav(Path("-i=\\x.wav"), voice(2, 0.5))]
    mux(video, wavs, Path("file:-y %d 'o'.mp4"))
    assert probe(folder / "file:-y %d 'o'.mp4").frames == 15
    assert not list(folder.glob("*.partial"))


def break_wav(path: Path, how: str) -> Path:
    data = path.read_bytes()
    path.unlink()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "header cut":
        path.write_bytes(data[:30])
    elif how == "no samples":
        path.write_bytes(data[:40] + struct.pack("<I", 0))
    elif how == "no wav":
        path.write_bytes(b"ID3" + bytes(2000))
    return path


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("missing", "no such wav"),
        ("empty", "empty file"),
        ("cut", "cut short"),
        ("header cut", "header is cut short"),
        ("no samples", "no samples"),
        ("no wav", "not a RIFF wav"),
    ],
)
def test_unusable_wavs_are_refused_by_name(how: str, reason: str, folder: Path, tmp_path: Path) -> None:
    bad = break_wav(write_wav(tmp_path / "bad.wav", voice(1, 1.0)), how)
    good = write_wav(tmp_path / "good.wav", voice(2, 1.0))
    with pytest.raises(FarmError, match=rf"bad\.wav: .*{reason}"):
        read_wave(bad)
    with pytest.raises(FarmError, match=rf"bad\.wav: .*{reason}"):
        mux(write_video(tmp_path / "v.mkv", 30), [good, bad], folder / "o.mp4")
    assert not list(folder.iterdir())


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_every_pcm_wav_is_accepted(bits: int, rate: int, tmp_path: Path) -> None:
    mono = read_wave(write_wav(tmp_path / "a.wav", voice(1, 0.5, rate), rate, bits))
    assert (mono.channels, mono.rate, mono.bits, mono.seconds) == (1, rate, bits, 0.5)
    stereo = read_wave(write_wav(tmp_path / "b.wav", np.zeros((501, 2)), rate, bits))
    assert (stereo.channels, stereo.rate, stereo.bits) == (2, rate, bits)
    assert stereo.seconds == pytest.approx(501 / rate)


def test_a_wav_written_to_a_pipe_is_accepted(folder: Path, tmp_path: Path) -> None:
    """Its writer could not fill in the length: it goes on to the end of the file."""
    wav = write_wav(tmp_path / "a.wav", voice(1, 2.0))
    data = bytearray(wav.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    wav.write_bytes(data)
    notices = mux(write_video(tmp_path / "v.mkv", 30), [wav], folder / "o.mp4")
    assert notices == ("a.wav is 1.00 s longer than the picture; its end was cut.",)


def test_unusable_videos_are_refused_and_leave_nothing(folder: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mkv", 60)
    wav = write_wav(tmp_path / "a.wav", voice(1, 2.0))
    with pytest.raises(FarmError, match=r"v\.mkv: holds 60 frames, not 61"):
        mux(video, [wav], folder / "o.mp4", frames=61)
    data = video.read_bytes()
    video.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(FarmError, match=r"v\.mkv: cut short, it holds \d+ of 60 frames"):
        mux(video, [wav], folder / "o.mp4")
    with pytest.raises(FarmError, match=r"none\.mkv: no such file"):
        mux(tmp_path / "none.mkv", [wav], folder / "o.mp4")
    with pytest.raises(FarmError, match=r"a\.wav: given twice"):
        mux(tmp_path / "v.mkv", [wav, wav], folder / "o.mp4")
    for voices in ([], [wav, wav, wav]):
        with pytest.raises(FarmError, match=f"{len(voices)} voices to mux; give one or two"):
            mux(video, voices, folder / "o.mp4")
    assert not list(folder.iterdir())


def test_what_ffmpeg_says_is_passed_on_and_the_older_file_stays(folder: Path, tmp_path: Path) -> None:
    """MP4 has no place for VP8, which only ffmpeg finds out."""
    video = tmp_path / "v.mkv"
    with av.open(str(video), "w", format="matroska") as container:
        stream = container.add_stream("libvpx", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64), np.uint8), format="gray")))
        container.mux(stream.encode())
    (folder / "o.mp4").write_text("older")
    with pytest.raises(FarmError, match=r"o\.mp4: ffmpeg could not write it \(.*codec vp8.*header"):
        mux(video, [write_wav(tmp_path / "a.wav", voice(1, 1.0))], folder / "o.mp4")
    assert list(folder.iterdir()) == [folder / "o.mp4"]
    assert (folder / "o.mp4").read_text() == "older"


def test_an_ffmpeg_that_is_stopped_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """The system ends it at a file size of 20 kB."""
    resource = pytest.importorskip("resource")
    video = write_video(tmp_path / "v.mkv", 60)
    wav = write_wav(tmp_path / "a.wav", voice(1, 2.0))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(FarmError, match=r"o\.mp4: ffmpeg could not write it"):
            mux(video, [wav], folder / "o.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(folder.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for ffmpeg is a shell script")
def test_an_ffmpeg_that_ends_well_without_a_file_is_not_believed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "ffmpeg"
    stand_in.write_text("#!/bin/sh\necho 'av_interleaved_write_frame(): No space left on device' >&2\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    wav = write_wav(tmp_path / "a.wav", voice(1, 1.0))
    with pytest.raises(FarmError, match=r"o\.mp4: .* unreadable \(.*No space left on device\)"):
        mux(write_video(tmp_path / "v.mkv", 30), [wav], folder / "o.mp4")
    assert not list(folder.iterdir())
