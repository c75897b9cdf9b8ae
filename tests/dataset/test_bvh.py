"""BVH files as they are really out there, and what is made of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from blender_addon.dataset import bvh, rotations
from blender_addon.dataset.errors import DatasetError

HEAD = """HIERARCHY
ROOT Hips
{
\tOFFSET 1.0 2.0 3.0
\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
\tJOINT Spine
\t{
\t\tOFFSET 0.0 10.0 0.0
\t\tCHANNELS 3 Zrotation Xrotation Yrotation
\t\tEnd Site
\t\t{
\t\t\tOFFSET 0.0 5.0 0.5
\t\t}
\t}
}
MOTION
Frames: 3
Frame Time: 0.0333333
"""
LINES = ["0 90 0 10 20 30 1 2 3", "1 91 2 11 21 31 4 5 6", "2 92 4 12 22 32 7 8 9"]
VALID = HEAD + "\n".join(LINES) + "\n"
VALUES = np.array([[float(word) for word in line.split()] for line in LINES])
FIRST_LINE = HEAD.count("\n") + 1


def read(tmp_path, content, reader=bvh.read):
    path = tmp_path / "motion.bvh"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return reader(path)


def one_joint(values, channels=("Zrotation", "Xrotation", "Yrotation"), frame_time=1 / 30):
    body = bvh.Skeleton(("Hips",), (-1,), np.zeros((1, 3)), (tuple(channels),))
    return bvh.Motion(body, np.asarray(values, dtype=float), frame_time)


def about(axis, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {
        "X": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
        "Y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
        "Z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
    }[axis]


def test_a_plain_file_is_read_exactly(tmp_path):
    motion = read(tmp_path, VALID)
    body = motion.skeleton
    assert body.names == ("Hips", "Spine")
    assert body.parents == (-1, 0)
    assert body.offsets.tolist() == [[1, 2, 3], [0, 10, 0]]
    assert body.channels[1] == ("Zrotation", "Xrotation", "Yrotation")
    assert {joint: end.tolist() for joint, end in body.ends.items()} == {1: [0, 5, 0.5]}
    assert (body.channel_count, body.children(0), body.children(1)) == (9, [1], [])
    assert body.rest_positions().tolist() == [[1, 2, 3], [1, 12, 3]]
    assert np.array_equal(motion.values, VALUES)
    assert motion.frame_time == 0.0333333
    assert motion.fps == pytest.approx(30, rel=1e-5)
    assert motion.notices == ()


@pytest.mark.parametrize(
    "content",
    [
        VALID.replace("\n", "\r\n"),
        "\ufeff" + VALID,
        "\ufeff" + VALID.replace("\n", "\r\n"),
        VALID.replace(" ", "\t").replace("End\tSite", "End Site"),
        VALID.replace("\n", "\n\n"),
        VALID.replace("\n", " \t\n"),
        VALID.rstrip("\n"),
        VALID.replace("Xrotation", "xrotation").replace("Yposition", "YPOSITION"),
        VALID.lower().replace("hips", "Hips").replace("spine", "Spine"),
        re.sub(r"\n\s*{", " {", VALID),
        VALID.replace("\n\t\t}\n\t}\n}", "}}}"),
        VALID.replace("Frames: 3", "Frames:\t3").replace("Frame Time:", "Frame  Time :"),
        VALID.replace("Frames: 3\nFrame Time: 0.0333333", "Frame Time: 0.0333333\nFrames: 3"),
        VALID.replace("90", "9.0e1"),
    ],
)
def test_the_same_file_written_otherwise_is_the_same_motion(tmp_path, content):
    motion = read(tmp_path, content)
    assert motion.skeleton.names == ("Hips", "Spine")
    assert motion.skeleton.channels[0][3:] == ("Zrotation", "Xrotation", "Yrotation")
    assert motion.skeleton.offsets.tolist() == [[1, 2, 3], [0, 10, 0]]
    assert motion.skeleton.ends[1].tolist() == [0, 5, 0.5]
    assert np.array_equal(motion.values, VALUES)
    assert motion.notices == ()
    header = read(tmp_path, content, bvh.read_header)
    assert (header.frames, header.frame_time, header.skeleton.names) == (3, 0.0333333, ("Hips", "Spine"))


@pytest.mark.parametrize("name", ["mixamorig:Spine", "Bip01 L Thigh", "rücken", "JOINT", "End"])
def test_a_joint_may_be_called_anything(tmp_path, name):
    motion = read(tmp_path, VALID.replace("Spine", name))
    assert motion.skeleton.names == ("Hips", name)
    bvh.write(tmp_path / "again.bvh", motion)
    assert bvh.read(tmp_path / "again.bvh").skeleton.names == ("Hips", name)


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_channels_turn_in_the_order_in_which_they_are_declared(tmp_path, order):
    names = " ".join(f"{axis}rotation" for axis in order)
    motion = read(tmp_path, VALID.replace("Zrotation Xrotation Yrotation", names))
    positions, turns = bvh.forward_kinematics(motion)
    for frame, row in enumerate(VALUES):
        hips = about(order[0], row[3]) @ about(order[1], row[4]) @ about(order[2], row[5])
        spine = hips @ about(order[0], row[6]) @ about(order[1], row[7]) @ about(order[2], row[8])
        assert np.allclose(positions[0, :, frame], row[:3])
        assert np.allclose(positions[1, :, frame], row[:3] + hips @ (0, 10, 0))
        assert np.allclose(rotations.to_matrix(turns[0])[frame], hips)
        assert np.allclose(rotations.to_matrix(turns[1])[frame], spine)


def test_rotation_before_position_and_two_axes_alone_are_fine(tmp_path):
    channels = "Yrotation Xposition Zposition Yposition Xrotation"
    text = re.sub("CHANNELS 6 .*", f"CHANNELS 5 {channels}", VALID)
    for line in LINES:
        text = text.replace(line, line.split(" ", 1)[1])
    positions, turns = bvh.forward_kinematics(read(tmp_path, text))
    # First line without its first value: 90 0 10 20 30.
    assert positions[0, :, 0].tolist() == [0, 20, 10]
    assert np.allclose(rotations.to_matrix(turns[0])[0], about("Y", 90) @ about("X", 30))


def test_position_channels_of_an_inner_joint_replace_its_offset(tmp_path):
    inner = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    text = VALID.replace("CHANNELS 3 Zrotation Xrotation Yrotation", inner)
    for line in LINES:
        text = text.replace(line, line.replace(" 10 20 30 ", " 0 0 90 ") + " 0 0 0")
    positions, _ = bvh.forward_kinematics(read(tmp_path, text))
    assert np.allclose(positions[1, :, 0] - positions[0, :, 0], about("Y", 90) @ (1, 2, 3))


def test_a_joint_without_channels_follows_its_parent(tmp_path):
    text = VALID.replace("\t\tCHANNELS 3 Zrotation Xrotation Yrotation\n", "")
    for line in LINES:
        text = text.replace(line, " ".join(line.split()[:6]))
    motion = read(tmp_path, text)
    _, turns = bvh.forward_kinematics(motion)
    assert np.array_equal(turns[0], turns[1])
    bvh.write(tmp_path / "again.bvh", motion)
    assert np.array_equal(bvh.read(tmp_path / "again.bvh").values, motion.values)


@pytest.mark.parametrize("declared", [0, 1, 2, 4, 1000000, -3])
def test_the_lines_that_are_there_win_over_the_count(tmp_path, declared):
    text = VALID.replace("Frames: 3", f"Frames: {declared}")
    motion = read(tmp_path, text)
    assert np.array_equal(motion.values, VALUES)
    assert motion.notices == (f"motion.bvh: says {declared} frames and has 3; all 3 are used",)
    assert read(tmp_path, text, bvh.read_header).frames == 3


def with_values(*lines):
    return HEAD.replace("Frames: 3", f"Frames: {len(lines)}") + "\n".join(lines) + "\n"


@pytest.mark.parametrize("word", ["nan", "NaN", "-nan", "inf", "-Infinity", "1e999", "-nan(ind)"])
def test_a_value_that_is_no_number_is_held_and_named(tmp_path, word):
    motion = read(tmp_path, with_values(LINES[0], LINES[1].replace(" 5 ", f" {word} "), LINES[2]))
    wanted = VALUES.copy()
    wanted[1, 7] = VALUES[0, 7]
    assert np.array_equal(motion.values, wanted)
    assert motion.notices == ("motion.bvh: joint Spine is not a number in frame 2; held from the frame before",)


def test_a_gap_of_several_frames_and_joints_has_one_notice_a_joint(tmp_path):
    gap = ["1 nan 2 11 21 31 nan nan 6", "nan 91 2 11 21 31 4 5 6", LINES[2]]
    motion = read(tmp_path, with_values(LINES[0], *gap))
    assert motion.values[1:3, 6].tolist() == [1, 4]
    assert motion.values[1:3, 1].tolist() == [90, 91]
    assert motion.values[1:3, 0].tolist() == [1, 1]
    assert sorted(motion.notices) == [
        "motion.bvh: joint Hips is not a number in frame 2 and 1 more; held from the frame before",
        "motion.bvh: joint Spine is not a number in frame 2; held from the frame before",
    ]


def test_a_gap_at_the_start_takes_the_first_good_frame(tmp_path):
    motion = read(tmp_path, with_values(LINES[0].replace("90", "nan"), LINES[1].replace("91", "nan"), LINES[2]))
    assert motion.values[:, 1].tolist() == [92, 92, 92]
    assert motion.notices == (
        "motion.bvh: joint Hips is not a number in frame 1 and 1 more; taken from the nearest good frame",
    )


def test_a_joint_that_has_no_number_at_all_is_refused(tmp_path):
    lines = [re.sub(r" \S+$", " nan", line) for line in LINES]
    with pytest.raises(DatasetError, match=r"motion\.bvh: joint Spine has no finite value in any frame"):
        read(tmp_path, with_values(*lines))


@pytest.mark.parametrize("reader", [bvh.read, bvh.read_header])
@pytest.mark.parametrize("cut", [7, 12, 18])
def test_a_file_cut_in_mid_line_is_refused_with_the_line(tmp_path, reader, cut):
    with pytest.raises(DatasetError, match=rf"motion\.bvh: line {FIRST_LINE + 2} has \d of 9 values; .*copy it again"):
        read(tmp_path, VALID[: -1 - cut], reader)


@pytest.mark.parametrize("reader", [bvh.read, bvh.read_header])
@pytest.mark.parametrize("at", ["OFFSET 0.0 5", "MOTION", "Frames:", "Frame Time:", "\tJOINT"])
def test_a_file_cut_in_its_head_is_refused(tmp_path, reader, at):
    with pytest.raises(DatasetError, match=r"motion\.bvh: "):
        read(tmp_path, VALID[: VALID.index(at)], reader)


def test_extra_values_are_refused_with_the_line(tmp_path):
    with pytest.raises(DatasetError, match=f"line {FIRST_LINE + 1} has 10 values, the joints take 9"):
        read(tmp_path, with_values(LINES[0], LINES[1] + " 1", LINES[2]))


def test_values_that_slipped_into_the_next_line_are_refused(tmp_path):
    """The sum of both lines is right, and every value after the slip would belong to another joint."""
    with pytest.raises(DatasetError, match=f"line {FIRST_LINE} has 8 of 9 values"):
        read(tmp_path, with_values(LINES[0].rsplit(" ", 1)[0], LINES[1] + " 3", LINES[2]))


@pytest.mark.parametrize("word", ["x", "1,5", "--1", "1.2.3", "0x10", "1_0", "½", "5\0"])
def test_a_word_that_is_no_number_is_refused_with_the_line(tmp_path, word):
    with pytest.raises(DatasetError, match=rf"motion\.bvh: line {FIRST_LINE + 1}.*is no number"):
        read(tmp_path, with_values(LINES[0], LINES[1].replace(" 5 ", f" {word} "), LINES[2]))


@pytest.mark.parametrize("reader", [bvh.read, bvh.read_header])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEAD, "holds no frames"),
        (HEAD + "\n \n\t\n", "holds no frames"),
        (VALID.replace("MOTION\n", ""), "no MOTION section"),
        ("", "no MOTION section"),
        ("MOTION\nFrames: 1\nFrame Time: 0.03\n1\n", "the HIERARCHY ends too early"),
        (VALID.replace("Frames: 3", "Frames: three"), f"line {FIRST_LINE - 2} must be 'Frames: N'"),
        (VALID.replace("Frames: 3\n", ""), "must be 'Frames: N'"),
        (VALID.replace("0.0333333", "fast"), f"line {FIRST_LINE - 1} must be"),
        (VALID.replace("0.0333333", "0"), "frame time of 0"),
        (VALID.replace("0.0333333", "-0.03"), "frame time of -0.03"),
        (VALID.replace("0.0333333", "nan"), "frame time of nan"),
        (VALID.replace("0.0333333", "inf"), "frame time of inf"),
        (VALID.replace("0.0333333", "33.3333"), "frame time of 33.3333"),
        (VALID.replace("0.0333333", "1e300"), r"frame time of 1e\+300"),
        (VALID.replace("0.0333333", "1e-310"), "frame time of 1e-310"),
        (VALID.replace("CHANNELS 3", "CHANNELS 4"), "line 9: CHANNELS must list its count"),
        (VALID.replace("CHANNELS 3", "CHANNELS 99999999999999999999"), "line 9: CHANNELS must list its count"),
        (VALID.replace("Zrotation Xrotation Yrotation", "Zrotation Wrotation Yrotation"), "line 5: CHANNELS must list"),
        (VALID.replace("Zrotation Xrotation Yrotation", "Zrotation Zrotation Yrotation"), "line 5: CHANNELS must list"),
        (VALID.replace("\t\tOFFSET 0.0 10.0 0.0\n", ""), "joint Spine has no OFFSET"),
        (VALID.replace("OFFSET 0.0 10.0 0.0", "OFFSET 0.0 ten 0.0"), "line 8: OFFSET needs three numbers"),
        (VALID.replace("OFFSET 0.0 10.0 0.0", "OFFSET 0.0 nan 0.0"), "line 8: OFFSET must be finite"),
        (VALID.replace("OFFSET 0.0 10.0 0.0", "OFFSET 0.0 0.0"), "line 8: not a line of a BVH hierarchy"),
        (VALID.replace("Spine", "Hips"), "two joints are called Hips"),
        (VALID.replace("\tJOINT Spine", "\tROOT Spine"), "line 6: a second ROOT"),
        (VALID.replace("ROOT Hips", "JOINT Hips"), "line 2: a JOINT outside any joint"),
        (VALID.replace("}\nMOTION", "MOTION"), "the HIERARCHY ends too early"),
        (VALID.replace("}\nMOTION", "}\n}\nMOTION"), "not a line of a BVH hierarchy: '}'"),
    ],
)
def test_a_broken_file_is_refused_with_what_is_wrong(tmp_path, reader, content, why):
    with pytest.raises(DatasetError, match=rf"motion\.bvh: .*{why}"):
        read(tmp_path, content, reader)


@pytest.mark.parametrize("reader", [bvh.read, bvh.read_header])
def test_a_missing_file_and_a_folder_are_named(tmp_path, reader):
    with pytest.raises(DatasetError, match=r"none\.bvh: no such file"):
        reader(tmp_path / "none.bvh")
    with pytest.raises(DatasetError, match="cannot be read"):
        reader(tmp_path)


def fixed(rows, decimals=6):
    """Lines in which every word has as many decimals."""
    return [" ".join(f"{value:.{decimals}f}" for value in row) for row in rows]


@pytest.mark.parametrize("decimals", [1, 2, 4, 6, 9, 12, 17])
def test_decimals_of_one_length_are_read_as_python_reads_them(tmp_path, decimals):
    rows = np.random.default_rng(decimals).uniform(-400, 400, (40, 9))
    rows[0] = [0, -0.0, 1e-9, -0.3, 359.999999, -180, 100, 0.1, 0.05]
    lines = fixed(rows, decimals)
    motion = read(tmp_path, with_values(*lines))
    assert motion.values.tolist() == [[float(word) for word in line.split()] for line in lines]
    assert motion.notices == ()


def test_decimals_of_different_length_are_read_as_well(tmp_path):
    words = "1.5 -2.25 .5 5. -.125 +3.0625 1e1 1.5e-3 7"
    motion = read(tmp_path, with_values(words, *LINES[1:]))
    assert motion.values[0].tolist() == [float(word) for word in words.split()]


@pytest.mark.parametrize("word", ["nan", "inf", "-nan(ind)"])
def test_a_gap_among_decimals_of_one_length_is_held(tmp_path, word):
    lines = fixed(VALUES)
    lines[1] = lines[1].replace(" 5.000000 ", f" {word} ")
    motion = read(tmp_path, with_values(*lines))
    assert motion.values[:, 7].tolist() == [2, 2, 8]
    assert len(motion.notices) == 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (" 5.000000", "", "has 8 of 9 values"),
        (" 5.000000", " 5.000000 5.000000", "has 10 values"),
        (" 5.000000", " 5 .000000", "has 10 values"),
        (" 5.000000 6.000000", " 5.000000-6.000000", "has 8 of 9 values"),
        (" 5.000000", " 5.0000.0", "is no number"),
        (" 5.000000", " 5.00000x", "is no number"),
        (" 5.000000", " 5-.000000", "is no number"),
        (" 5.000000", " 5_0.000000", "is no number"),
        (" 5.000000", " --5.000000", "is no number"),
        (" 5.000000", " 5.000000\0", "is no number"),
    ],
)
def test_broken_decimals_of_one_length_are_refused_with_the_line(tmp_path, old, new, why):
    lines = fixed(VALUES)
    assert old in lines[1]
    lines[1] = lines[1].replace(old, new)
    with pytest.raises(DatasetError, match=rf"motion\.bvh: line {FIRST_LINE + 1}.*{why}"):
        read(tmp_path, with_values(*lines))


def test_decimals_that_slipped_into_the_next_line_are_refused(tmp_path):
    lines = fixed(VALUES)
    lines[0], last = lines[0].rsplit(" ", 1)
    with pytest.raises(DatasetError, match=f"line {FIRST_LINE} has 8 of 9 values"):
        read(tmp_path, with_values(lines[0], f"{last} {lines[1]}", lines[2]))


@pytest.mark.parametrize("word", ["98765432109876543210.123456", "-98765432109876543210.123456", "1234567890.123456"])
def test_numbers_too_large_to_be_exact_are_read_all_the_same(tmp_path, word):
    lines = fixed(VALUES)
    lines[1] = lines[1].replace(" 5.000000", f" {word}")
    assert read(tmp_path, with_values(*lines)).values[1, 7] == float(word)


@pytest.mark.parametrize("valid", [VALID, HEAD + "\n".join(fixed(VALUES)) + "\n"], ids=["whole", "decimals"])
def test_a_mutated_file_is_read_or_refused_and_nothing_else(tmp_path, valid):
    """Any other exception than DatasetError ends this test."""
    rng = np.random.default_rng(7)
    words = re.findall(r"\S+|\n", valid)
    refused = []
    for _ in range(300):
        data = bytearray(valid.encode())
        kind = rng.integers(6)
        if kind == 0:  # single bytes
            for at in rng.integers(len(data), size=rng.integers(1, 8)):
                data[at] = rng.integers(256)
        elif kind == 1:  # a piece lost
            start, end = np.sort(rng.integers(len(data), size=2))
            del data[start:end]
        elif kind == 2:  # a piece twice
            start, end = np.sort(rng.integers(len(data), size=2))
            data[start:start] = data[start:end]
        elif kind == 3:  # cut off
            del data[rng.integers(len(data)) :]
        elif kind == 4:  # random bytes in the middle
            at = rng.integers(len(data))
            data[at:at] = rng.bytes(rng.integers(1, 60))
        else:  # words swapped
            swapped = list(words)
            for _ in range(3):
                a, b = rng.integers(len(swapped), size=2)
                swapped[a], swapped[b] = swapped[b], swapped[a]
            data = " ".join(swapped).encode()
        for reader in (bvh.read, bvh.read_header):
            try:
                result = read(tmp_path, bytes(data), reader)
            except DatasetError as error:
                refused.append(str(error))
                continue
            if reader is bvh.read:
                assert result.values.shape == (result.frames, result.skeleton.channel_count)
                assert np.isfinite(result.values).all()
                bvh.forward_kinematics(bvh.resample(result, 30))
    assert 200 < len(refused) < 600
    assert all("motion.bvh: " in message for message in refused)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_refused(tmp_path, seed):
    noise = np.random.default_rng(seed).bytes(5000)
    for content in (noise, noise + b"\nMOTION\n" + noise, HEAD.encode() + noise):
        with pytest.raises(DatasetError):
            read(tmp_path, content)


def ramp(fps, seconds):
    """Root on a straight line at 30 units a second, turning at 20 degrees a second."""
    time = np.arange(round(seconds * fps) + 1) / fps
    channels = ("Xposition", "Yposition", "Zposition", "Zrotation", "Xrotation", "Yrotation")
    values = np.zeros((len(time), 6))
    values[:, 0] = 30 * time
    values[:, 5] = 20 * time
    return one_joint(values, channels, 1 / fps)


@pytest.mark.parametrize("fps", [60, 120, 90, 50, 24, 25, 29])
def test_another_rate_is_resampled_to_the_right_places_and_told(tmp_path, fps):
    motion = bvh.resample(ramp(fps, 2), 30)
    assert motion.fps == pytest.approx(30)
    assert motion.frames == 61
    assert np.allclose(motion.values[:, 0], np.arange(61), atol=0.05)
    assert np.allclose(motion.values[:, 5], np.arange(61) * 20 / 30, atol=0.05)
    assert motion.notices == (f"motion: {fps} fps resampled to 30",)


@pytest.mark.parametrize("fps", [60, 120])
def test_every_second_or_fourth_frame_is_taken_as_it_is(tmp_path, fps):
    bvh.write(tmp_path / "fast.bvh", ramp(fps, 2))
    read_back = bvh.read(tmp_path / "fast.bvh")
    motion = bvh.resample(read_back, 30)
    assert np.array_equal(motion.values, read_back.values[:: fps // 30])
    assert motion.notices == (f"fast.bvh: {fps} fps resampled to 30",)


@pytest.mark.parametrize("frame_time", [1 / 30, 0.033, 0.0333, 0.03333, 0.033333, 0.0333333, 0.03333333])
def test_a_frame_time_of_few_digits_is_thirty_frames_a_second(frame_time):
    motion = one_joint(np.zeros((5, 3)), frame_time=frame_time)
    if frame_time == 0.033:  # 1 % off: a second in a hundred
        assert bvh.resample(motion, 30) is not motion
    else:
        assert bvh.resample(motion, 30) is motion


@pytest.mark.parametrize("fps", [15, 24, 25, 29.97, 30.01, 30, 48, 50, 59.94, 60, 100, 119.88, 120, 240])
def test_the_length_is_known_without_resampling(fps):
    for frames in (*range(1, 70), 899, 900, 901, 4000):
        motion = one_joint(np.zeros((frames, 3)), frame_time=round(1 / fps, 6))
        length = bvh.resampled_length(motion.frames, motion.frame_time, 30)
        assert bvh.resample(motion, 30).frames == length
        assert abs((length - 1) / 30 - (frames - 1) / fps) < 1 / 30 + 0.002 * frames / fps


def test_angles_that_wrap_go_the_short_way():
    for start, end, between in ((170, -170, 180), (-170, 170, 180), (350, 10, 0), (-1, 359, 359)):
        motion = bvh.resample(one_joint([[start, 0, 0], [end, 0, 0]], frame_time=1 / 15), 30)
        assert motion.frames == 3
        assert (motion.values[1, 0] - between) % 360 == pytest.approx(0, abs=1e-9)
        assert motion.values[0, 0] == start
        assert (motion.values[2, 0] - end) % 360 == pytest.approx(0, abs=1e-9)


def test_positions_do_not_wrap():
    motion = bvh.resample(one_joint([[0.0], [400.0]], ("Xposition",), 1 / 15), 30)
    assert motion.values[:, 0].tolist() == [0, 200, 400]


def test_what_is_written_is_read_again(tmp_path):
    rng = np.random.default_rng(3)
    body = read(tmp_path, VALID).skeleton
    motion = bvh.Motion(body, np.round(rng.uniform(-300, 300, (50, 9)), 6), 1 / 120)
    bvh.write(tmp_path / "out.bvh", motion)
    again = bvh.read(tmp_path / "out.bvh")
    assert np.array_equal(again.values, motion.values)
    assert again.frame_time == pytest.approx(1 / 120, abs=1e-8)
    assert (again.skeleton.names, again.skeleton.parents) == (body.names, body.parents)
    assert again.skeleton.channels == body.channels
    assert np.array_equal(again.skeleton.offsets, body.offsets)
    assert again.skeleton.ends[1].tolist() == body.ends[1].tolist()
    assert again.notices == ()
    assert not list(tmp_path.glob("*.partial"))


def test_some_joints_alone_turn_as_among_all(tmp_path):
    motion = read(tmp_path, VALID)
    every, some = bvh.local_rotations(motion), bvh.local_rotations(motion, [1])
    assert list(some) == [1]
    assert np.array_equal(some[1], every[1])
    assert some[1].shape == (4, 3)
