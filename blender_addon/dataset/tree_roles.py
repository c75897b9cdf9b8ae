"""What a joint is, from the shape of its tree alone: for skeletons whose names say nothing.

A body is two legs and two arms, each a pair of like branches, between them a trunk, and above the arms a head. Upper
arm and forearm, thigh and shin are the two longest bones in a row of a limb; fingers fan out from a hand. Which side
is left follows from the front: feet and wrists lie before the body, knees bend forwards and elbows backwards, which
the posed frames show whatever rest pose was drawn. Roles are those of joint_roles.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .joint_roles import FINGERS

#: Two branches are a pair if their bones' lengths differ by less than this share of them.
_ALIKE = 0.25
#: A limb is at least so long against the longest: fingers and eyes come in pairs too.
_LIMB = 0.4
#: A thumb begins at most so far from the wrist against the other fingers.
_THUMB = 0.7
#: A last joint so far from the shoulders, against the hips, is the crown of the head.
_CROWN = 0.5
#: How much each sign of the front counts: lengths of feet, bends of knees and of elbows, and how far the wrists are
#: before the shoulders, each as a share of the limb.
_FOOT, _KNEE, _ELBOW, _WRIST = 2.0, 8.0, 4.0, 0.5


def find(parents: Sequence[int], positions: np.ndarray, ends: Mapping[int, np.ndarray] | None = None) -> dict[str, int]:
    """The role of every joint that has one: {role: joint}; empty where the tree has no two arms.

    parents: J, each before its children, -1 for none; positions: (J, 3, N) of posed frames, in any unit and axes; ends:
    where End Sites are, (3, N) by joint.
    """
    tree = _Tree(parents, positions, ends or {})
    legs, arms = _limbs(tree)
    if arms is None:
        return {}
    trunk = _trunk(tree, legs, arms)
    left = _left_first(tree, legs, arms, trunk)
    roles = dict(trunk)
    for pair, names in ((legs, ("thigh", "shin", "foot")), (arms, ("upper_arm", "forearm", "hand"))):
        if pair is None:
            continue
        sides = pair.chains if left(pair) else pair.chains[::-1]
        for side, chain in zip("LR", sides, strict=True):
            first = _longest(tree, chain)
            roles |= {f"{name}.{side}": joint for name, joint in zip(names, chain[first:], strict=False)}
            if pair is arms and first > 0:
                roles[f"shoulder.{side}"] = chain[first - 1]
            if pair is legs and len(chain) > first + 3:
                roles[f"toe.{side}"] = chain[first + 3]
            if pair is arms and len(chain) > first + 2:
                roles |= {f"{role}.{side}": joint for role, joint in _fingers(tree, chain[first + 2]).items()}
    return roles


class _Tree:
    """lengths: from the parent, (J,); reach: the longest way down from each joint to an end, (J,)."""

    def __init__(self, parents: Sequence[int], positions: np.ndarray, ends: Mapping[int, np.ndarray]) -> None:
        self.parents, self.positions = parents, positions
        count = len(parents)
        self.children: list[list[int]] = [[] for _ in range(count)]
        self.lengths = np.zeros(count)
        for joint, parent in enumerate(parents):
            if parent >= 0:
                self.children[parent].append(joint)
                self.lengths[joint] = _distance(positions[joint], positions[parent])
        self.end_of = {joint: end for joint, end in ends.items() if not self.children[joint]}
        self.ends = {joint: _distance(end, positions[joint]) for joint, end in self.end_of.items()}
        self.reach = np.zeros(count)
        for joint in reversed(range(count)):
            ways = [self.lengths[child] + self.reach[child] for child in self.children[joint]]
            self.reach[joint] = max([*ways, self.ends.get(joint, 0.0)])

    def whole(self, joint: int) -> float:
        """How far a branch reaches from the joint that it hangs on."""
        return float(self.lengths[joint] + self.reach[joint])

    def chain(self, joint: int) -> list[int]:
        """The longest way down from a joint."""
        chain = [joint]
        while self.children[chain[-1]]:
            chain.append(max(self.children[chain[-1]], key=self.whole))
        return chain

    def path(self, joint: int) -> list[int]:
        """From the root down to a joint."""
        path = [joint]
        while self.parents[path[0]] >= 0:
            path.insert(0, self.parents[path[0]])
        return path

    def has(self, above: int, joint: int) -> bool:
        """Whether `joint` is `above` or hangs below it."""
        return above in self.path(joint)

    def bones(self, chain: Sequence[int]) -> np.ndarray:
        """The lengths of the bones that a chain's joints begin."""
        after = [self.lengths[joint] for joint in chain[1:]]
        return np.array([*after, self.ends.get(chain[-1], 0.0)])


@dataclass(frozen=True)
class _Pair:
    """Two like branches of a joint, as chains of joints."""

    hub: int
    chains: tuple[list[int], list[int]]


