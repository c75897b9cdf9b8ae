"""What a check may find: every code with how grave it is, what it means and what to do. The docs list this table."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"

#: The gravest first.
SEVERITIES = (ERROR, WARNING, NOTE)


@dataclass(frozen=True)
class Code:
    """One kind of finding; `code` stays what it is for ever, so that `--ignore` keeps its meaning.

    deep: only a look at every value gives it.
    """

    code: str
    severity: str
    meaning: str
    advice: str
    deep: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with one file. file: below the root, with slashes; text: the rest of the sentence."""

    code: Code
    file: str
    text: str


# Which files there are.
KIND_ABSENT = Code("IA001", WARNING, "A folder of the data set is absent or empty.", "Fetch it, or leave it out.")
ZIPPED = Code("IA002", ERROR, "An archive lies there and its folder is absent or empty.", "Unpack it in the root.")
NO_RETARGETED = Code("IA003", ERROR, "A body motion is missing in `bvhs_retarget/`.", "Fetch the file.")
NO_RAW = Code("IA004", WARNING, "A raw body motion is missing in `bvhs/`.", "Fetch the file; rendering needs none.")
NO_ARKIT = Code("IA005", WARNING, "ARKit weights are missing.", "Fetch them, or `face to-arkit` makes them of ICT's.")
NO_ICT = Code("IA006", WARNING, "ICT weights are missing.", "Fetch the file.")
NO_WAV = Code("IA007", WARNING, "A voice is missing.", "Fetch the file; the scene is heard with the other voice alone.")
ERRATUM = Code("IA008", NOTE, "A face is missing by the data set's published erratum.", "Nothing: nobody has it.")
STRAY = Code("IA009", WARNING, "Something whose name is none of this folder's.", "Move it elsewhere, or rename it.")
EXTENSION = Code("IA010", ERROR, "An extension is not in lower case, so the file is not found.", "Rename the file.")
EMPTY = Code("IA011", ERROR, "A file of no bytes.", "Fetch the file again.")
UNREADABLE = Code("IA012", ERROR, "A file or folder cannot be read.", "Look at its permissions and at the disk.")
NO_ACTOR = Code("IA013", ERROR, "A scene has no file at all of one of its actors.", "Fetch that actor's files.")
NO_TEMPLATE = Code("IA014", WARNING, "Others have a face template and this actor has none.", "Fetch the .obj file.")

# What the databases say.
DATABASE = Code("IA101", ERROR, "A database is missing or is not the data set's.", "Fetch the database again.")
NO_SCENARIO = Code("IA102", ERROR, "A scenario that was played has no row.", "Fetch scenarios.db again.")
NO_SESSION = Code("IA103", ERROR, "A date has files and no session.", "Fetch actors.db again, or correct the names.")
NO_ACTOR_ROW = Code("IA104", ERROR, "A session names an actor who has no row.", "Fetch actors.db again.")
GENDER = Code(
    "IA105", ERROR, "An actor has another gender in a session than in the actor's own row.", "Correct actors.db."
)
SESSION_TWICE = Code(
    "IA106", ERROR, "A date has two sessions.", "Delete the wrong row; which one programs take is chance."
)
ACTOR_TWICE = Code("IA107", ERROR, "An actor has two rows.", "Delete the wrong row; which one programs take is chance.")
NOT_OF_SESSION = Code("IA108", ERROR, "Files name an actor whom their session does not.", "Correct names or session.")
UNTOLD = Code("IA109", WARNING, "A scenario lacks its emotion, relationship or text.", "Fetch scenarios.db again.")

# Body motions.
NO_BVH = Code("IA201", ERROR, "A motion's head cannot be read: no BVH, or a broken one.", "Fetch the file again.")
CUT_BVH = Code("IA202", ERROR, "A motion's last line is cut off.", "Fetch the file again.")
FRAME_COUNT = Code("IA203", WARNING, "A motion has not the frames that it says.", "Fetch the file again.")
BAD_LINE = Code(
    "IA204", ERROR, "A line has too few or too many values, or no numbers.", "Fetch the file again.", deep=True
)
MOTION_NAN = Code(
    "IA205", ERROR, "A motion has values that are not finite.", "Fetch it again, or mend those frames.", deep=True
)
FRAME_TIME = Code("IA206", WARNING, "A motion's frames do not last 1/30 s.", "Resample it; rendering does.")
SWAPPED = Code("IA207", ERROR, "A motion has the bones of another actor.", "Correct the name: actors are swapped.")
OTHER_BONES = Code("IA208", WARNING, "A motion has other bones than its actor's others.", "Retarget it, or fetch it.")
STILL = Code(
    "IA209", WARNING, "A body does not move at all.", "Fetch the file again, or leave the scene out.", deep=True
)

# Face weights.
NO_NPY = Code("IA301", ERROR, "Weights are no plain .npy array of numbers.", "Fetch the file again.")
NPY_SHAPE = Code("IA302", ERROR, "Weights have another shape than their kind.", "Fetch it, or move it to its kind.")
CUT_NPY = Code("IA303", ERROR, "Weights are cut off: fewer bytes than the head says.", "Fetch the file again.")
WEIGHTS_NAN = Code("IA304", ERROR, "Weights are not finite.", "Fetch the file again, or mend those frames.", deep=True)
WEIGHTS_RANGE = Code(
    "IA305", WARNING, "Weights are far outside 0 to 1.", "Divide by 100 where they are per cent.", deep=True
)
FACE_STILL = Code("IA306", WARNING, "A face does not move at all.", "Leave it out: tracking was lost.", deep=True)
BAD_HEAD = Code(
    "IA307",
    ERROR,
    "A face template is broken, or does not fit the basis.",
    "Fetch it again; its actor is not rendered.",
)

# Voices.
NO_RIFF = Code("IA401", ERROR, "A voice is no wav file, or its head is broken.", "Fetch it again, or convert it.")
CUT_WAV = Code("IA402", ERROR, "A voice is cut off: fewer samples than its head says.", "Fetch the file again.")
WAV_RATE = Code("IA403", WARNING, "A voice has another sample rate than the others.", "Resample it.")
WAV_FORM = Code("IA404", WARNING, "A voice is compressed, or neither mono nor stereo.", "Convert it to PCM.")
SILENT = Code("IA405", WARNING, "A voice is silent.", "Fetch it again, or leave the voice out.", deep=True)
CLIPPED = Code("IA406", WARNING, "A voice is clipped.", "Record or fetch it again; it sounds harsh.", deep=True)
WAV_NAN = Code("IA407", ERROR, "A voice has samples that are not finite.", "Fetch the file again.", deep=True)

# What belongs together.
LENGTHS = Code("IA501", WARNING, "Body, face and voice differ by more than 0.5 s.", "Fetch the one that is wrong.")
SCENE_LENGTHS = Code("IA502", WARNING, "The two bodies of a scene differ by more than 0.5 s.", "Fetch the wrong one.")

# Job files.
BAD_JOB = Code("IA601", ERROR, "A job file cannot be read, or one of its lines names nothing.", "Correct the line.")
JOB_OF_NOTHING = Code("IA602", ERROR, "A job file's line names what is not there.", "Fetch it, or delete the line.")
JOB_TWICE = Code("IA603", NOTE, "A job file names a scene or face twice.", "Delete the line; it is done once.")

#: Every code, in order.
CODES: tuple[Code, ...] = tuple(
    sorted((v for v in vars().copy().values() if isinstance(v, Code)), key=lambda c: c.code)
)
