"""Reading the small TOML files that hold policies and schemes: one that ships, by its slug, or the user's own, by its path."""

import difflib
import hashlib
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from feedback_nlp.errors import PolicyError

#: No weight, bound or clock is larger.
MAX_NUMBER = 1e15

#: A check of one value: what is expected, and whether the value is that.
Rule = tuple[str, Callable[[Any], bool]]


def shipped(kind: str) -> dict[str, Path]:
    """Slug -> file of the settings of a kind ("policies", "schemes") that ship with the package."""
    folder = Path(str(resources.files("feedback_nlp"))) / "data" / kind
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def read_settings(kind: str, name: str | Path) -> tuple[dict[str, Any], str, str]:
    """The parsed file, where it is, and its signature ``slug/checksum``. Raises PolicyError."""
    known = shipped(kind)
    path = known.get(str(name), Path(name))
    if path.exists() and not path.is_file():
        raise PolicyError(f"{name}: expected one of {', '.join(known)} or the path of a TOML file, got a folder, device or pipe")
    try:
        content = path.read_bytes()
        table = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PolicyError(f"{name}: expected one of {', '.join(known)} or the path of a TOML file ({error.strerror}).{hint}") from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{path}: expected TOML in UTF-8: {error}") from error
    slug = str(table.get("slug", path.stem))
    return table, str(path), f"{slug}/{hashlib.sha256(content).hexdigest()[:12]}"


def check(table: Any, rules: dict[str, Rule], *, where: str, optional: frozenset[str] = frozenset()) -> list[str]:
    """Every way in which a table breaks its rules: missing, unknown and wrong keys, each with place, expectation and value."""
    if not isinstance(table, dict):
        return [f"{where}: expected a table, got {table!r}"]
    problems = [f"{where}.{key}: missing, expected {rules[key][0]}" for key in rules if key not in table and key not in optional]
    for key, value in table.items():
        if key not in rules:
            near = difflib.get_close_matches(key, rules, n=1)
            problems.append(f"{where}.{key}: unknown key" + (f", did you mean {near[0]!r}?" if near else f", expected {', '.join(rules)}"))
        elif not rules[key][1](value):
            problems.append(f"{where}.{key}: expected {rules[key][0]}, got {value!r}")
    return problems


def is_text(value: Any) -> bool:
    """A string that is not empty and holds no control characters (a line feed would match across rows)."""
    return isinstance(value, str) and value != "" and value.isprintable()


def is_texts(value: Any) -> bool:
    """A list of strings that are not empty."""
    return isinstance(value, list) and all(map(is_text, value))


def is_number(value: Any) -> bool:
    """A number that is not negative (TOML knows inf and nan, too)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_NUMBER


def is_share(value: Any) -> bool:
    """A number in [0, 1]."""
    return is_number(value) and value <= 1


def raise_problems(problems: list[str]) -> None:
    """All problems in one PolicyError."""
    if problems:
        raise PolicyError("\n".join(problems))
