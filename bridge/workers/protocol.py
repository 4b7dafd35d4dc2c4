"""What goes between a bridge and the workers, over MQTT. Frozen values, and the topics that they travel by."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from model.generation.messages import BeatWritten, Begin, Write

TOPIC_ROOT = "llmball-work/"


JOBS_TOPIC = TOPIC_ROOT + "jobs"


SHARED_JOBS = f"$share/workers/{JOBS_TOPIC}"
"""A job is given to one of those who subscribe here."""


ONLINE_TOPICS = TOPIC_ROOT + "workers/+/online"


JOB_EXPIRY = 2
"""Seconds that a job waits for a worker."""


def orders_topic(worker: str) -> str:
    """Return where a worker takes orders of the jobs that it has."""
    return f"{TOPIC_ROOT}workers/{worker}/orders"


def online_topic(worker: str) -> str:
    """Return where a worker, or its last will, says whether it is there."""
    return f"{TOPIC_ROOT}workers/{worker}/online"


@dataclass(frozen=True, slots=True)
class Job:
    """A take to be written, by those who have the same weights. `id` is one in the world."""

    id: str
    weights: str
    begin: Begin


@dataclass(frozen=True, slots=True)
class Accepted:
    """A worker has a job; its orders go to that worker."""

    job: str
    worker: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A job cannot be done, in words; also one that a worker no longer knows."""

    job: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """Beats of a job to be written, in turn; the first has number `first`, and each number comes once."""

    job: str
    first: int
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A job is over."""

    job: str


@dataclass(frozen=True, slots=True)
class Streamed:
    """The answer to order `number` of a job."""

    job: str
    number: int
    answer: BeatWritten


def qos_of(value: object) -> int:
    """Return the QoS that a value travels with.

    Orders and beats follow one another closely and are numbered, and the music does not wait for one that is lost. An
    acknowledgement in front of each would hold it back by 40 ms (Nagle's rule at the broker, TCP's delayed ones here).
    """
    return 0 if isinstance(value, Ordered | Streamed) else 1


FromBridge = Ordered | Done


FromWorker = Accepted | Refused | Streamed


MAX_PAYLOAD = 1 << 20


class WireError(ValueError):
    """A payload that is not what it should be."""


def pack(value: object) -> bytes:
    """Return a frozen value as JSON."""
    return json.dumps(_to_json(value), ensure_ascii=False, separators=(",", ":")).encode()


def unpack(data: bytes, *kinds: type) -> Any:
    """Return the value that a payload is, of one of some types of values. Raises WireError."""
    if len(data) > MAX_PAYLOAD:
        raise WireError(f"a payload has {MAX_PAYLOAD} bytes at most, not {len(data)}")
    try:
        return _union_reader(kinds)(json.loads(data))
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError(str(error)) from error


def _to_json(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        fields_ = {name: _to_json(getattr(value, name)) for name in _names(type(value))}
        return {"is": type(value).__name__, **fields_}
    if isinstance(value, frozenset):
        return sorted(map(str, value))  # only sets of names travel
    if isinstance(value, tuple):
        return [_to_json(v) for v in value]
    return value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> Reader:
    """Return what reads values of a type; made once, for looking into types costs ten times as much as reading."""
    if isinstance(kind, NewType):
        return _reader(kind.__supertype__)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union_reader(inner)
    if origin is tuple:
        return _tuple_reader(inner)
    if origin is frozenset:
        row = _tuple_reader((inner[0], ...))
        return lambda data: frozenset(row(data))
    if is_dataclass(kind):
        return _union_reader((kind,))
    return _primitive_reader(kind)


def _primitive_reader(kind: Any) -> Reader:
    if kind not in (int, float, str, bool, types.NoneType):
        raise TypeError(f"{kind} does not travel")

    def read(data: Any) -> Any:
        if type(data) is kind:
            return data
        if kind is float and type(data) is int:
            return float(data)
        raise WireError(f"{str(data)[:40]!r} is no {kind.__name__}")

    return read


@cache
def _union_reader(kinds: tuple[Any, ...]) -> Reader:
    values: dict[Any, Reader] = dict(_dataclass_reader(kind) for kind in kinds if is_dataclass(kind))
    others = [_reader(kind) for kind in kinds if not is_dataclass(kind)]

    def read(data: Any) -> Any:
        if isinstance(data, dict) and (value := values.get(data.get("is"))) is not None:
            return value(data)
        for other in others:
            with suppress(WireError):
                return other(data)
        raise WireError(f"{str(data)[:40]!r} is none of what may stand here")

    return read


def _tuple_reader(inner: tuple[Any, ...]) -> Reader:
    if len(inner) == 2 and inner[1] is Ellipsis:
        one = _reader(inner[0])
        return lambda data: tuple(map(one, _array(data)))
    each = [_reader(kind) for kind in inner]

    def read(data: Any) -> Any:
        if len(_array(data)) != len(each):
            raise WireError(f"an array of {len(each)} values, not {len(data)}")
        return tuple(read_one(one) for read_one, one in zip(each, data, strict=True))

    return read


def _array(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise WireError(f"{str(data)[:40]!r} is no array")
    return data


def _dataclass_reader(kind: Any) -> tuple[str, Reader]:
    """Return the name that such a value travels under, and what reads it."""
    hints = get_type_hints(kind)
    named = [(name, _reader(hints[name])) for name in _names(kind)]
    return str(kind.__name__), lambda data: kind(**{name: read(data[name]) for name, read in named})
