"""The problem and the state of the search as three arrays, which is what compiled kernels pass around cheaply.

`m` holds the problem (read-only), `s` the state, `tt` the travel ticks between places. Both `m` and `s` begin with a
directory: the row named `SITE` starts at `m[SITE]`, so that visit v's place is `m[m[SITE] + v]`, and officer o's first
task on day d is `s[s[FIRST] + o * m[DAYS] + d]`.

A visit is a row of *nodes*: parties that begin at the same moment. A node is a row of parties, a party a row of
*tasks*, one for each officer that it sends. v visits, n nodes, p parties, t tasks, o officers, d days, c classes
of officers, w weeks, g groups, k spans of a day. Times are ticks after midnight of the day.
"""

NONE = -1
#: A limit that is not there, a time that never comes.
FAR = 1 << 40

#: The terms of `problem.Term`, in order.
(
    T_UNSERVED,
    T_LATENESS,
    T_MOVED,
    T_SUBSTITUTES,
    T_OVERLOAD,
    T_TRAVEL,
    T_TARDINESS,
    T_MAX_TARDINESS,
    T_WAITING,
    T_SPLITS,
    T_DISLIKED,
) = range(11)
N_TERMS = 11

#: The directory of `m`. Plain numbers first, then rows.
(
    VISITS,
    NODES,
    TASKS,
    OFFICERS,
    DAYS,
    SPANS,  # spans of a day, at most
    WEEKS,
    POOLS,
    GRID,
    NOON,
    TRACK_WAITING,  # 1 where waiting has a weight
    VISIT_NODES,  # [v + 1] first node of each visit
    NODE_TASKS,  # [n + 1] first task of each node
    NODE_PARTIES,  # [n + 1]
    PARTY_TASKS,  # [p + 1]
    TASK_NODE,  # [t]
    TASK_VISIT,  # [t]
    TASK_PARTY,  # [t]
    TASK_SITE,  # [t]
    TASK_DURATION,  # [t]
    LAG_MIN,  # [n] after the visit's first node
    LAG_MAX,  # [n]
    PARTY_CLASS,  # [p]
    CLASS_START,  # [c + 1]
    CLASS_OFFICERS,  # officers who are in the class on some day
    ABLE,  # [c, d, o]
    BARRED,  # [v, o]
    SUBSTITUTE,  # [o]
    FAIR_LIMIT,  # [o] load above it is overload
    DAILY,  # [o]
    WEEKLY,  # [o]
    LUNCH,  # [o]
    POOL,  # [o]
    SPAN,  # [o, d, k, 2] working spans
    SPAN_COUNT,  # [o, d]
    OFFICE,  # [o] place
    SITE,  # [v] place
    SEATS,  # [pool, d, 2]
    WEEK,  # [d]
    WINDOW,  # [v, d, k, 2] first and last start of each span in which the visit may begin
    WINDOW_COUNT,  # [v, d]
    WANTED_END,  # [v]
    AFTER,  # [v]
    FOLLOWERS_START,  # [v + 1]
    FOLLOWERS,
    PRIORITY,  # [v]
    LATE,  # [v, d] what lateness costs there
    DISLIKE,  # [v, d, 2]
    GROUP,  # [v]
    BOOKED_DAY,  # [v]
    BOOKED_START,  # [v] of the first node
    BOOKED_COST,  # [v]
    BOOKED_OFFICER,  # [t]
    FROZEN,  # [v] 1: pinned, never taken out
    SHARED,  # [v] 1: an officer could serve two of its parties
    CREW_START,  # [c + 1]
    CREW_OFFICERS,  # officers who share a department with the class
) = range(57)
M_DIRECTORY = 57

#: The directory of `s`.
(
    DAY,  # [v] NONE: not served
    FLOOR,  # [v] starts no earlier than this
    START,  # [n]
    TARDY,  # [n]
    OFFICER,  # [t]
    BEFORE,  # [t] the officer's task before
    BEHIND,  # [t] and the next
    FIRST,  # [o, d]
    LAST,  # [o, d]
    LOAD,  # [o]
    DAY_LOAD,  # [o, d]
    WEEK_LOAD,  # [o, w]
    OUT,  # [o, d, 2] tasks in the half-day
    POOL_OUT,  # [pool, d, 2] officers out
    IN_HALF,  # [g, 2 d + 1] visits of the group in each half-day; last: half-days taken
    MOVE_COST,  # [v]
    OPEN,  # [v] the visits not served, OPEN_COUNT of them
    OPEN_AT,  # [v] where in that list
    OPEN_COUNT,  # [1]
    TERMS,  # [N_TERMS]
    BROKEN,  # [1] caps and seats exceeded: none in a plan
    # below: scratch, not part of a solution
    QUEUE,  # [v] visits whose time must be computed again, QUEUED of them
    QUEUED,  # [1]
    KEY,  # [v] order in the queue; NONE: not queued
    TEAM,  # [t] officers proposed
    MARK,  # [o] the visit for which the officer was proposed last
    PICKED,  # [v or t, the longer] visits taken out, or tasks to swap
    SAVED_TERMS,  # [N_TERMS]
    RANDOM,  # [1] state of the generator
    TRAIL_COUNT,  # [1]
    TRAIL,  # [2 x length] cell and value before
    S_SIZE,
) = range(32)
S_DIRECTORY = 32
#: The cells before this row are the solution itself.
FIRST_SCRATCH = QUEUE

TRAIL_LENGTH = 1 << 19
