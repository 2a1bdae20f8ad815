"""An explanation as JSON. `worker/explanation.schema.json` describes every field."""

from typing import Any

import orjson

from worker.explaining.rows import Explanation, Row

SCHEMA_VERSION = 1


def json_line(explanation: Explanation) -> bytes:
    """The explanation of a page as one line."""
    return orjson.dumps(_page(explanation), option=orjson.OPT_APPEND_NEWLINE)


def _page(explanation: Explanation) -> dict[str, Any]:
    rejected = explanation.rejected
    return {
        "schema_version": SCHEMA_VERSION,
        "name": explanation.name,
        "url": explanation.url,
        "outcome": "rejected" if rejected else "article",
        "reason": rejected.reason.value if rejected else None,
        "detail": rejected.detail if rejected else None,
        "word_count": explanation.word_count,
        "language": explanation.language,
        "direction": explanation.direction,
        "counts": {verdict.value: count for verdict, count in explanation.verdicts.items()},
        "kinds": {kind.value: count for kind, count in explanation.kinds.items()},
        "fields": [
            {"name": field.name, "values": list(field.values), "evidence": field.evidence}
            for field in explanation.fields
        ],
        "blocks": [_block(row) for row in explanation.rows],
    }


def _block(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "verdict": row.verdict.value,
        "kind": row.kind.value if row.kind else None,
        "rule": row.rule,
        "why": row.why,
        "text": row.text,
        "direction": row.direction,
        "place": row.place,
        "extracted": row.extracted,
        "share": row.share if row.share is None else round(row.share, 3),
        "score": row.score if row.score is None else round(row.score, 3),
        "signs": [
            {
                "name": sign.name,
                "group": sign.group,
                "about": sign.about,
                "value": round(sign.value, 3),
                "weight": round(sign.weight, 3),
            }
            for sign in row.signs
        ],
    }
