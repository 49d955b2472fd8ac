"""The files that an edit changes: checked as a whole with all other knowledge, shown, and written all or none."""

import difflib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cds_service.codes.edit import Source, concepts_of
from cds_service.codes.written import Written
from cds_service.errors import EditError, Problem
from cds_service.knowledge.load import KnowledgeBase, Sources, build_knowledge
from cds_service.knowledge.read import to_artifact


@dataclass(frozen=True)
class Change:
    """A value set before and after an edit."""

    written: Written
    source: Source

    @property
    def after(self) -> bytes:
        """Return the bytes of the file after the edit, formatted as it was."""
        return self.written.layout.to_bytes(self.source)

    @property
    def named(self) -> list[tuple[str, Source]]:
        """Return (system, concept) of what is new after the edit, or has another display."""
        before = {(system, each["code"], each.get("display")) for system, each in concepts_of(self.written.source)}
        after = concepts_of(self.source)
        return [(system, each) for system, each in after if (system, each["code"], each.get("display")) not in before]

    @property
    def diff(self) -> str:
        """Return the unified diff of the file."""
        before, after = (raw.decode("utf-8-sig").splitlines() for raw in (self.written.raw, self.after))
        lines = difflib.unified_diff(before, after, f"a/{self.written.file}", f"b/{self.written.file}", lineterm="")
        return "\n".join(lines)


def check_changes(sources: Sources, changes: Iterable[Change]) -> KnowledgeBase:
    """Return the knowledge as it would be after the changes; raises KnowledgeError with every problem of the whole."""
    problems = list(sources.problems)
    made = [to_artifact(each.source, each.written.file, {"ValueSet"}, problems) for each in changes]
    new = {each.file: each for each in made if each}
    artifacts = tuple(new.get(each.file, each) for each in sources.artifacts)
    return build_knowledge(replace(sources, artifacts=artifacts, problems=tuple(problems)))


def write_changes(changes: Sequence[Change]) -> None:
    """Write the changed files; each becomes the new one at once and keeps its mode.

    All of them are written beside the old ones before the first is put in place. Raises EditError when a file was
    changed by someone else meanwhile, or one cannot be written; the message then says what was written.
    """
    if problems := [problem for each in changes for problem in _meanwhile(each.written)]:
        raise EditError(problems)
    paths = [each.written.path.resolve() for each in changes]
    pairs = [(path.with_name(f".{path.name}.new"), path) for path in paths]
    done: list[str] = []
    try:
        for change, (new, path) in zip(changes, pairs, strict=True):
            new.write_bytes(change.after)
            new.chmod(path.stat().st_mode)
        for change, (new, path) in zip(changes, pairs, strict=True):
            new.replace(path)
            done.append(change.written.file)
    except OSError as error:
        reason = f"cannot be written ({type(error).__name__}); written: {', '.join(done) or 'nothing'}."
        raise EditError([Problem(str(error.filename), "-", reason, "see to the folder and start again.")]) from None
    finally:
        _remove(new for new, _ in pairs)


def _meanwhile(written: Written) -> list[Problem]:
    try:
        is_same = written.path.read_bytes() == written.raw
    except OSError:
        is_same = False
    reason, fix = "the file was changed meanwhile; nothing was written.", "look at it and start again."
    return [] if is_same else [Problem(written.file, "-", reason, fix)]


def _remove(files: Iterable[Path]) -> None:
    for each in files:
        with suppress(OSError):
            each.unlink(missing_ok=True)
