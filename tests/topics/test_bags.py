"""Bags of words: which rows are one, in an order that no row decides."""

import numpy as np

from feedback_nlp.topics.bags import Bags, checksums
from feedback_nlp.topics.stream import units


def words_of(bags, batch):
    return [frozenset(batch.vocabulary[row.indices].tolist()) for row in (bags.present[[i]] for i in range(bags.present.shape[0]))]


def test_bags_match_the_oracle(tokenize, corpus):
    batch = units(tokenize(corpus))
    bags = Bags.from_units(batch, limit=10_000)
    rows = [frozenset(batch.vocabulary[batch.ids[batch.rows == row]].tolist()) for row in range(batch.n_rows)]
    found = words_of(bags, batch)
    assert sorted(map(sorted, found)) == sorted(map(sorted, set(rows) - {frozenset()}))
    assert [found[bag] if bag >= 0 else frozenset() for bag in bags.bag.tolist()] == rows
    assert bags.rows.tolist() == [rows.count(words) for words in found]
    assert set(bags.present.data.tolist()) == {1.0}


def test_order_and_copies_of_rows_change_no_bag(tokenize, corpus):
    batch = units(tokenize(corpus))
    bags = Bags.from_units(batch, limit=100)
    again = units(tokenize([*reversed(corpus), *corpus[:50]]))
    other = Bags.from_units(again, limit=100)
    assert words_of(bags, batch) == words_of(other, again)
    assert bags.present.shape[0] == 100 and int((bags.bag < 0).sum()) > 0


def test_rows_without_words(tokenize, edge):
    batch = units(tokenize(edge))
    bags = Bags.from_units(batch, limit=10)
    assert len(bags.bag) == batch.n_rows
    assert ((bags.bag >= 0) == np.isin(np.arange(batch.n_rows), batch.rows)).all()


def test_checksums_are_of_the_words():
    one, two = checksums(np.array(["登录", "失败"], dtype=object)), checksums(np.array(["失败"], dtype=object))
    assert one[1] == two[0] != one[0]
    assert one.dtype == np.uint64
