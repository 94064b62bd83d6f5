"""Finding notices by words, with full recall: a query finds every notice whose text contains it.

Chinese has no spaces, and a word segmenter loses a fifth of what a reader would find. So the text is searched as
characters: normalised (width, case, blanks), then compared as a substring.
"""

import unicodedata

from tendering.content import Publication, participants


def normalise(text: str) -> str:
    """One width, one case, no blanks, so that "10 KV（二期）" and "10kv(二期)" are the same."""
    return "".join(unicodedata.normalize("NFKC", text.replace("\0", "")).casefold().split())


def searchable(item: Publication, code: str) -> str:
    """The text that a notice is found by: its title, codes, buyer and suppliers, one a line."""
    suppliers = {party.name for party, *_ in participants(item.content)}
    parts = (
        item.title,
        item.project_code,
        item.buyer.name if item.buyer else None,
        code,
        *sorted(suppliers),
    )
    return "\n".join(normalise(part) for part in parts if part)


def words(query: str) -> list[str]:
    """The query's words, each to be found somewhere in the text."""
    return list(dict.fromkeys(filter(None, map(normalise, query.split()))))[:8]
