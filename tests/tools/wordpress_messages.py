"""Which strings of WordPress core make which rule of its pack, with what each catches and leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spec:
    """One rule of the pack: which messages make its phrases, and its examples."""

    id: str
    kind: str
    messages: tuple[str, ...]
    catches: tuple[str, ...]
    leaves: tuple[str, ...]
    where: tuple[str, ...] = ("line",)
    takes: str = ""
    followed_by: tuple[str, ...] = ()  # a phrase is one of `messages`, then one of these
    alone: bool = True  # with `followed_by`: whether the first part is a phrase by itself
    english_too: bool = False  # with `followed_by`: a theme's English before the core's translation
    extra: Mapping[str, int] = field(default_factory=dict)


TITLES = ("Leave a Reply", "Leave a Comment", "Leave a comment")

SPECS = (
    Spec(
        "comment-form-title",
        "comment_form",
        TITLES,
        followed_by=("Cancel reply",),
        alone=False,
        english_too=True,
        where=("heading",),
        takes="end",
        catches=(
            "Leave a Reply Cancel reply",
            "أضف تعليق إلغاء الرد",
            "Laisser un commentaire Annuler la réponse.",
            "Leave a comment إلغاء الرد",
        ),
        leaves=(
            "Leave a reply and cancel your subscription, the letter told thousands of customers last week.",
            "Laisser un commentaire peut coûter cher, a rappelé le tribunal.",
        ),
    ),
    Spec(
        "comment-form-notes",
        "comment_form",
        ("Your email address will not be published.",),
        followed_by=("Required fields are marked %s",),
        where=("heading",),
        takes="end",
        catches=(
            "Your email address will not be published. Required fields are marked *",
            "Alamat surel Anda tidak akan dipublikasikan. Ruas yang wajib ditandai *",
            "لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *",
        ),
        leaves=(
            "Your email address will not be published in the register, the ministry said on Monday.",
            "The court found that her email address will not be published.",
        ),
    ),
    Spec(
        "comment-form-lines",
        "comment_form",
        (
            *TITLES,
            "Cancel reply",
            "Click here to cancel reply.",
            "Post Comment",
            "Submit Comment",
            "Required fields are marked %s",
            'You must be <a href="%s">logged in</a> to post a comment.',
            "Log in to leave a Comment",
            "Log in to Reply",
            "Your comment is awaiting moderation.",
            "Save my name, email, and website in this browser for the next time I comment.",
        ),
        catches=(
            "Leave a Reply",
            "Hinterlasse eine Antwort",
            "コメントを残す",
            "You must be logged in to post a comment.",
            "Annuler la réponse.",
            "Обязательные поля помечены *",
        ),
        leaves=(
            "You must be logged in to post a comment on the ministry's new portal, officials explained.",
            "He was asked to leave a reply on the answering machine.",
            "Hinterlasse eine Antwort, die jeder versteht, riet ihm sein Lehrer.",
        ),
    ),
    Spec(
        "comment-form-tags",
        "comment_form",
        (
            'You may use these <abbr title="HyperText Markup Language">HTML</abbr> tags and attributes: %s',
            "<strong>XHTML:</strong> You can use these tags: <code>%s</code>",
        ),
        where=("start",),
        extra={"max_words": 80},
        catches=(
            'You may use these HTML tags and attributes: <a href="" title=""> <abbr title=""> <b> <cite>',
            "XHTML: You can use these tags: <a href=''> <em> <strong>",
        ),
        leaves=("You may use these HTML tags and attributes in your own pages, the tutorial says.",),
    ),
    Spec(
        "comments-closed",
        "comments",
        (
            "Comments are closed.",
            "Sorry, comments are closed for this item.",
            "No Comments",
            "No comments yet.",
            "1 Comment",
            "Comments Off",
            "Show more comments",
            "No more comments found.",
        ),
        catches=("Comments are closed.", "Kommentare sind geschlossen.", "Komentar ditutup.", "没有评论"),
        leaves=(
            "Comments are closed to the public until the hearing ends, the board said.",
            "There were no comments yet from the company on Friday evening.",
            "Kommentare sind geschlossen worden, nachdem die Debatte entgleist war.",
        ),
    ),
    Spec(
        "post-navigation",
        "navigation",
        (
            "Post navigation",
            "Posts navigation",
            "Comment navigation",
            "Comments navigation",
            "&laquo; Older Comments",
            "Newer Comments &raquo;",
            "Older posts",
            "Newer posts",
            "Previous Post",
            "Next Post",
            "&laquo; Previous Page",
            "Next Page &raquo;",
            "Skip to toolbar",
            "Skip to content",
            "Comments (RSS)",
            "Entries (RSS)",
        ),
        catches=("Post navigation", "← Older Comments", "Navegación de entradas", "Навигация по записям"),
        leaves=(
            "Post navigation satellites were put out of service by the storm, the agency said.",
            "The next page of the diary is missing.",
            "La navegación de entradas y salidas del puerto quedó suspendida.",
        ),
    ),
    Spec(
        "recent-posts",
        "related_links",
        ("Recent Posts",),
        where=("heading",),
        takes="list",
        catches=("Recent Posts", "Letzte Beiträge", "最近の投稿"),
        leaves=(
            "Recent posts on her page show the family at the lake.",
            "Letzte Beiträge der Forschung zeigen ein anderes Bild.",
        ),
    ),
    Spec(
        "recent-comments",
        "related_links",
        ("Recent Comments",),
        where=("heading",),
        takes="list",
        catches=("Recent Comments", "Commentaires récents", "Свежие комментарии"),
        leaves=("Recent comments by the central bank point to a pause.",),
    ),
    Spec(
        "powered-by",
        "copyright",
        (
            "Proudly powered by WordPress",
            "Powered by WordPress",
        ),
        catches=("Powered by WordPress", "本站使用 WordPress", "Propulsé par WordPress"),
        leaves=("The newsroom's site is powered by WordPress and two old servers.",),
    ),
    Spec(
        "tags-line",
        "tags",
        ("Tags: ",),
        where=("start",),
        extra={"max_words": 25},
        catches=("Tags: drought, wheat, prices", "Schlagwörter: Wahl, Landtag", "الوسوم: القمح، الجفاف"),
        leaves=(
            "Tags on the sheep showed which farm they came from.",
            "Schlagwörter beherrschten die Debatte im Landtag.",
        ),
    ),
)
