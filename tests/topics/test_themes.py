"""Themes: which rows have which, the laws of fitting, what users decide, and what a refit keeps."""

import subprocess
import sys

import numpy as np
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.topics.spans import DEGREES, find_spans
from feedback_nlp.topics.stream import QUALITY, SUBJECT, units, without
from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.themes import MIN_STRENGTH, QUALITY_TENTHS, RARE_SHARE, no_themes


def slow_assign(themes, tokens):
    """The oracle of `Themes.assign`, row by row."""
    from feedback_nlp.topics.counts import information
    from feedback_nlp.topics.themes import affinity

    batch = units(without(tokens, DEGREES))
    place = {word: number for number, word in enumerate(themes.vocabulary.tolist())}
    speaks = affinity(themes.occurrences)
    found = []
    for row in range(batch.n_rows):
        words = sorted({int(number) for number in batch.ids[batch.rows == row]})
        score, own, total = themes._priors.copy(), np.zeros(len(themes)), 0
        for number in words:
            at = place.get(batch.vocabulary[number])
            documents = themes.documents[at] if at is not None else 0
            weight = int(information(np.array([documents]), themes.n_documents, rarest=RARE_SHARE)[0])
            weight = weight * QUALITY_TENTHS // 10 if batch.kinds[number] == QUALITY else weight
            total += weight
            if at is not None:
                score += (10 if themes.kinds[at] == SUBJECT else QUALITY_TENTHS) * themes._logs[at]
                own += weight * speaks[at]
        best = int(score.argmax()) if len(themes) else -1
        strength = own[best] / total if total and best >= 0 else 0.0
        found.append((best, strength) if strength >= MIN_STRENGTH else (-1, 0.0))
    return found


