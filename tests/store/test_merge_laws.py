"""Laws of merging, in any interleaving of runs and edits."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import told
from model import ITEM, RUN, STEPS, Model, as_ledger, check

from feedback_nlp.store import merge_ledger

AT = "2026-03-02 09:00"


def written(frame, name, column, value):
    """The ledger after somebody wrote into a cell."""
    frame = frame.copy()
    frame.loc[frame["feedback_id"] == name, column] = value
    return frame


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_people_never_lose_anything_and_nothing_vanishes(steps):
    model, frame = Model(), None
    for step in steps:
        if step[0] == "run":
            model.run(step[1], partial=step[2])
            frame = merge_ledger(as_ledger(step[1]), frame, run="r", at=AT, partial=step[2]).ledger
        elif step[1] in model.items:
            model.edit(*step[1:])
            frame = written(frame, *step[1:])
            # A cell is written by hand; what is shown follows with the next run. An empty one does no more.
            frame = merge_ledger(as_ledger({}), frame, run="r", at=AT, partial=True).ledger
        if frame is not None:
            check(model, frame)


@settings(max_examples=25, deadline=None)
@given(STEPS, RUN)
def test_a_run_merged_again_changes_nothing(steps, last):
    frame = None
    for step in (*steps, last):
        if step[0] == "run":
            frame = merge_ledger(as_ledger(step[1]), frame, run="r", at=AT, partial=step[2]).ledger
        elif frame is not None:
            frame = written(frame, *step[1:])
    again = merge_ledger(as_ledger(last[1]), frame, run="another", at="2026-04-01", partial=last[2])
    pd.testing.assert_frame_equal(again.ledger, frame)
    assert len(again.history) == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(RUN, min_size=1, max_size=6))
def test_the_history_of_runs_leads_from_the_first_state_to_the_present_one(runs):
    frame, state = None, {}
    for number, (_, found, partial) in enumerate(runs):
        merged = merge_ledger(as_ledger(found), frame, run=f"run {number}", at=AT, partial=partial)
        for name, column, before, after in told(merged.history):
            assert state[name, column] == before != after
            state[name, column] = after
        frame = merged.ledger
        for name, priority, status in frame[["feedback_id", "priority", "status"]].itertuples(index=False, name=None):
            assert state.setdefault((name, "priority"), priority) == priority
            assert state.setdefault((name, "status"), status) == status


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcdef"), ITEM), st.dictionaries(st.sampled_from("abcdef"), ITEM), st.randoms(use_true_random=False)
)
def test_the_order_of_rows_changes_nothing(old, new, random):
    before = merge_ledger(as_ledger(old), None, run="r", at=AT).ledger
    shuffled = [frame.iloc[random.sample(range(len(frame)), len(frame))] for frame in (as_ledger(new), before)]
    one, other = merge_ledger(as_ledger(new), before, run="r", at=AT), merge_ledger(*shuffled, run="r", at=AT)
    pd.testing.assert_frame_equal(one.ledger, other.ledger)
    pd.testing.assert_frame_equal(one.history, other.history)
