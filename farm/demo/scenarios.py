"""What the scenes are about: relationships, emotions and short scenarios, and how an emotion shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Emotion:
    """An emotion and how much of it body, voice and face show.

    energy: size and tempo of gestures, 1 is plain talk; slump: forward bend of the spine in degrees; chin: head
    pitch in degrees, down is positive; pitch: factor on the voice's pitch; smile, frown, brow_up, brow_down, squint:
    what the face holds, 0 to 1.
    """

    name: str
    energy: float = 1.0
    slump: float = 0.0
    chin: float = 0.0
    pitch: float = 1.0
    smile: float = 0.08
    frown: float = 0.0
    brow_up: float = 0.05
    brow_down: float = 0.0
    squint: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """One row of scenarios.db; relationship and emotion are names of RELATIONSHIPS and EMOTIONS."""

    relationship: str
    emotion: str
    character_setup: str
    text: str


RELATIONSHIPS = ("friends", "couple", "siblings", "colleagues", "neighbours", "strangers", "teacher and student")

EMOTIONS = (
    Emotion("neutral"),
    Emotion("happiness", energy=1.25, chin=-2.0, pitch=1.12, smile=0.5, brow_up=0.15, squint=0.2),
    Emotion("sadness", energy=0.6, slump=6.0, chin=7.0, pitch=0.9, smile=0.0, frown=0.4, brow_up=0.3),
    Emotion("anger", energy=1.35, slump=2.0, chin=2.0, pitch=1.12, smile=0.0, frown=0.2, brow_down=0.55, squint=0.25),
    Emotion("surprise", energy=1.15, slump=-2.0, chin=-3.0, pitch=1.2, smile=0.12, brow_up=0.5),
    Emotion("fear", energy=0.85, slump=2.5, chin=1.0, pitch=1.15, smile=0.0, frown=0.25, brow_up=0.4, brow_down=0.1),
    Emotion("affection", energy=0.9, chin=1.0, pitch=1.0, smile=0.35, brow_up=0.12, squint=0.12),
)

#: Scenario n of the data set is the one at (n - 1) modulo their number.
SCENARIOS = (
    Scenario(
        "friends",
        "happiness",
        "He has just come back from a year abroad; she kept his bicycle.",
        "Two friends meet again after a year. He tells of the journey, she cannot wait to hand him his bicycle.",
    ),
    Scenario(
        "neighbours",
        "anger",
        "He practises the drums; she works at night.",
        "She asks him for the third time to stop drumming before noon. He feels treated unfairly.",
    ),
    Scenario(
        "colleagues",
        "neutral",
        "He leads the project; she looks after the machines.",
        "They go through the plan of the week and find out that both had promised the same machine to someone.",
    ),
    Scenario(
        "siblings",
        "sadness",
        "Brother and sister; the dog of their childhood was fourteen.",
        "He tells her that the old dog died this morning. They remember how it once stole a whole cake.",
    ),
    Scenario(
        "couple",
        "affection",
        "Married for three years; tomorrow she starts a new work.",
        "The evening before her first day he tries to take away her worries, and finds that he has some himself.",
    ),
    Scenario(
        "teacher and student",
        "surprise",
        "He teaches physics; she handed in an essay that was never asked for.",
        "He tells her that her essay is to be printed in a journal. She thinks that it must be a mistake.",
    ),
    Scenario(
        "strangers",
        "fear",
        "Both wait for the last bus; he has seen smoke behind the depot.",
        "He warns her of the smoke and wants to leave at once. She is not sure which way is the safe one.",
    ),
    Scenario(
        "friends",
        "neutral",
        "Both want to cook for the same birthday.",
        "They share out the shopping, and go over the guest list to see who cannot eat nuts.",
    ),
    Scenario(
        "couple",
        "anger",
        "He forgot to cancel a subscription; she found the bill.",
        "She shows him the bill for a whole year. He explains, and only makes it worse.",
    ),
    Scenario(
        "siblings",
        "happiness",
        "Sister and brother; she has been accepted by the orchestra.",
        "She lets him guess her news. He guesses everything but the right thing, and then cheers louder than she does.",
    ),
    Scenario(
        "colleagues",
        "surprise",
        "He has sat at the window desk for ten years; she brings the new seating plan.",
        "The plan says that the window desk is hers now. Both had expected something else.",
    ),
    Scenario(
        "neighbours",
        "affection",
        "She is old and lives above him; he carries up her shopping.",
        "She thanks him with a jar of jam and tells him about the house as it was when she moved in.",
    ),
    Scenario(
        "teacher and student",
        "sadness",
        "She teaches the piano; he has to give up the lessons.",
        "He says that this was his last lesson. She had hoped he would play at the concert in May.",
    ),
    Scenario(
        "strangers",
        "neutral",
        "She is looking for the museum; he is in town for the first time as well.",
        "She asks him the way. Together they try to make sense of a map that is turned by a quarter.",
    ),
)


def scenario(number: int) -> Scenario:
    """The scenario with that number, from 1; numbers beyond the last begin again."""
    return SCENARIOS[(number - 1) % len(SCENARIOS)]


def emotion(name: str) -> Emotion:
    """The emotion of that name."""
    return next(entry for entry in EMOTIONS if entry.name == name)
