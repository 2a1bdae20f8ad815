"""One part of a byline: the name in it without roles, credentials and outlets, or nothing."""

import re
from collections.abc import Iterable

from worker.core.agencies import is_agency
from worker.core.calendars import GREGORIAN_MONTHS, WEEKDAYS
from worker.core.places import is_place
from worker.core.shadow import bare, letters, shadow

_LONGEST_NAME = 60
_MOST_WORDS = 6
_LONGEST_WITHOUT_SPACES = 8  # characters of a name in Chinese, Japanese or Korean
_SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")

_BRACKETS = re.compile(r"[(\[{][^()\[\]{}]{0,80}[)\]}]")
_FIELD = """
    senior staff chief lead associate assistant deputy contributing managing executive national
    political foreign business sports? tech technology science health healthcare medical news features?
    investigative special digital guest freelance former local general assignment web social media video
    photo content city state data crime court education culture entertainment economics? economy finance
    financial money markets? energy environment climate breaking copy multimedia online opinion politics
    world europe asia africa middle east white house us uk u\\.s\\. royal travel food style fashion
    lifestyle life consumer transport legal religion race gender audience engagement live trending daily
    weekend night research global international regional community security defen[cs]e military
    congressional congress diplomatic justice housing labor immigration gaming games commerce shopping
    commercial production
""".split()
_ROLE_NOUN = """
    writers? reporters? correspondents? editors? editor-in-chief contributors? columnists? journalists?
    producers? authors? photographers? illustrators? bureau newsroom desk staff team interns? fellows?
    analysts? professor director ceo cto cfo founder co-founder president chairman strategist economist
    editorial reporting critic blogger manager coordinator anchor host presenter correspondence
    specialist expert researcher redakteur(?:in)? redaktion redaktor chefredakteur(?:in)?
    korrespondent(?:in)? volontär(?:in)? journalistin? autorin? autoren gastautor(?:in)?
    kolumnist(?:in)? ressortleiter(?:in)? redaktionsleiter(?:in)? chefreporter(?:in)? rédaction
    rédacteur rédactrice journaliste correspondante? grand\\sreporter envoyée?\\sspéciale? redacción
    redactora? corresponsal periodista redação repórter redazione redattore giornalista redactie
    redacteur redakcja redakce redaksi wartawan muhabiri? editörü служба редакция редактор корреспондент
    журналист webdesk administrators? admin webmaster super\\suser wordpressadmin guest anonymous
    unknown none null undefined newsletter follow bio
""".split()
_FIELDS = "|".join(_FIELD)
_NOUNS = "|".join(_ROLE_NOUN)
_ROLE = re.compile(
    rf"(?:^|[\s,])(?:(?:{_FIELDS}|and|&|of|for)\s+)*(?:{_NOUNS})(?:\b.*)?$", re.IGNORECASE | re.DOTALL
)
_ROLE_BEFORE = re.compile(
    r"^(?:\S*(?:[Ee]xperte|[Ee]xpertin|[Rr]edakteur(?:in)?|[Aa]utor(?:in)?|[Kk]orrespondent(?:in)?|[Rr]eporter(?:in)?|"
    r"[Jj]ournalist(?:in)?|[Ww]riter|[Ee]ditor|[Cc]olumnist)|الكاتبة?|الصحفية?|الدكتورة?|المحررة?|مراسلنا|مراسلتنا)\s+(?=\S)"
)
_ARABIC_ROLE = re.compile(
    r"^(?:ال)?(?:محررو?ن?|محرره|تحرير|فريق|مراسل\w*|كاتب\w*|صحفي\w*|صحافي\w*|خاص|متابعات|متابعه|وكالات|غرفه|قسم|رييس|"
    r"مدير|موقع|جريده|صحيفه|اداره|هييه|مندوب\w*|سكرتير|خبرنكار\w*|سرويس|كروه|تحريريه|نويسنده|ادمين|مشرف|سايت)(?:\s|$)"
)
_ARABIC_ROLE_AFTER = re.compile(
    r"\s[-–—(]?\s*(?:مراسل|مراسلة|صحفي|صحافي|كاتب|كاتبة|باحث|باحثة|محرر|خبرنگار|سرویس)\b.*$"
)
_CREDENTIAL = (
    r"Ph\.?\s?D\.?|M\.?D\.?|M\.?S\.?|M\.?A\.?|B\.?A\.?|RDN?|LDN?|RN|MPH|MBA|J\.?D\.?|DVM|CPA|CFA|CFP|Esq\.?|FNP|PsyD|DO|"
    r"LMFT|LCSW|MSc|BSc|M\.?Sc\.?|MEd|CPT|CSCS|DDS|PharmD|Jr\.?|Sr\.?|I{2,3}"
)
_CREDENTIALS = re.compile(rf"(?:[\s,]+(?!Jr|Sr|I)(?:{_CREDENTIAL}))+$")
_ONLY_CREDENTIALS = re.compile(rf"(?:{_CREDENTIAL})")
_NOT_A_NAME = re.compile(
    r"""https?|www\.|\.(?:com|net|org|de|fr|co|ir|ru|html?|php|jpe?g|png)\b|[<>={}\\%$€£#?!…"“”„«»*:，。？！；：]|\d{3,}|
    ^(?:The|This|These|A)\s\w""",
    re.VERBOSE,
)
_ORGANISATION = re.compile(
    r"""(?:^|\s)(?:gmbh|e\.?\s?v\.?|ltd|inc|llc|s\.?r\.?l|d\.?o\.?o|plc|verlag|stiftung|partei|verband|verein|
    institut[eo]?|university|universität|universidad|université|college|school|ministry|ministerium|department|
    foundation|association|committee|council|society|gruppe|holding|media|medien|zeitung|tagblatt|nachrichten|
    magazin|magazine|journal|gazette|tribune|herald|chronicle|news|noticias|notícias|diario|diário|periódico|radio|
    rundfunk|fernsehen|tv|television|online|portal|network|agentur|agency|\w*fraktion|sekretariat|
    pressestelle|kommunikation|images|shutterstock|istock|getty|daily|\w*(?:nachrichten|zeitung|blatt|magazin|verlag|
    ministerium|institut)|\w{4,}(?:anstalt|amt|kammer))\.?(?:\s|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_DOMAIN = re.compile(r"\S+\.[a-z]{2,4}")
_PARTICLES = frozenset(
    """
    de la van von der den del al el da do dos das di du le les bin bint ibn ben abu zu zur zum vom af av
    ter ten te y e i und of o a st dal della degli lo van't d' l' ul-haq ur
    """.split()
)
_SMALL_WORDS = frozenset(
    """
    the this that these those is are was were has have had will would can from for with about into over
    more read here your our their its how what why when where who not but all new his her she he they we
    you it on in at to die ist sind wird mit für auf aus zum ein eine nicht im sagt les une est sont
    dans sur pour avec qui que publié los las una son para con se su
    """.split()
)
_NOT_NAMES = frozenset(
    map(
        shadow,
        """
        min mins minute minutes read add am um an from follow share comment comments kommentar
        kommentare more published veröffentlicht lesezeit uhr photo photos foto fotos text tweet print
        drucken bio profile profil website home menu accueil author authors autor autoren autorin auteur
        by von par por durch view all posts see about advertisement image images date datum category
        kategorie tags zur artikelübersicht autorenseite artikel beitrag alle mehr lesen weiterlesen
        publié le la les publicado el los en in ago hours days hour day week weeks month months temps de
        lecture reading time new news get rss feed social links archive twitter facebook instagram
        linkedin email e-mail contact kontakt über autoreninfo live updated this and und et y bis
        eingestellt penulis editor reporter redakteur redaktion gast all alle articles beiträge opinion
        sponsored anzeige werbung video audio podcast home page startseite
        """.split(),
    )
) | frozenset(GREGORIAN_MONTHS) | WEEKDAYS  # fmt: skip
_ENDS = " \t.,:;|/–—-•·_'\"()[]،*&+\u200c"


def is_role(part: str) -> bool:
    """True for a part of a byline that tells what somebody does, and names nobody: `Deputy CTO`."""
    says_role = _ROLE.search(part) is not None or (
        not part.isascii() and _ARABIC_ROLE.match(shadow(part)) is not None
    )
    return says_role and clean_name(part) is None


def is_organisation(name: str) -> bool:
    """True for a name with a word in it that people are not called: GmbH, Institut, Zeitung, News."""
    return _ORGANISATION.search(name) is not None


def is_credential(part: str) -> bool:
    """True for a degree or a licence and nothing else: `Ph.D.`."""
    return _ONLY_CREDENTIALS.fullmatch(part.strip()) is not None


def clean_name(part: str, site_names: Iterable[str] = ()) -> str | None:
    """The name in one part of a byline; None for a role, an agency, a place, an outlet or a sentence."""
    name = _BRACKETS.sub(" ", part).strip(_ENDS)
    without_role = _ROLE.sub(" ", name)
    if not name.isascii():
        without_role = _ARABIC_ROLE_AFTER.sub(" ", without_role)
    if without_role != name and len(without_role.split()) < 2:
        return None
    name = _CREDENTIALS.sub("", _ROLE_BEFORE.sub("", without_role.strip(_ENDS)))
    name = _without_outlet(" ".join(name.strip(_ENDS).split()), site_names)
    if part.rstrip().endswith(("Jr.", "Sr.")):
        name += "."
    return name if _looks_like_name(name) else None


def _without_outlet(name: str, site_names: Iterable[str]) -> str:
    """A name without the site's or an agency's behind it: `Amanda Cappelli Fox News`."""
    words = name.split()
    if len(words) < 2:
        return name
    whole = letters(name)
    sites = (
        [key for site in site_names if (key := letters(site)) and whole.endswith(key)]
        if len(words) > 2
        else []
    )
    for tail in range(1, min(len(words) - 1, 5)):
        end = " ".join(words[-tail:])
        if is_agency(end) or (sites and len(words) - tail > 1 and letters(end) in sites):
            return " ".join(words[:-tail])
    return name


def _looks_like_name(name: str) -> bool:
    words = name.split()
    if not 2 <= len(name) <= _LONGEST_NAME or len(words) > _MOST_WORDS or _NOT_A_NAME.search(name):
        return False
    if (
        not any(map(str.isalpha, name))
        or sum(map(str.isdigit, name)) > 2
        or any(word.isdigit() for word in words)
    ):
        return False
    if len(name) > _LONGEST_WITHOUT_SPACES and _SPACELESS.fullmatch(name):
        return False
    if _DOMAIN.fullmatch(name) or all(bare(shadow(word)) in _NOT_NAMES for word in words):
        return False
    if len(words) > 1 and not _has_the_shape(words):
        return False
    return not (
        is_agency(name) or is_place(name) or (not name.isascii() and _ARABIC_ROLE.match(shadow(name)))
    )


def _has_the_shape(words: list[str]) -> bool:
    """Names of several words have capitals, particles aside, and no word twice; or two small words."""
    if len(set(words)) < len(words) or any(word in _SMALL_WORDS for word in words):
        return False
    small = [word for word in words if word[0].islower() and word not in _PARTICLES]
    return not small or len(small) == len(words) == 2
