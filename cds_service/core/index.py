"""The index over value sets, made column by column: a set may hold some hundred thousand codes and names."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TypeVar

from cds_service.core.text import cut_tags, fold_all

Entry = TypeVar("Entry")


class Index(dict[str, Mapping[str, Entry]]):
    """By a code or a name, what stands for it in each value set that has it, by the url of the set.

    `shared` are the keys that several value sets have.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shared: set[str] = set()

    def merge(self, of_one_set: dict[str, Mapping[str, Entry]]) -> None:
        """Add what one value set has."""
        known = self.keys() & of_one_set.keys()
        self.shared |= known
        self |= of_one_set | {key: {**self[key], **of_one_set[key]} for key in known} if known else of_one_set


def index_names(
    names_of: Sequence[tuple[str, ...]], entries: Sequence[Entry]
) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Return the entries by their names, folded, without semantic tags; and by those that have one, with it.

    `names_of` holds the names of each entry. Of several entries with the same name, with a tag or without, the first
    counts; the second index says which, where both hold a name.
    """
    names = [name for names in names_of for name in names]
    owners = [entry for names, entry in zip(names_of, entries, strict=True) for _ in names]
    bare, tags = cut_tags(names)
    folded = fold_all(bare)
    phrases = dict(zip(reversed(folded), reversed(owners), strict=True))
    tagged = [
        (f"{text} {tag}" if text else tag, each) for text, tag, each in zip(folded, tags, owners, strict=True) if tag
    ]
    full = dict(reversed(tagged))
    if disputed := phrases.keys() & full.keys():
        places = {id(entry): place for place, entry in enumerate(entries)}
        full |= {text: min(phrases[text], full[text], key=lambda entry: places[id(entry)]) for text in disputed}
    return phrases, full


def lengths_of(phrases: Iterable[str]) -> set[tuple[str, int]]:
    """Return the first word and the number of further words of each phrase."""
    return set(zip([each.partition(" ")[0] for each in phrases], map(str.count, phrases, repeat(" ")), strict=True))
