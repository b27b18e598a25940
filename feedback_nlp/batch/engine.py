"""What the steps of an analysis ask of an engine; those that ship are in `feedback_nlp.engines`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Engine(Protocol):
    """What runs the maps."""

    def opened(self) -> AbstractContextManager["Engine"]:
        """The engine with whatever it starts kept for several maps."""

    def map(self, function: Callable[[Any, Any], Result], tasks: Iterable[Any], shared: Any) -> Iterator[Result]:
        """``function(task, shared)`` of each task, in their order; tasks are taken as they are needed."""
