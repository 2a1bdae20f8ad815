"""The words that stand around a date in a date line: labels, connectors, marks of zones and calendars."""

import re
from collections.abc import Iterable

from worker.core.calendars import GREGORIAN_MONTHS, HIJRI_MONTHS, WEEKDAYS
from worker.core.clocks import ZONE_OFFSETS
from worker.core.places import zone_of_city
from worker.core.shadow import shadow

# What may stand between day, month and year
CONNECTORS = frozenset(
    map(
        shadow,
        """
        de of del di da do d' the st nd rd th er em º ª ος η ης ό m men г году года р року й го ngày
        tháng năm dne den el le am vom på klo ماه من شهر سنة عام لعام لسنة سال م ב של 年 月 日 년 월 일
        ta ve
        o a i'nci nolu vasario d gada roku r
        """.split(),
    )
)

UPDATE_WORDS = frozenset(
    map(
        shadow,
        """
        updated update modified edited revised corrected upd last تحديث التحديث تعديل التعديل محدث حدث
        آخر اخر به‌روزرسانی بروزرسانی بروز روزآمد ویرایش actualizado actualizada actualización
        actualizacion modificado modificada aktualisiert aktualisierung geändert update stand
        aktualisiert: güncelleme güncellendi güncellenme güncellenme son обновлено обновлен обновлена
        изменено jour actualisé modifié modifiée màj maj atualizado atualizada atualização aggiornato
        aggiornata aggiornamento diperbarui pembaruan bijgewerkt gewijzigd aktualizacja zaktualizowano
        ενημέρωση ενημερώθηκε עודכן עדכון אחרון 更新 更新日 最終更新 수정 업데이트 oppdatert uppdaterad
        uppdaterat
        opdateret päivitetty aktualizováno frissítve actualizat оновлено
        """.split(),
    )
)

_LABELS = frozenset(
    map(
        shadow,
        """
        published publish publication posted post date dated on at in of the and first last created
        added submitted released written filed issued by time local from by: oclock o'clock hours hrs
        hour read original originally since a d ad ce article news story online est. as day release نشر
        نشرت نُشر النشر تاريخ التاريخ بتاريخ في فى يوم اليوم الساعة ساعة على تم عند الموافق هـ ه م
        ميلادي ميلادية هجري هجرية تاريخ: كتب أضيف أضيفت الإضافة اضافة إنشاء الإصدار صدر وقت بتوقيت توقيت
        المحلي التوقيت المحلي غرينتش مساء صباحا و الإنشاء الخبر المقال منذ من انشر نشرة محلي المحلية ت غ
        تاریخ انتشار منتشر شده در ساعت زمان مطلب خبر روز ه.ش شمسی میلادی ق ب ظ درج ایجاد شائع اشاعت وقت
        آخری پاکستان veröffentlicht erschienen erstellt publiziert datum vom am um uhr den der zuletzt
        zuerst stand: von im online seit lesezeit mez mesz veröffentlichung publié publiée paru parue
        posté mis mise à le la les du et en ligne par dernière modification création rédigé écrit temps
        lecture heure h min publicado publicada publicación publicação publicato pubblicato pubblicata
        fecha data el las los a às as hs hrs horas hora y e il alle ore dia día última ultima ultimo
        último creado criado creato postado postada em em: feito feita actualizada escrito per por alla
        del della yayınlanma yayımlanma yayınlandı yayımlandı yayın tarihi tarih tarihi: giriş saat
        saati eklenme eklendi oluşturulma son haber haberin tarihinde опубликовано опубликован
        опубликована дата публикации в от во время г года просмотров создано добавлено опубліковано дата
        публікації о год ч по diterbitkan dipublikasikan tayang terbit terakhir kompas pada pukul
        tanggal jam gepubliceerd geplaatst op om uur laatst opublikowano data publikacji dodano godz
        godzina utworzono o dnia publicerad publicerat kl kl. klockan udgivet publisert julkaistu klo
        publikováno vydáno dne v megjelent közzétéve publicat la ora đăng ngày lúc cập nhật gio xuất bản
        δημοσίευση δημοσιεύθηκε δημοσιεύτηκε στις στις: ώρα τελευταία πμ μμ π.μ μ.μ פורסם בתאריך ב בשעה
        תאריך ה 发布 发布时间 发布于 发表 发表于 时间 日期 發布 發佈 發布時間 發表 時間 公開 公開日 掲載
        掲載日 配信 投稿 投稿日 입력 등록 승인 작성 기사입력 최초입력
        발행일 오전 오후 上午 下午 時 分 시 분 午前 午後
        """.split(),
    )
)

_NOISE = frozenset(
    (*CONNECTORS, *UPDATE_WORDS, *_LABELS, *WEEKDAYS, *HIJRI_MONTHS, *ZONE_OFFSETS, "am", "pm", "et")
)
_SEPARATORS = re.compile(r"[\s.,،؛/\\\-–—()\[\]|:;·•_*»«›‹>~+@\u200b-\u200f\"“”]+")
_READING_TIME = re.compile(
    r"\b\d{1,2}\s?(?:[-–]\s?\d{1,2}\s?)?"
    r"(?:minutes?|mins?|min\.|minuten|minuti|minutos|dakika|dk|دقائق|دقيقة|دقیقه|мин|menit)"
    r"(?:\s(?:read|lesezeit|de lecture|de lectura|di lettura|de leitura|okuma|للقراءة|قراءة|baca))?(?!\w)",
    re.IGNORECASE,
)


def only_date_words(text: str, covered: Iterable[tuple[int, int]]) -> bool:
    """True where nothing but the words of date lines, or the name of a city, stands outside `covered`."""
    rest = _outside(text, sorted(covered))
    if any(map(str.isdigit, rest)):
        rest = _READING_TIME.sub(" ", rest)
        if any(map(str.isdigit, rest)):
            return False
    words = [word for word in _SEPARATORS.split(shadow(rest)) if word]
    strange = [word.strip("'") for word in words if word not in _NOISE and word not in GREGORIAN_MONTHS]
    return not strange or (len(strange) <= 3 and zone_of_city(" ".join(strange)) is not None)


def without_date_words(text: str) -> str:
    """A text without the words of date lines at its ends: a byline whose date was taken out."""
    words = text.split()
    while words and _is_noise(words[-1]):
        words.pop()
    while words and _is_noise(words[0]) and shadow(words[0]) not in _BYLINE_LABELS:
        words.pop(0)
    return " ".join(words)


_BYLINE_LABELS = frozenset(
    "by von par por di كتب كتبت written posted published veroffentlicht geschrieben".split()
)


def _is_noise(word: str) -> bool:
    if len(word) == 1 and word.isupper():  # an initial
        return False
    parts = [part for part in _SEPARATORS.split(shadow(word)) if part]
    return all(part in _NOISE or part in GREGORIAN_MONTHS for part in parts)


def _outside(text: str, covered: list[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in covered:
        if start > position:
            pieces.append(text[position:start])
        position = max(position, end)
    pieces.append(text[position:])
    return " ".join(pieces)
