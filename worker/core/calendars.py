"""The words of dates: months and weekdays in the languages of the news, and the Jalali calendar.

The tables are of shadows (see `worker.core.shadow`). A name that two languages give to different months is
left out. Names of several words are written with a space.
"""

from datetime import date

from worker.core.shadow import shadow

# en, de, fr, es, pt, it, nl, tr, pl, id, sv, da, fi, cs, hu, ro, hr, et, lt, lv, sq
_GREGORIAN = """
    january jan januar janner jan janvier janv enero ene janeiro gennaio gen januari ocak oca styczen
    stycznia sty leden ledna tammikuu tammikuuta ianuarie ian sijecanj sijecnja jaanuar sausio janvaris
    janar gener;
    february feb februar febr fevrier fevr fev febrero fevereiro febbraio februari subat sub luty lutego
    lut unor unora helmikuu helmikuuta februarie veljaca veljace veebruar vasario februaris shkurt
    febrer pebruari;
    march mar marz mrz maerz mars marzo marco maart mart marzec marca brezen brezna maaliskuu
    maaliskuuta marcius marc martie ozujak ozujka marts kovo maret mac;
    april apr avril avr abril abr aprile nisan nis kwiecien kwietnia kwi duben dubna huhtikuu huhtikuuta
    aprilis aprilie travanj travnja aprill balandzio prill;
    may mai mayo maio maggio mag mei mayis maj maja kveten kvetna toukokuu toukokuuta majus svibanj
    svibnja geguzes maijs;
    june jun juni juin junio junho giugno giu haziran haz czerwiec czerwca cze cerven cervna kesakuu
    kesakuuta junius iunie lipanj lipnja juuni birzelio junijs qershor juny;
    july jul juli juillet juil julio julho luglio lug temmuz tem lipiec lipca lip cervenec cervence
    heinakuu heinakuuta julius iulie srpanj srpnja juuli liepos julijs korrik juliol;
    august aug aout agosto ago augustus agustos sierpien sierpnia sie agustus agu agt augusti elokuu
    elokuuta srpen srpna augusztus kolovoz kolovoza rugpjucio augusts gusht agost ogos;
    september sep sept septembre septiembre setiembre setembro set settembre eylul eyl wrzesien wrzesnia
    wrz zari syyskuu syyskuuta szeptember szept septembrie rujan rujna rugsejo septembris shtator
    setembre;
    october oct oktober okt octobre octubre outubro out ottobre ott ekim eki pazdziernik pazdziernika
    paz rijen rijna lokakuu lokakuuta octombrie oktoober spalio oktobris tetor;
    november nov novembre noviembre novembro kasim kas listopad listopada lis marraskuu marraskuuta
    noiembrie studeni studenoga lapkricio novembris nentor nopember;
    december dec dezember dez decembre diciembre dic dezembro dicembre aralik ara grudzien grudnia gru
    desember des prosinec prosince joulukuu joulukuuta decembrie prosinac prosinca detsember gruodzio
    decembris dhjetor disember
"""
# Arabic of Egypt, the Gulf and the Maghreb, then fa, ur, ru, uk, bg, sr, el, he, hi, bn, hy, ka
_OTHER_SCRIPTS = """
    يناير جانفي ژانويه جنوري январь января янв січня січень януари јануар ιανουαριου ιανουαριος ιαν
    ינואר जनवरी জানুয়ারি জানুয়ারি հունվարի იანვარი;
    فبراير فيفري فوريه فروري февраль февраля февр фев лютого лютий февруари фебруар φεβρουαριου
    φεβρουαριος φεβ פברואר फरवरी ফেব্রুয়ারি ফেব্রুয়ারি փետրվարի თებერვალი;
    مارس مارچ март марта мар березня березень μαρτιου μαρτιος μαρ מרץ מרס मार्च মার্চ մարտի მარტი;
    ابريل افريل اوريل اوريل اپريل апрель апреля апр квітня квітень април απριλιου απριλιος απρ אפריל
    अप्रैल এপ্রিল ապրիլի აპრილი;
    مايو ماي مه ميي май мая травня травень мај μαιου μαιος μαι מאי मई মে մայիսի მაისი;
    يونيو يونيه جوان ژوين جون июнь июня июн червня червень юни јун ιουνιου ιουνιος ιουν יוני जून জুন
    հունիսի ივნისი;
    يوليو يوليه يوليوز جويليه ژوييه جولاي июль июля июл липня липень юли јул ιουλιου ιουλιος ιουλ יולי
    जुलाई জুলাই հուլիսի ივლისი;
    اغسطس اوت غشت اگست اگوست август августа авг серпня серпень αυγουστου αυγουστος αυγ אוגוסט अगस्त
    আগস্ট օգոստոսի აგვისტო;
    سبتمبر شتنبر سپتامبر ستمبر сентябрь сентября сент сен вересня вересень септември септембар
    σεπτεμβριου σεπτεμβριος σεπ σεπτ ספטמבר सितंबर सितम्बर সেপ্টেম্বর սեպտեմբերի სექტემბერი;
    اكتوبر اكتبر октябрь октября окт жовтня жовтень октомври октобар οκτωβριου οκτωβριος οκτ אוקטובר
    अक्टूबर অক্টোবর հոկտեմբերի ოქტომბერი;
    نوفمبر نونبر نوامبر نومبر ноябрь ноября нояб ноя листопада листопад ноември новембар νοεμβριου
    νοεμβριος νοε נובמבר नवंबर नवम्बर নভেম্বর նոյեմբերի ნოემბერი;
    ديسمبر دجنبر دسامبر دسمبر декабрь декабря дек грудня грудень декември децембар δεκεμβριου δεκεμβριος
    δεκ דצמבר दिसंबर दिसम्बर ডিসেম্বর դեկտեմբերի დეკემბერი
"""
_LEVANT = (
    "كانون الثاني, كانون ثاني, كانون2", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب", "أيلول",
    "تشرين الأول, تشرين اول, تشرين1", "تشرين الثاني, تشرين ثاني, تشرين2", "كانون الأول, كانون اول, كانون1",
)  # fmt: skip
_JALALI = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split()

