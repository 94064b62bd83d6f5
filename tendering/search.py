"""Finding notices by words, with full recall: a query finds every notice whose text contains it.

Chinese has no spaces, and a word segmenter loses a fifth of what a reader would find. So the text is searched as
characters: normalised (width, case, blanks), then compared as a substring. Which notices are compared is chosen so
that every query is fast on a million notices:

- frequent words are found by walking back from the newest notice: most pages fill within `WALK` rows, and what the
  walk yields tells how much further it would have to go;
- what walking does not fill comes from a GIN index of every one and two neighbouring characters, whose candidates
  are then compared. Its cost falls with the rarity of the rarest pair, which is just where the walk fails.
"""

import unicodedata
from itertools import pairwise

from tendering.content import Publication, participants

#: Rows that the walk looks at: about 2 ms.
WALK = 2000
#: So many hits in the first walk promise that walking on is cheaper than the index; fewer, that the words are rare.
FEW = 3

#: The index's characters and pairs of neighbours.
DDL = (
    """
    CREATE FUNCTION notice_grams(text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    DECLARE
        characters text[] := string_to_array($1, NULL);
        grams text[] := characters;
    BEGIN
        FOR place IN 2 .. cardinality(characters) LOOP
            grams := grams || (characters[place - 1] || characters[place]);
        END LOOP;
        RETURN grams;
    END $$
    """,
    "CREATE INDEX ix_notice_grams ON notice USING gin (notice_grams(search_text))",
)


class _Folding(dict[int, str]):
    """What each character becomes: one width, one case, blanks gone. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        self[code] = text = "".join(folded.replace("\0", "").split())
        return text


_FOLDING = _Folding()


def normalise(text: str) -> str:
    """One width, one case, no blanks, so that "10 KV（二期）" and "10kv(二期)" are the same.

    Character by character: what is contained before stays contained after.
    """
    return text.translate(_FOLDING)


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


def grams(word: str) -> list[str]:
    """What the index must hold of a notice that contains the word: its pairs, or its only character."""
    return ["".join(pair) for pair in pairwise(word)] or [word]