def same(a, b):
    assert (a.names, a.parents, a.phrases, a.n_documents, a.next_id) == (b.names, b.parents, b.phrases, b.n_documents, b.next_id)
    for name in ("ids", "pinned", "vocabulary", "kinds", "documents", "occurrences", "sizes"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def named(themes, tokens):
    names = (*themes.names, "")
    return [names[number] for number in themes.assign(tokens)[0].tolist()]


def test_finds_the_subjects(tokenize, spoken):
    themes = fit_themes(tokenize(spoken), n_themes=4)
    theme, strength = themes.assign(tokenize(spoken))
    assert [set(theme[first : first + 20].tolist()) for first in range(0, 80, 20)] == [{number} for number in theme[::20].tolist()]
    assert sorted(theme[::20].tolist()) == [0, 1, 2, 3] and strength.min() > 0.3
    found = named(themes, tokenize(["滤芯太贵", "快递的包装破损", "客服态度差", "登录失败", "", "😀", "很好"]))
    for name, words in zip(found[:4], (("滤芯", "价格"), ("快递", "包装"), ("客服", "态度"), ("登录", "验证码")), strict=True):
        assert any(word in name for word in words)
    assert found[4:] == ["", "", ""]
    assert len(set(themes.names)) == len(set(themes.ids.tolist())) == 4


def test_assignment_matches_the_oracle(tokenize, corpus):
    themes = fit_themes(tokenize(corpus))
    for batch in (tokenize(corpus), tokenize(["蓝牙断连", "登录失败，蓝牙断连", "客服登录滤芯包装", ""])):
        theme, strength = themes.assign(batch)
        expected = slow_assign(themes, batch)
        assert theme.tolist() == [number for number, _ in expected]
        np.testing.assert_allclose(strength, [share for _, share in expected], rtol=1e-6)
        assert (theme.dtype, strength.dtype) == (np.int32, np.float32)
        assert ((strength >= 0) & (strength <= 1)).all()


def test_edges(tokenize, edge):
    tokens = tokenize(edge)
    themes = fit_themes(tokens)
    theme, strength = themes.assign(tokens)
    assert len(theme) == len(strength) == tokens.n_rows
    assert [(number, pytest.approx(share, rel=1e-6)) for number, share in slow_assign(themes, tokens)] == list(
        zip(theme.tolist(), strength.tolist(), strict=True)
    )


@pytest.mark.parametrize("texts", [["登录失败，客服态度差"] * 5, ["垃圾，差评", "不错，推荐", "满意，喜欢"] * 3, ["我们什么", "的了和是"]])
def test_no_theme_of_one_text_alone_or_of_judgement(tokenize, texts):
    assert len(fit_themes(tokenize(texts))) == 0


def test_row_order_changes_nothing(tokenize, corpus):
    tokens = tokenize(corpus)
    themes = fit_themes(tokens)
    order = np.random.default_rng(5).permutation(len(corpus))
    shuffled = tokenize([corpus[i] for i in order])
    same(fit_themes(shuffled), themes)
    np.testing.assert_array_equal(themes.assign(shuffled)[0], themes.assign(tokens)[0][order])


def test_chunks_change_no_assignment(tokenize, corpus):
    themes = fit_themes(tokenize(corpus))
    whole = themes.assign(tokenize(corpus))
    parts = [themes.assign(tokenize(corpus[a : a + 70])) for a in range(0, len(corpus), 70)]
    for number in (0, 1):
        np.testing.assert_array_equal(np.concatenate([part[number] for part in parts]), whole[number])


def test_a_batch_larger_than_a_block_is_assigned_alike(tokenize, corpus, monkeypatch):
    themes = fit_themes(tokenize(corpus))
    whole = themes.assign(tokenize(corpus))
    monkeypatch.setattr("feedback_nlp.topics.themes.ROWS_AT_ONCE", 37)
    for got, expected in zip(themes.assign(tokenize(corpus)), whole, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_threads_change_nothing():
    code = (
        "import sys; sys.path.insert(0, 'tests/topics'); from conftest import TOKENIZER, _corpus; "
        "from feedback_nlp.topics.theme_fit import fit_themes; "
        "themes = fit_themes(TOKENIZER.tokenize(_corpus(300, 1))); "
        "import hashlib; print(themes.names, hashlib.sha256(themes.occurrences.tobytes()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in ("1", "2")
    }
    assert len(outputs) == 1


def test_pasted_texts_make_no_theme_and_change_none(tokenize, corpus):
    flood = ["加微信领取优惠券兼职刷单"] * 500
    themes = fit_themes(tokenize(corpus + flood))
    assert not any("微信" in name or "刷单" in name or "兼职" in name for name in themes.names)


def test_a_sample_is_fitted_whatever_the_order(tokenize, corpus, monkeypatch):
    monkeypatch.setattr("feedback_nlp.topics.theme_fit.FIT_BAGS", 60)
    themes = fit_themes(tokenize(corpus))
    assert themes.n_documents == 60
    same(fit_themes(tokenize(corpus[::-1])), themes)
    same(fit_themes(find_spans(tokenize(corpus))), themes)


@pytest.mark.parametrize("n_themes", [0, 1, 2, 4])
def test_number_of_themes(tokenize, corpus, n_themes):
    themes = fit_themes(tokenize(corpus), n_themes=n_themes)
    assert len(themes) == n_themes
    assert themes.assign(tokenize(corpus))[0].max(initial=-1) == n_themes - 1


def test_wrong_options(tokenize):
    with pytest.raises(InputError, match="n_themes: expected 0 or more, or None to let the data decide, got -1"):
        fit_themes(tokenize(["登录"]), n_themes=-1)
    for words in ([], [""], "", [3]):
        with pytest.raises(InputError, match=r"seeds\['登录'\]: expected words that are not empty"):
            fit_themes(tokenize(["登录"]), seeds={"登录": words})


def test_names_of_products_form_no_theme(tokenize, corpus):
    for name in fit_themes(tokenize(corpus), ignore={"智能滤芯", "快递"}).names:
        assert name not in ("滤芯", "快递")


# What users decide.


def test_seeds(tokenize, corpus):
    themes = fit_themes(tokenize(corpus), seeds={"账号问题": ["登录", "密码"], "从未提到": ["蓝牙"]})
    assert {"账号问题", "从未提到"} <= set(themes.names)
    assert named(themes, tokenize(["密码错误", "登录失败", "快递慢"]))[:2] == ["账号问题"] * 2
    assert themes.pinned[[themes.names.index(name) for name in ("账号问题", "从未提到")]].all()
    assert named(themes, tokenize(["蓝牙蓝牙"])) == ["从未提到"]  # although no text of the corpus said so


def test_edits_return_new_themes(tokenize, spoken):
    themes = fit_themes(tokenize(spoken), n_themes=4)
    first, second, *rest = themes.names
    renamed = themes.rename({first: "甲"})
    assert renamed.names == ("甲", second, *rest) and themes.names[0] == first
    assert renamed.ids.tolist() == themes.ids.tolist()
    merged = themes.merge(first, second, into="合并")
    assert merged.names == ("合并", *rest) and merged.ids[0] == themes.ids[0] and merged.pinned.tolist() == [True] + [False] * len(rest)
    np.testing.assert_allclose(merged.occurrences[:, 0], themes.occurrences[:, :2].sum(axis=1))
    before, after = np.array(named(themes, tokenize(spoken))), np.array(named(merged, tokenize(spoken)))
    assert (after[np.isin(before, [first, second])] == "合并").all()
    assert themes.pin(second).pinned.tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda themes: themes.rename({"没有": "x"}), "themes: no theme is called '没有'"),
        (lambda themes: themes.rename({themes.names[0]: " "}), "rename: expected names that are not empty, got ' '"),
        (lambda themes: themes.rename({themes.names[0]: themes.names[1]}), "names that no other theme has"),
        (lambda themes: themes.merge(themes.names[0]), "merge: expected the names of two themes or more"),
        (lambda themes: themes.merge(themes.names[0], "没有"), "no theme is called '没有'"),
        (lambda themes: themes.merge(*themes.names[:2], into=themes.names[2]), "which another theme has"),
        (lambda themes: themes.pin(themes.names[0] + "x"), "did you mean"),
    ],
)
def test_wrong_edits(tokenize, corpus, edit, message):
    themes = fit_themes(tokenize(corpus), n_themes=3)
    with pytest.raises(InputError, match=message):
        edit(themes)