JALALI_MONTHS = {shadow(name): i for i, name in enumerate(_JALALI, 1)} | {"امرداد": 5}

HIJRI_MONTHS = frozenset(
    """
    محرم صفر ربيع جمادي جمادا رجب شعبان رمضان شوال ذو ذي القعده الحجه الحرام الاول الاولي الثاني الثانيه
    الاخر الاخره المعظم المبارك قعده حجه ذيقعده ذيحجه muharram safar rabi rajab shaban ramadan shawwal
    al awwal thani dhu hijri hijrah
    """.split()
)

_WEEKDAYS = """
    السبت الأحد الاثنين الثلاثاء الثلثاء الأربعاء الخميس الجمعة شنبه یکشنبه دوشنبه سه‌شنبه سه چهارشنبه
    پنجشنبه پنج چهار جمعه یک دو هفته پیر منگل بدھ جمعرات اتوار monday tuesday wednesday thursday friday
    saturday sunday mon tue tues wed thu thur thurs fri sat sun montag dienstag mittwoch donnerstag
    freitag samstag sonnabend sonntag mo di mi do fr sa so lundi mardi mercredi jeudi vendredi samedi
    dimanche lun mer jeu ven sam dim mar lunes martes miercoles jueves viernes sabado domingo mie jue
    vie sab dom segunda terca quarta quinta sexta feira segunda-feira terca-feira quarta-feira
    quinta-feira sexta-feira seg ter qua qui sex lunedi martedi mercoledi giovedi venerdi sabato
    domenica gio maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo pazartesi
    sali carsamba persembe cuma cumartesi pazar pzt car per cum cmt paz senin selasa rabu kamis jumat
    jum'at sabtu minggu ahad poniedzialek wtorek sroda czwartek piatek sobota niedziela mandag tisdag
    onsdag torsdag fredag lordag sondag tirsdag maanantai tiistai keskiviikko torstai perjantai lauantai
    sunnuntai pondeli utery streda ctvrtek patek nedele luni marti miercuri joi vineri duminica hetfo
    kedd szerda csutortok pentek szombat vasarnap понедельник вторник среда четверг пятница суббота
    воскресенье пн вт ср чт пт сб вс понеділок вівторок середа четвер п'ятниця субота неділя δευτερα
    τριτη τεταρτη πεμπτη παρασκευη σαββατο κυριακη δευ τρι τετ πεμ παρ σαβ κυρ יום שני שלישי רביעי חמישי
    שישי שבת ראשון 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日 月曜 火曜 水曜 木曜 金曜 土曜 日曜
    月 火 水 木 金 土 日 월요일 화요일 수요일 목요일 금요일
    토요일 일요일 월 화 수 목 금 토 일 星期一 星期二 星期三 星期四 星期五 星期六 星期日 星期天 周一 周二
    周三 周四 周五 周六 周日 週一 週二 週三 週四 週五 週六 週日 thu
    hai chu nhat सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार
"""
WEEKDAYS = frozenset(map(shadow, _WEEKDAYS.split()))


def _months() -> dict[str, int]:
    table = {shadow(name): i for i, row in enumerate(_LEVANT, 1) for name in row.split(", ")}
    for names in (_GREGORIAN, _OTHER_SCRIPTS):
        table.update((shadow(name), i) for i, row in enumerate(names.split(";"), 1) for name in row.split())
    return table


GREGORIAN_MONTHS = _months()

# Years of the Jalali calendar in which its cycle of leap years changes (Borkowski, 1996).
_BREAKS = (
    -61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394,
    2456, 3178
)  # fmt: skip


def jalali_to_gregorian(year: int, month: int, day: int) -> date:
    """The day of a Jalali (solar Hijri) date, after K. M. Borkowski's algorithm.

    Raises:
        ValueError: no such day, or a year outside 1300 to 1499.
    """
    if not 1300 <= year < 1500 or not 1 <= month <= 12 or not 1 <= day <= _jalali_month_length(year, month):
        raise ValueError(f"no Jalali day {year}-{month}-{day}")
    _, new_year = _jalali_year(year)
    days = (month - 1) * 31 - max(0, month - 7) + day - 1
    return date.fromordinal(new_year.toordinal() + days)


def _jalali_month_length(year: int, month: int) -> int:
    if month < 7:
        return 31
    if month < 12:
        return 30
    return 30 if _jalali_year(year)[0] else 29


def _jalali_year(year: int) -> tuple[bool, date]:
    """Whether a Jalali year is a leap year, and the Gregorian day that it begins on."""
    leaps, start, jump = -14, _BREAKS[0], 0
    for end in _BREAKS[1:]:
        jump = end - start
        if year < end:
            break
        leaps += jump // 33 * 8 + jump % 33 // 4
        start = end
    n = year - start
    leaps += n // 33 * 8 + (n % 33 + 3) // 4
    if jump % 33 == 4 and jump - n == 4:
        leaps += 1
    gregorian = year + 621
    gregorian_leaps = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    march = 20 + leaps - gregorian_leaps
    if jump - n < 6:
        n = n - jump + (jump + 4) // 33 * 33
    leap = ((n + 1) % 33 - 1) % 4 == 0
    return leap, date(gregorian, 3, march)
