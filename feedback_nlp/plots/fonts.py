"""A font that can write Chinese: given by the caller, named by the environment, or found among the installed ones.

Fonts are asked for through properties of each text; matplotlib's settings (``rcParams``) and its list of fonts stay as they are.
"""

import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

#: Names a font where the caller gives none: a path or a family.
ENVIRONMENT = "FEEDBACK_NLP_FONT"
#: A font that has these is taken for Chinese.
NEEDED = "中文反馈"
#: A code point of no character. A font that has it has them all, as boxes: macOS and matplotlib bring such a "last resort".
UNASSIGNED = "\u0378"
#: Families in the order of preference, for any capitals. Fonts for Simplified Chinese stand before those that write it in Japanese or
#: Traditional forms; matplotlib before 3.11 reads only the first face of a collection (.ttc), which is one of those for Noto and PingFang.
FAMILIES = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "思源黑体 CN", "Microsoft YaHei", "PingFang SC"),
    *("HarmonyOS Sans SC", "MiSans", "Heiti SC", "Hiragino Sans GB", "STHeiti", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "DengXian"),
    *("SimHei", "SimSun", "Songti SC", "STSong", "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Sarasa UI SC"),
    *("LXGW WenKai", "AR PL UMing CN", "Droid Sans Fallback", "Arial Unicode MS"),
    *("Noto Sans CJK TC", "Noto Sans CJK HK", "PingFang TC", "PingFang HK", "Heiti TC", "Microsoft JhengHei", "Noto Sans CJK JP"),
    *("Source Han Sans JP", "Source Han Sans", "Noto Serif CJK JP"),
)
#: Comes with matplotlib: Latin letters, signs and some symbols.
FALLBACK = "DejaVu Sans"
_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
#: Where Chinese fonts are that come with a system, best first, by `sys.platform`: looked at where matplotlib knows none. It does not look
#: into the folders into which macOS loads fonts it needs, nor, from Linux in Windows (WSL), at those of Windows.
_WINDOWS_FONTS = ("msyh.ttc", "msyh.ttf", "Deng.ttf", "simhei.ttf", "simsun.ttc", "msjh.ttc")
PLACES: dict[str, tuple[str, ...]] = {
    "darwin": (
        "/System/Library/Fonts/PingFang.ttc",
        "/System/Library/AssetsV2/com_apple_MobileAsset_Font*/*/AssetData/PingFang.ttc",
        "/System/Library/Fonts/Hiragino Sans GB.ttc",
        "/System/Library/Fonts/STHeiti Light.ttc",
        "/System/Library/Fonts/STHeiti Medium.ttc",
        "/System/Library/Fonts/Supplemental/Songti.ttc",
        "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    ),
    "win32": tuple(f"{root}/Fonts/{name}" for root in ("$WINDIR", "$LOCALAPPDATA/Microsoft/Windows") for name in _WINDOWS_FONTS),
    "linux": tuple(f"/mnt/c/Windows/Fonts/{name}" for name in _WINDOWS_FONTS),
}
#: What to install, by `sys.platform`.
_PACKAGES = {
    "darwin": "macOS comes with PingFang and Hiragino Sans GB: switch one on in Font Book, or run brew install font-noto-sans-cjk-sc",
    "win32": "Windows comes with Microsoft YaHei: add the optional feature Chinese (Simplified) Supplemental Fonts in Settings",
    "linux": "Debian, Ubuntu: apt-get install fonts-noto-cjk; Fedora: dnf install google-noto-sans-cjk-fonts",
}


def advice() -> str:
    """What to do where no font can write Chinese, on this system."""
    packages = _PACKAGES.get(sys.platform, _PACKAGES["linux"])
    return f"install one ({packages}), or pass font= with the path or family of a font, or set {ENVIRONMENT} to it"


class NoChineseFontWarning(UserWarning):
    """No font at hand can write Chinese: the figure speaks English, and names that cannot be written are numbers."""


@dataclass(frozen=True)
class Font:
    """A font for all texts of a figure.

    families: names matplotlib looks up, missing characters in the next one; empty where ``path`` is used instead.
    path: the font file. characters: code points that can be written.
    """

    families: tuple[str, ...]
    path: str
    characters: frozenset[int]

    @property
    def chinese(self) -> bool:
        """Whether it can write Simplified Chinese."""
        return self.lacks(NEEDED) == "" and ord(UNASSIGNED) not in self.characters

    def lacks(self, text: str) -> str:
        """Return the characters of a text that cannot be written, in order."""
        return "".join(sign for sign in text if ord(sign) not in self.characters)

    def properties(self, size: float) -> "FontProperties":
        """Properties of a text of this size, in points."""
        from matplotlib.font_manager import FontProperties

        if self.families:
            plain: dict[str, Any] = {"style": "normal", "variant": "normal", "weight": "normal", "stretch": "normal"}
            return FontProperties(family=list(self.families), size=size, **plain)
        return FontProperties(fname=self.path, size=size)


def need_matplotlib() -> None:
    """Raise MissingExtraError where matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"figures need the package matplotlib, which cannot be imported ({error}); "
            "install it with: python -m pip install 'feedback_nlp[plot]'"
        ) from error


def find_font(font: str | Path | None = None) -> Font:
    """Find the font for a figure.

    font: path of a font file or name of an installed family; None takes what ``FEEDBACK_NLP_FONT`` names, else the first installed family
    of ``FAMILIES``, else any font with the characters of ``NEEDED``, else a file of ``PLACES``, else the font that comes with matplotlib,
    which has no Chinese.
    Raises InputError for a path or family that is not there or cannot be read; MissingExtraError without matplotlib.
    """
    need_matplotlib()
    origin = "font"
    if font is None and os.environ.get(ENVIRONMENT, "").strip():
        font, origin = os.environ[ENVIRONMENT].strip(), ENVIRONMENT
    if font is not None:
        return _given(font, origin)
    return next((found for found in _candidates() if found.chinese), _installed(FALLBACK) or _file(_fallback_path()))


def warn_of_missing_font(font: Font, *, stacklevel: int) -> None:
    """Give the warning that texts cannot be written, with what to do. stacklevel: as `warnings.warn` counts it from here."""
    name = font.families[0] if font.families else Path(font.path).name
    message = f"{name} cannot write Chinese; the figure's own words are English, and names that need Chinese are numbers; {advice()}"
    warnings.warn(message, NoChineseFontWarning, stacklevel=stacklevel)


def _given(font: str | Path, origin: str) -> Font:
    path = Path(font).expanduser()
    if path.is_file():
        # An installed collection is better known by its family: there all its faces can be reached.
        resolved = path.resolve()
        families = {entry.name.casefold() for entry in _entries() if Path(entry.fname).resolve() == resolved}
        best = next((family for family in FAMILIES if family.casefold() in families), None)
        return (best and path.suffix.lower() in (".ttc", ".otc") and _installed(best)) or _file(str(path))
    if isinstance(font, Path) or path.suffix.lower() in _SUFFIXES:
        raise InputError(f"{origin}: expected the path of a font file or an installed family, got {str(font)!r}, and there is no such file")
    found = _installed(font)
    if found is None:
        chinese = [family for family in FAMILIES if _entry(family) is not None]
        known = f"Chinese families installed here: {', '.join(chinese)}" if chinese else f"no Chinese family is installed here; {advice()}"
        raise InputError(f"{origin}: expected the path of a font file or an installed family, got {font!r}, which is neither; {known}")
    return found


def _candidates() -> Iterator[Font]:
    """Fonts that may be Chinese, best first."""
    for family in FAMILIES:
        found = _installed(family)
        if found is not None:
            yield found
    for name in sorted({entry.name for entry in _entries()}):
        found = _installed(name)
        if found is not None:
            yield found
    # matplotlib keeps its list of fonts from when it was first used; a font installed since then is not in it.
    from matplotlib.font_manager import findSystemFonts

    known = {entry.fname for entry in _entries()}
    for path in (*_placed(), *sorted(set(findSystemFonts()) - known)):
        try:
            yield _file(path)
        except InputError:
            continue


def _placed() -> Iterator[str]:
    """Files of ``PLACES`` that are there."""
    for pattern in PLACES.get(sys.platform, ()):
        place = Path(os.path.expandvars(pattern))
        if place.is_absolute():
            yield from map(str, sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor)))))


def _installed(family: str) -> Font | None:
    """The installed family, with matplotlib's own font behind it; None where it is not installed or its file is gone."""
    entry = _entry(family)
    if entry is None:
        return None
    try:
        own = _characters(entry.fname, getattr(entry, "index", 0))
    except (OSError, RuntimeError, ValueError):
        return None
    families = tuple(dict.fromkeys((entry.name, FALLBACK)))
    return Font(families, entry.fname, own | _characters(_fallback_path(), 0))


def _entry(family: str) -> Any:
    """The plainest installed font of a family."""
    entries = [entry for entry in _entries() if entry.name.casefold() == family.casefold()]
    return min(entries, key=lambda entry: (entry.style != "normal", abs(_weight(entry.weight) - 400), entry.fname), default=None)


def _weight(weight: int | str) -> int:
    return weight if isinstance(weight, int) else 400


def _entries() -> Iterable[Any]:
    from matplotlib.font_manager import fontManager

    return fontManager.ttflist


def _file(path: str) -> Font:
    try:
        return Font((), path, _characters(path, 0))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"font: expected a font file (TrueType or OpenType), got {path!r}, which cannot be read: {error}") from error


def _fallback_path() -> str:
    from matplotlib import get_data_path

    return str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@cache
def _characters(path: str, face: int) -> frozenset[int]:
    """Code points a face has. Raises OSError or RuntimeError where it cannot be read or its Chinese cannot be drawn.

    New Apple systems have PingFang in outlines that only they can draw (table hvgl).
    """
    from matplotlib.ft2font import FT2Font

    # matplotlib before 3.11 has no choice of faces and lists the first one only.
    font = FT2Font(path, face_index=face) if face else FT2Font(path)
    characters = frozenset(font.get_charmap())
    if ord(NEEDED[0]) in characters and not any(font.load_char(ord(NEEDED[0])).bbox):
        raise RuntimeError("its characters have no outlines that can be drawn")
    return characters
