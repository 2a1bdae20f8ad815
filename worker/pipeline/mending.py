"""A dead letter that Kafka refuses as it is: step by step without what may be the reason.

Pure. A dead letter is its page's message unchanged where that fits; where it does not, a header names what is
missing, and why the page was rejected is told all the same.
"""

from dataclasses import replace

from worker.pipeline.ports import Headers, Message, Outgoing, Unpublishable
from worker.pipeline.routing import CHANGED_HEADER, Part, changed_parts, original_headers


def mended(letter: Outgoing, page: Message, error: Unpublishable) -> tuple[Outgoing, Part]:
    """The letter without the part of its page that is most likely refused, and which one that is.

    It is the key where one is missing, else the largest part. A key is replaced by the page's place, for a
    compacted topic takes no message without one.

    Raises:
        ValueError: nothing of the page is left in it.
    """
    own_key = f"{page.partition.topic}-{page.partition.number}-{page.offset}".encode()
    if error.keyless and letter.key is None:
        return _without(letter, Part.KEY, own_key), Part.KEY
    originals = original_headers(letter.headers)
    sizes = {
        Part.VALUE: len(letter.value or b""),
        Part.HEADERS: sum(len(name.encode()) + len(value) for name, value in originals),
        Part.KEY: len(letter.key) if letter.key is not None and len(letter.key) > len(own_key) else 0,
    }
    part = max(sizes, key=lambda one: sizes[one])
    if not sizes[part]:
        raise ValueError(f"{letter.topic} refuses a dead letter that has nothing of its page: {error}")
    return _without(letter, part, own_key), part


def _without(letter: Outgoing, part: Part, own_key: bytes) -> Outgoing:
    headers = _marked(letter.headers, part)
    if part is Part.VALUE:
        return replace(letter, value=None, headers=headers)
    if part is Part.KEY:
        return replace(letter, key=own_key, headers=headers)
    originals = set(original_headers(letter.headers))
    return replace(letter, headers=tuple(header for header in headers if header not in originals))


def _marked(headers: Headers, part: Part) -> Headers:
    changed = changed_parts(headers) | {part}
    told = " ".join(one.value for one in Part if one in changed).encode()
    return (*(header for header in headers if header[0] != CHANGED_HEADER), (CHANGED_HEADER, told))
