"""Frozen values ↔ JSON, for other machines: only what a type says is read, nothing is unpickled. Pure."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

MOST_BYTES = 1 << 20


class WireError(ValueError):
    """A payload that is not what it should be."""


def pack(value: object) -> bytes:
    """Return a frozen value as JSON."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def unpack(data: bytes, *kinds: type) -> Any:
    """Return the value that a payload is, of one of some types of values. Raises WireError."""
    if len(data) > MOST_BYTES:
        raise WireError(f"a payload has {MOST_BYTES} bytes at most, not {len(data)}")
    try:
        return _one_of(kinds, json.loads(data))
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError(str(error)) from error


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        told = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"is": type(value).__name__, **told}
    if isinstance(value, frozenset):
        return sorted(map(str, value))  # only sets of names travel
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


@lru_cache(256)
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any) -> Any:
    if isinstance(kind, NewType):
        return _read(kind.__supertype__, data)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(inner, data)
    if origin is tuple:
        return _row(inner, data)
    if origin is frozenset:
        return frozenset(_row((inner[0], ...), data))
    if is_dataclass(kind) and isinstance(kind, type):
        return _value(kind, data)
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if kind in (int, str, bool, types.NoneType) and type(data) is kind:
        return data
    raise WireError(f"{str(data)[:40]!r} is no {getattr(kind, '__name__', kind)}")


def _one_of(kinds: tuple[Any, ...], data: Any) -> Any:
    for kind in kinds:
        if is_dataclass(kind) and isinstance(data, dict) and data.get("is") == _name(kind):
            return _value(kind, data)
    for kind in kinds:
        try:
            if not is_dataclass(kind):
                return _read(kind, data)
        except WireError:
            continue
    raise WireError(f"{str(data)[:40]!r} is none of what may stand here")


def _name(kind: Any) -> str:
    return str(kind.__name__)


def _row(inner: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise WireError(f"{str(data)[:40]!r} is no array")
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_read(inner[0], one) for one in data)
    if len(inner) != len(data):
        raise WireError(f"an array of {len(inner)} values, not {len(data)}")
    return tuple(_read(k, one) for k, one in zip(inner, data, strict=True))


def _value(kind: Any, data: Any) -> Any:
    if not isinstance(data, dict) or data.get("is") != kind.__name__:
        raise WireError(f"{str(data)[:40]!r} is no {kind.__name__}")
    hints = _hints(kind)
    named = {f.name: _read(hints[f.name], data[f.name]) for f in fields(kind)}
    return kind(**named)
