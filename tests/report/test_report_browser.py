"""The page in a real Chromium: charts are drawn, filters work, nothing is asked of the network, a phone can show it, a printer too."""

import os
import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from feedback_nlp.report import analysis_html, write_report

#: Debian's Chromium, or the one an environment variable names.
CHROMIUM = os.environ.get("FEEDBACK_NLP_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as play:
        # Chromium's own sandbox does not start for root, as in a container.
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open a page and watch it: ``page.complaints`` are console messages and errors, ``page.asked`` what it asked the network for."""
    opened = []

    def visit(analysis, *, viewport=DESKTOP, **options):
        path = write_report(analysis, tmp_path / "report.html", **options)
        page = browser.new_page(viewport=viewport)
        opened.append(page)
        page.complaints, page.asked = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        assert page.asked.pop(0) == path.as_uri()
        return page

    yield visit
    for page in opened:
        page.close()


def shown_rows(page):
    return page.locator("#items tbody tr:visible")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_charts_are_drawn_without_a_complaint_or_a_request(visit, analysis, viewport, lang):
    page = visit(analysis, viewport=viewport, lang=lang)
    boxes = page.locator(".chart")
    assert boxes.count() == 11
    for number in range(boxes.count()):
        box = boxes.nth(number)
        assert box.locator("svg path").count() > 5, "an empty drawing"
        drawn, given = box.locator("svg").bounding_box(), box.bounding_box()
        assert abs(drawn["width"] - given["width"]) < 2 and drawn["height"] > 100
    assert page.complaints == [] and page.asked == []


def test_a_chart_shows_its_numbers(visit, analysis):
    page = visit(analysis)
    words = page.locator("#by_product svg text").all_text_contents()
    counts = analysis.ledger["product"].value_counts()
    assert set(counts.index) <= set(words) and {str(number) for number in counts} <= set(words)
    legend = page.locator("#sentiment svg text").all_text_contents()
    assert {"强烈负面", "负面", "中性", "正面", "强烈正面", "情感均值（右轴）"} <= set(legend)


@pytest.mark.parametrize("field", ["priority", "type", "product", "channel"])
def test_each_filter_keeps_what_it_names(visit, analysis, field):
    page = visit(analysis, top=200)
    column = {"type": "type_label"}.get(field, field)
    given = analysis.ledger[column].head(200)
    for value in page.locator(f"[data-field={field}] option").all_text_contents()[1:]:
        page.select_option(f"[data-field={field}]", value)
        assert shown_rows(page).count() == (given == value).sum() > 0, value
        assert page.inner_text("#shown") == f"显示 {(given == value).sum()} / 200 条"


def test_filters_together_and_none(visit, analysis):
    page = visit(analysis)
    head = analysis.ledger.head(50)
    product = head["product"].value_counts().index[0]
    page.select_option("[data-field=product]", product)
    page.fill("[data-field=text]", "登录")
    both = page.locator("#items tbody tr:visible").all_inner_texts()
    assert 0 < len(both) < (head["product"] == product).sum() and all("登录" in text for text in both)
    page.fill("[data-field=text]", "没有人会这样写")
    assert shown_rows(page).count() == 0 and page.is_visible("#none")
    page.click("#filters button[type=reset]")
    expect(page.locator("#shown")).to_have_text("显示 10 / 50 条")
    assert shown_rows(page).count() == 10 and not page.is_visible("#none")


def test_the_rest_of_the_list_is_one_click_away(visit, analysis):
    page = visit(analysis)
    assert shown_rows(page).count() == 10
    page.click("#more")
    assert shown_rows(page).count() == 50 and not page.is_visible("#more")


def test_a_short_list_is_whole(visit, undated):
    page = visit(undated)
    assert shown_rows(page).count() == 10 and not page.is_visible("#more")
    assert page.complaints == []


def test_a_script_is_shown_and_does_not_run(visit, hostile):
    page = visit(hostile)
    assert "<script>window.hacked = 1</script>" in page.locator("#items tbody tr").first.inner_text()
    assert "<script>" in page.inner_text("#themes") and "<script>" in page.inner_text("#quality")
    chart = " ".join(page.locator("#by_channel svg text, #curve0 svg text, #by_product svg text").all_text_contents())
    assert "<script>" in chart
    page.hover("#by_channel")
    assert page.evaluate("window.hacked") is None and page.locator("img").count() == 0
    assert page.complaints == [] and page.asked == []


def test_a_script_that_came_in_would_not_run(visit, analysis, tmp_path):
    """The second lock: the policy holds where escaping would fail."""
    page = visit(analysis)
    path = tmp_path / "report.html"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("</header>", "<script>window.hacked = 1</script><img src='https://example.com/x.png'></header>"), encoding="utf-8"
    )
    page.reload()
    assert page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in text for text in page.complaints)
    assert page.locator(".chart svg").count() == 11


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("which", ["analysis", "hostile", "undated", "empty"])
def test_nothing_runs_off_the_side(visit, request, viewport, which):
    page = visit(request.getfixturevalue(which), viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.complaints == []


def test_on_a_phone_the_urgent_items_are_cards(visit, analysis):
    page = visit(analysis, viewport=PHONE)
    for number in range(3):
        card = shown_rows(page).nth(number).bounding_box()
        assert card["x"] >= 0 and card["x"] + card["width"] <= PHONE["width"]
    small = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.children.length === 0 && e.textContent.trim() && "
        "!e.closest('svg, noscript') && e.getClientRects().length && parseFloat(getComputedStyle(e).fontSize) < 11).length"
    )
    assert small == 0
    assert not page.is_visible("#items thead")


def test_charts_follow_the_width_of_the_window(visit, analysis):
    page = visit(analysis)
    before = page.locator("#volume svg").bounding_box()["width"]
    page.set_viewport_size(PHONE)
    # The page's policy forbids what waits inside it; the width of the drawing is what is waited for.
    for _ in range(100):
        if (after := page.locator("#volume svg").bounding_box()["width"]) < 380:
            break
        page.wait_for_timeout(50)
    assert before > 1000 and after < 380


def test_it_prints(visit, analysis):
    page = visit(analysis)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    for name in ("#volume", "#curve0", "#by_channel"):
        assert page.locator(f"{name} svg").bounding_box()["height"] > 100
    assert not page.is_visible("#filters") and not page.is_visible("nav")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("#volume svg").bounding_box()["width"] > 1000
    page.emulate_media(media="null")
    paper = page.pdf(prefer_css_page_size=True)
    # A4 in points; a page tree of so many pages.
    assert paper.startswith(b"%PDF") and 5 <= paper.count(b"/Type /Page\n") <= 14
    assert set(re.findall(rb"/MediaBox \[0 0 (\d+)", paper)) <= {b"594", b"595"}


def test_without_scripts_it_can_still_be_read(browser, analysis, tmp_path):
    path = write_report(analysis, tmp_path / "report.html")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    assert page.locator("#items tbody tr").count() == 50 and not page.is_visible("#filters")
    page.close()


def test_in_a_notebook(browser, analysis, hostile):
    for shown in (analysis, hostile):
        page = browser.new_page(viewport=DESKTOP)
        page.set_content(analysis_html(shown))
        assert page.locator("tbody tr").count() == 10 and page.evaluate("window.hacked") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
        page.close()