def _limbs(tree: _Tree) -> tuple[_Pair | None, _Pair | None]:
    """Legs and arms."""
    pairs = [pair for hub in range(len(tree.parents)) for pair in _pairs_at(tree, hub)]
    longest = max((_length(tree, pair) for pair in pairs), default=0.0)
    pairs = [
        pair for pair in pairs
        if _length(tree, pair) >= _LIMB * longest and len(pair.chains[0]) > 1
        and not any(tree.has(chain[0], pair.hub) for other in pairs for chain in other.chains)
    ]  # fmt: skip
    pairs = sorted(pairs, key=lambda pair: -_length(tree, pair))[:2]
    if len(pairs) < 2:
        return None, pairs[0] if pairs else None
    first, second = pairs
    # Arms carry fans of fingers, a head goes up from where they begin, and most trees begin at the legs.
    signs = [
        3.0 * (_has_fan(tree, first) - _has_fan(tree, second)),
        2.0 * (_has_head(tree, first, second) - _has_head(tree, second, first)),
        float(np.sign(len(tree.path(first.hub)) - len(tree.path(second.hub)))),
        -0.5,  # the longer pair are legs
    ]
    return (second, first) if sum(signs) > 0 else (first, second)


def _pairs_at(tree: _Tree, hub: int) -> list[_Pair]:
    """The pairs of like branches of a joint, the most alike first, none in two pairs."""
    found = []
    for one, two in itertools.combinations(tree.children[hub], 2):
        chains = tree.chain(one), tree.chain(two)
        if len(chains[0]) != len(chains[1]):
            continue
        first, second = (np.append(tree.lengths[chain[0]], tree.bones(chain)) for chain in chains)
        size = max(float(first.sum()), float(second.sum()))
        unlike = float(np.abs(first - second).sum()) / size if size > 0 else 1.0
        if unlike < _ALIKE:
            found.append((unlike, one, two, _Pair(hub, chains)))
    pairs: list[_Pair] = []
    taken: set[int] = set()
    for _, one, two, pair in sorted(found, key=lambda entry: entry[:3]):
        if not taken & {one, two}:
            taken |= {one, two}
            pairs.append(pair)
    return pairs


def _length(tree: _Tree, pair: _Pair) -> float:
    return min(tree.whole(chain[0]) for chain in pair.chains)


def _has_fan(tree: _Tree, pair: _Pair) -> bool:
    return any(len(tree.children[joint]) >= 3 for chain in pair.chains for joint in chain)


def _has_head(tree: _Tree, pair: _Pair, other: _Pair) -> bool:
    """Whether something hangs where the pair begins that is no limb and does not lead to the other pair."""
    limbs = {chain[0] for each in (pair, other) for chain in each.chains}
    return any(child not in limbs and not tree.has(child, other.hub) for child in tree.children[pair.hub])


def _longest(tree: _Tree, chain: Sequence[int]) -> int:
    """Where in a limb its two longest bones in a row begin."""
    bones = tree.bones(chain)
    sums = [bones[n] + bones[n + 1] for n in range(len(bones) - 1)]
    return int(np.argmax(sums)) if sums else 0


def _trunk(tree: _Tree, legs: _Pair | None, arms: _Pair) -> dict[str, int]:
    """Hips, spine, neck and head."""
    chest = arms.hub
    up = tree.path(chest)
    if legs is not None:
        hips = legs.hub
        down = tree.path(hips)
        shared = sum(a == b for a, b in zip(up, down, strict=False))
        # From the joint that carries both; where the chest carries the hips, the way between is the spine, turned.
        spine = up[shared:] if len(up) > shared else [chest, *down[shared:-1]][::-1] if hips != chest else []
    else:
        hips, spine = up[0], up[1:]
    roles = {"hips": hips} | {f"spine.{n}": joint for n, joint in enumerate(spine)}
    limbs = {chain[0] for pair in (legs, arms) if pair for chain in pair.chains}
    line = {*up, *spine, *(tree.path(hips))}
    tops = [
        child for joint in dict.fromkeys([chest, *reversed(spine)]) for child in tree.children[joint]
        if child not in limbs and child not in line
    ]  # fmt: skip
    if not tops:
        return roles
    chain = tree.chain(max(tops, key=tree.whole))
    head = next((n for n, joint in enumerate(chain) if len(tree.children[joint]) > 1), None)
    if head is None:
        shoulders = np.mean([tree.positions[limb[_longest(tree, limb)]] for limb in arms.chains], axis=0)
        trunk = _distance(shoulders, tree.positions[hips])
        crown = len(chain) > 1 and _distance(tree.positions[chain[-1]], shoulders) > _CROWN * trunk
        head = len(chain) - (2 if crown else 1)
    return roles | {"head": chain[head]} | {f"neck.{n}": joint for n, joint in enumerate(chain[:head])}


class _Sides:
    """Which chain of a pair is the left one."""

    def __init__(self, first_is_left: dict[int, bool]) -> None:
        self._first_is_left = first_is_left

    def __call__(self, pair: _Pair) -> bool:
        return self._first_is_left[id(pair)]