# Refits.


def test_a_refit_on_the_same_texts_keeps_themes(tokenize, corpus):
    themes = fit_themes(tokenize(corpus))
    again = fit_themes(tokenize(corpus), previous=themes)
    assert again.names[: len(themes)] == themes.names and again.ids[: len(themes)].tolist() == themes.ids.tolist()
    old, new = np.array(named(themes, tokenize(corpus))), np.array(named(again, tokenize(corpus)))
    assert (old == new).mean() > 0.9


def test_a_refit_keeps_what_users_decided(tokenize, corpus):
    themes = fit_themes(tokenize(corpus), n_themes=4)
    edited = themes.merge(*themes.names[:2], into="合并").rename({themes.names[2]: "改名"}).pin(themes.names[3])
    again = fit_themes(tokenize(corpus[::2]), previous=edited, seeds={"蓝牙": ["蓝牙"]})
    assert again.names[: len(edited)] == edited.names
    assert again.pinned[[0, 2]].all() and "蓝牙" in again.names


def test_new_subjects_join_and_old_ones_rest(tokenize, corpus):
    themes = fit_themes(tokenize([text for text in corpus if "快递" not in text and "包装" not in text]))
    fresh = [f"{a}，{b}" for a in ("快递慢", "快递员不送货", "快递丢件", "快递太慢") for b in ("物流停了", "包装破损", "快递站不接电话")]
    again = fit_themes(tokenize(fresh * 2 + ["快递员态度差", "催了快递"]), previous=themes)
    assert again.names[: len(themes)] == themes.names
    added = again.names[len(themes) :]
    assert any("快递" in name or "物流" in name for name in added)
    assert set(again.ids[len(themes) :].tolist()).isdisjoint(themes.ids.tolist())
    assert named(again, tokenize(["快递慢，物流停了"]))[0] in added


def test_no_themes_at_all(tokenize):
    nothing = no_themes()
    theme, strength = nothing.assign(tokenize(["登录失败", ""]))
    assert theme.tolist() == [-1, -1] and strength.tolist() == [0, 0]
    assert nothing.top_words() == []
