"""Whether the files that knowledge is read from have changed."""

from contextlib import suppress

from cds_service.knowledge.place import Place

Look = frozenset[tuple[str, int, int]]


class Watch:
    """Looks at path, time and size of the files of a place. Made before they are read, so that no change is missed."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._told = self._last = self._look()

    def has_changed(self) -> bool:
        """Return whether there is a change to be told, which is once for each.

        Files that are different at every look are being written: they are waited for until two looks are the same.
        """
        before, self._last = self._last, self._look()
        if self._last != before or self._last == self._told:
            return False
        self._told = self._last
        return True

    def _look(self) -> Look:
        found = set()
        with suppress(OSError):  # a folder that is gone; the next look tells
            for path in self._place.files:
                with suppress(OSError):  # a link that leads nowhere, or a file that has just gone
                    stat = path.stat()
                    found.add((str(path), stat.st_mtime_ns, stat.st_size))
        return frozenset(found)
