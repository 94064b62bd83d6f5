-- What an entry is found by: its facets, and every character and pair of neighbouring characters of its text, each
-- under the entry's month. A search asks month by month, so it reads only as much of the index as fills its page.
CREATE FUNCTION search_keys(month integer, facets integer[], text text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT ARRAY(SELECT month::bigint << 43 | (1::bigint << 42) | unnest(facets))
        || array_agg(month::bigint << 43 | (ascii(a)::bigint << 21))
        || array_agg(month::bigint << 43 | (ascii(a)::bigint << 21) | ascii(b)) FILTER (WHERE b IS NOT NULL)
    FROM (SELECT unnest(characters) AS a, unnest(characters[2:]) AS b
        FROM (SELECT string_to_array(text, NULL) AS characters) AS split) AS pair
$$
;;
-- Writers empty its pending list at once (`publishing.SETTLE_SEARCH`): every month of every search would read it anew. That is four
-- times faster than an index without such a list, since a batch of notices shares most of its keys. The list has room
-- for an import's batches (in kB), or it would be emptied in the middle of each.
CREATE INDEX ix_search_entry_keys ON search_entry USING gin (search_keys(month, facets, text))
    WITH (gin_pending_list_limit = 16384)
;;
CREATE FUNCTION search_month(moment timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (extract(year FROM timezone('Asia/Shanghai', moment)) * 12
        + extract(month FROM timezone('Asia/Shanghai', moment)))::integer - 1
$$
;;
-- Up to `wanted` entries strictly between two places, in order: from among the nearest `walk` entries, which is all
-- it takes where the words are frequent, else from the index.
CREATE FUNCTION find_{direction}(
    facets integer[], grams bigint[], patterns text[], low numeric, high numeric, closes_after timestamptz,
    after_at timestamptz, after_id bigint, before_at timestamptz, before_id bigint, wanted integer, walk integer
) RETURNS SETOF search_entry LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_variable
DECLARE
    keys bigint[] := grams || ARRAY(SELECT 1::bigint << 42 | unnest(facets));
    walked bigint[] := ARRAY(
        SELECT entry.notice_id FROM (
            SELECT * FROM search_entry AS each
            WHERE (each.published_at, each.notice_id) > (after_at, after_id)
                AND (each.published_at, each.notice_id) < (before_at, before_id)
            ORDER BY each.published_at {order}, each.notice_id {order} LIMIT walk
        ) AS entry
        WHERE entry.text LIKE ALL (patterns) AND entry.facets @> facets
            AND (low IS NULL OR entry.amount >= low) AND (high IS NULL OR entry.amount <= high)
            AND (closes_after IS NULL OR entry.closes_at > closes_after)
        ORDER BY entry.published_at {order}, entry.notice_id {order} LIMIT wanted
    );
    oldest integer;
    newest integer;
    first integer;
    round integer := 1;
    found integer;
BEGIN
    IF cardinality(walked) = wanted OR cardinality(keys) = 0 THEN
        RETURN QUERY SELECT * FROM search_entry AS entry WHERE entry.notice_id = ANY (walked)
            ORDER BY entry.published_at {order}, entry.notice_id {order};
        RETURN;
    END IF;
    oldest := greatest((SELECT min(each.month) FROM search_entry AS each), search_month(after_at),
        (WITH open AS MATERIALIZED (
            SELECT each.month FROM search_entry AS each WHERE each.closes_at > closes_after
        ) SELECT min(open.month) FROM open WHERE closes_after IS NOT NULL));
    newest := least((SELECT max(each.month) FROM search_entry AS each), search_month(before_at));
    -- Twice as many months in each round, so that rare words take few rounds and frequent ones read little.
    WHILE wanted > 0 AND oldest <= newest LOOP
        first := {first};
        RETURN QUERY
        WITH entry AS MATERIALIZED (
            SELECT each.* FROM generate_series(first, first + round - 1) AS place (month),
                LATERAL (SELECT ARRAY(SELECT place.month::bigint << 43 | unnest(keys)) AS keys OFFSET 0) AS asked,
                search_entry AS each
            WHERE search_keys(each.month, each.facets, each.text) @> asked.keys AND each.text LIKE ALL (patterns)
        )
        SELECT * FROM entry
        WHERE (entry.published_at, entry.notice_id) > (after_at, after_id)
            AND (entry.published_at, entry.notice_id) < (before_at, before_id) AND entry.facets @> facets
            AND (low IS NULL OR entry.amount >= low) AND (high IS NULL OR entry.amount <= high)
            AND (closes_after IS NULL OR entry.closes_at > closes_after)
        ORDER BY entry.published_at {order}, entry.notice_id {order} LIMIT wanted;
        GET DIAGNOSTICS found = ROW_COUNT;
        wanted := wanted - found;
        {next};
        round := least(2 * round, newest - oldest + 1);
    END LOOP;
END $$
