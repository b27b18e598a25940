"""Reading the small TOML files that hold policies and schemes: one that ships, by its slug, or the user's own, by its path."""

import hashlib
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from feedback_nlp.errors import PolicyError, did_you_mean

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
        hint = did_you_mean(name, known, form=" Did you mean {}?")
        raise PolicyError(f"{name}: expected one of {', '.join(known)} or the path of a TOML file ({error.strerror}).{hint}") from error
    except (ValueError, RecursionError) as error:
        unquoted = any(part in str(error) for part in ("key part", "Invalid statement")) and not content.isascii()
        hint = '; a Chinese key needs quotes: "门店"' if unquoted else ""
        raise PolicyError(f"{path}: expected TOML in UTF-8: {error}{hint}") from error
    slug = str(table.get("slug", path.stem))
    return table, str(path), f"{slug}/{hashlib.sha256(content).hexdigest()[:12]}"


def read_extended(kind: str, name: str | Path) -> tuple[dict[str, Any], str, str]:
    """As ``read_settings``, laid over the shipped settings that the file's key ``extends`` names, if it has one.

    Tables are merged key by key, of ``rules`` those of one label; anything else replaces what is inherited, and ``slug`` and ``title`` are
    not. The file's own rules come first, in its order. The signature covers both files. Raises PolicyError.
    """
    table, where, signature = read_settings(kind, name)
    if "extends" not in table:
        return table, where, signature
    base, known = table.pop("extends"), shipped(kind)
    if not isinstance(base, str) or base not in known or known[base] == Path(where):
        raise PolicyError(f"{where}.extends: expected another one of {', '.join(known)}, got {base!r}")
    inherited, _, its_signature = read_extended(kind, base)
    both = hashlib.sha256(f"{signature} {its_signature}".encode()).hexdigest()[:12]
    merged = _laid_over({key: value for key, value in inherited.items() if key not in ("slug", "title")}, table)
    if "rules" in table:
        merged["rules"] = _laid_over_rules(inherited.get("rules", []), table["rules"])
    return merged, where, f"{signature.partition('/')[0]}/{both}"


def _laid_over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = {**base, **own}
    for key in base.keys() & own.keys():
        if isinstance(base[key], dict) and isinstance(own[key], dict):
            merged[key] = _laid_over(base[key], own[key])
    return merged


def _laid_over_rules(base: list[dict[str, Any]], own: Any) -> Any:
    """Own rules, completed by the inherited ones of the same label, then the other inherited ones; what is no list of tables as it is."""
    if not isinstance(own, list) or not all(isinstance(rule, dict) for rule in own):
        return own
    labels = [rule.get("label") for rule in own]
    named = {rule["label"]: rule for rule in base}
    completed = [{**(named.get(rule.get("label"), {}) if isinstance(rule.get("label"), str) else {}), **rule} for rule in own]
    return completed + [rule for rule in base if rule["label"] not in labels]


def check(table: Any, rules: dict[str, Rule], *, where: str, optional: frozenset[str] = frozenset()) -> list[str]:
    """Every way in which a table breaks its rules: missing, unknown and wrong keys, each with place, expectation and value."""
    if not isinstance(table, dict):
        return [f"{where}: expected a table, got {table!r}"]
    problems = [f"{where}.{key}: missing, expected {rules[key][0]}" for key in rules if key not in table and key not in optional]
    for key, value in table.items():
        if key not in rules:
            problems.append(f"{where}.{key}: unknown key" + (did_you_mean(key, rules) or f", expected {', '.join(rules)}"))
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