def _left_first(tree: _Tree, legs: _Pair | None, arms: _Pair, trunk: Mapping[str, int]) -> _Sides:
    place = tree.positions

    def across(pair: _Pair) -> np.ndarray:
        one, two = (chain[_longest(tree, chain)] for chain in pair.chains)
        return place[one] - place[two]

    def middle(pair: _Pair) -> np.ndarray:
        return np.mean([place[chain[_longest(tree, chain)]] for chain in pair.chains], axis=0)

    sideways = _unit(across(arms))
    same = True
    if legs is not None:
        same = float(np.einsum("an,an->n", sideways, _unit(across(legs))).mean()) >= 0
        sideways = sideways + _unit(across(legs)) * (1.0 if same else -1.0)
    base = middle(legs) if legs is not None else place[trunk["hips"]]
    up = middle(arms) - base
    if np.linalg.norm(up, axis=0).min() < 1e-6 * tree.reach.max():
        up = place[trunk.get("head", trunk["hips"])] - base
    up = _unit(up)
    front = _unit(np.cross(sideways.T, up.T).T)  # the front if the first arm is the left one

    def ahead(vector: np.ndarray) -> float:
        return float(np.einsum("an,an->n", vector, front).mean())

    votes = 0.0
    for chain in arms.chains:
        first = _longest(tree, chain)
        shoulder, elbow, wrist = (_joint_or_end(tree, chain, first + n) for n in range(3))
        size = float(tree.bones(chain)[first : first + 2].sum())
        votes += _WRIST * ahead(wrist - shoulder) / size - _ELBOW * ahead(elbow - (shoulder + wrist) / 2) / size
    for chain in legs.chains if legs is not None else ():
        first = _longest(tree, chain)
        hip, knee, ankle = (_joint_or_end(tree, chain, first + n) for n in range(3))
        size = float(tree.bones(chain)[first : first + 2].sum())
        votes += _KNEE * ahead(knee - (hip + ankle) / 2) / size
        toe = _joint_or_end(tree, chain, first + 3)
        if (long := _distance(toe, ankle)) > 0.02 * size:
            votes += _FOOT * ahead(toe - ankle) / long
    first_is_left = {id(arms): votes >= 0}
    if legs is not None:
        first_is_left[id(legs)] = (votes >= 0) == same
    return _Sides(first_is_left)


def _joint_or_end(tree: _Tree, chain: Sequence[int], number: int) -> np.ndarray:
    """Where a chain's joint is, (3, N), or the end of the chain where it has no such joint."""
    if number < len(chain):
        return tree.positions[chain[number]]
    return tree.end_of.get(chain[-1], tree.positions[chain[-1]])


def _fingers(tree: _Tree, hand: int) -> dict[str, int]:
    """{`index.1`: joint}, without sides. A hand of one branch has none: it may as well be the hand's own end."""
    chains = [chain for child in tree.children[hand] for chain in _branches(tree, child)]
    # Joints at the fingers' tips end their last bones and begin none.
    if all(len(chain) > 3 and not tree.ends.get(chain[-1]) for chain in chains):
        chains = [chain[:-1] for chain in chains]
    if len(chains) < 2:
        return {}
    # A finger has three bones; what lies before them lies in the palm.
    bases = [tree.positions[chain[-3:][0]] for chain in chains]
    far = [_distance(base, tree.positions[hand]) for base in bases]
    nearest = int(np.argmin(far))
    others = [n for n in range(len(chains)) if n != nearest]
    thumbed = len(chains) == 5 or far[nearest] < _THUMB * float(np.median([far[n] for n in others]))
    start = nearest if thumbed else 0
    if thumbed:
        # From the thumb's tip the knuckles follow one another.
        order = sorted(others, key=lambda n: _distance(bases[n], tree.positions[chains[start][-1]]))
        named = [("thumb", start), *zip(FINGERS[1:], order, strict=False)]
    else:
        order = sorted(range(len(chains)), key=lambda n: _distance(bases[n], bases[0]))
        named = list(zip(FINGERS[1:], order, strict=False))
    roles: dict[str, int] = {}
    for finger, n in named:
        chain = chains[n]
        first = 0 if len(chain) > 3 else 1
        roles |= {f"{finger}.{first + k}": joint for k, joint in enumerate(chain[: 4 - first])}
    return roles


def _branches(tree: _Tree, joint: int) -> list[list[int]]:
    """The fingers at and below a joint: a joint in the palm may carry several."""
    chain = [joint]
    while len(tree.children[chain[-1]]) == 1:
        chain.append(tree.children[chain[-1]][0])
    if tree.children[chain[-1]]:
        return [branch for child in tree.children[chain[-1]] for branch in _branches(tree, child)]
    return [chain]


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.median(np.linalg.norm(a - b, axis=0)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-12)
