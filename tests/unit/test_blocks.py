"""The block view: what becomes a block, and where each lies."""

from hypothesis import given
from hypothesis import strategies as st

from worker.core.blocks import BlockView, text_blocks
from worker.core.tree import parse
from worker.core.walk import tree_blocks


def view_of(markup: str) -> BlockView:
    root = parse(f"<html><body>{markup}</body></html>")
    assert root is not None
    return tree_blocks(root)


def texts(markup: str) -> list[str]:
    return [block.text for block in view_of(markup).blocks]


def test_inline_elements_belong_to_their_block() -> None:
    assert texts("<p>One <b>bold</b> and <a href=x>linked</a> word.</p>") == ["One bold and linked word."]


def test_a_div_s_own_text_is_a_block_beside_its_children() -> None:
    assert texts("<div>before<p>inside</p>after</div>") == ["before", "inside", "after"]


def test_one_line_break_stays_in_the_block_and_two_end_it() -> None:
    assert texts("<p>first<br>second<br> <br>third</p>") == ["first\nsecond", "third"]


def test_short_cells_of_a_row_are_one_block_and_long_ones_stay() -> None:
    assert texts("<table><tr><td>Total</td><td>12</td></tr></table>") == ["Total | 12"]
    long = "word " * 40
    assert texts(f"<table><tr><td>{long}</td><td>side</td></tr></table>") == [long.strip(), "side"]


def test_after_a_merged_row_the_containers_still_enclose_their_blocks() -> None:
    view = view_of("<table><tr><td>a1</td><td>b1</td></tr><tr><td>a2</td><td>b2</td></tr></table><p>end</p>")
    assert [b.text for b in view.blocks] == ["a1 | b1", "a2 | b2", "end"]
    for block, number in ((view.blocks[0], 0), (view.blocks[1], 1), (view.blocks[2], 2)):
        container = view.containers[block.node]
        assert container.first <= number < container.end


def test_a_row_around_merged_rows_keeps_every_place_right() -> None:
    inner = "<table><tr><td>a1</td><td>b1</td></tr><tr><td>a2</td><td>b2</td></tr></table>"
    view = view_of(f"<table><tr><td>{inner}</td><td>side</td></tr></table><p>end</p>")
    assert view.blocks[-1].text == "end"
    assert all(c.first <= c.end <= len(view.blocks) for c in view.containers)


def test_scripts_and_forms_fields_are_not_text() -> None:
    assert texts("<p>kept</p><script>var x</script><style>p{}</style><select><option>1</select>") == ["kept"]


def test_an_unknown_element_amid_a_sentence_is_inline_and_alone_is_a_block() -> None:
    assert texts("<p>The <x-term>word</x-term> stays.</p>") == ["The word stays."]
    assert texts("<x-card>one</x-card><x-card>two</x-card>") == ["one", "two"]


def test_links_and_bold_are_counted_in_characters() -> None:
    block = view_of("<p><a href=x>link</a> text <strong>bold</strong></p>").blocks[0]
    assert (block.link_chars, block.links, block.bold_chars) == (4, 1, 4)


def test_joiners_stay_and_spaces_fold() -> None:
    assert texts("<p>گیت\u200cهاب \u00a0 و  \n ویکی</p>") == ["گیت\u200cهاب و ویکی"]


def test_control_characters_that_references_bring_in_are_dropped() -> None:
    assert texts("<p>a&#1;b&#x7f;c</p>") == ["abc"]


def test_blocks_without_a_letter_or_digit_are_none() -> None:
    assert texts("<p>* * *</p><p>—</p><p>a</p>") == ["a"]


def test_every_text_node_of_a_block_is_told() -> None:
    view = view_of("<p>One <b>two</b> three</p><p>…</p><p>four</p>")
    assert [number for _, _, number in view.pieces] == [0, 0, 0, 1]


def test_nesting_as_deep_as_the_parser_goes() -> None:
    assert texts("<div>" * 1900 + "<p>deep</p>") == ["deep"]


def test_a_link_around_the_rest_of_the_page_is_a_slip() -> None:
    line = "A line of the article that is as long as the lines of articles are, and goes on for a while."
    opened = view_of('<p>Up <a name="top"></p>' + f"<p>{line}{line}</p>" * 3)
    assert [block.link_chars for block in opened.blocks] == [0] * 4


def test_a_link_around_a_card_is_a_link() -> None:
    excerpt = "An excerpt of two lines, as cards have it below their headline and picture. " * 2
    card = view_of(f"<a href=x><h3>A headline</h3><p>{excerpt}</p><p>{excerpt}</p><p>5 May</p></a>")
    assert all(block.link_chars == len(block.text) for block in card.blocks)


def test_a_text_page_has_a_block_a_line() -> None:
    assert [b.text for b in text_blocks("one\n\n  two \n•••\nthree").blocks] == ["one", "two", "three"]


_PARTS = (
    "<p>|</p>|<div>|</div>|<br>|<a href=x>|</a>|<td>|<tr>|</tr>|<table>|</table>|<b>|</b>|<li>|<ul>|</ul>|"
    "one |two| |<span>|</span>|<x-y>|</x-y>|سلام"
).split("|")
_MARKUP = st.lists(st.sampled_from(_PARTS), max_size=60)


@given(_MARKUP)
def test_no_letter_is_lost_or_moved(parts: list[str]) -> None:
    markup = "".join(parts)
    root = parse(f"<html><body>{markup}</body></html>")
    if root is None:
        return
    expected = "".join(filter(str.isalnum, "".join(root.itertext())))
    view = tree_blocks(root)
    assert "".join(filter(str.isalnum, "".join(block.text for block in view.blocks))) == expected


@given(_MARKUP)
def test_containers_enclose_the_blocks_that_name_them(parts: list[str]) -> None:
    view = view_of("".join(parts))
    assert all(c.first <= c.end <= len(view.blocks) for c in view.containers)
    for number, block in enumerate(view.blocks):
        for node in view.ancestors(block.node):
            assert view.containers[node].first <= number < view.containers[node].end
    for element, is_tail, number in view.pieces:
        piece = element.tail if is_tail else element.text
        assert piece is not None
        letters = "".join(filter(str.isalnum, piece))
        assert letters in "".join(filter(str.isalnum, view.blocks[number].text))
