"""News agencies by the names that they are credited with, in the languages that credit them."""

from functools import cache

from worker.core.shadow import bare, shadow

_AGENCIES = """
    رويترز, وكالة رويترز, وكالات, الوكالات, وكالة الأنباء, وكالات الأنباء, وكالات أنباء, أ ف ب, أ.ف.ب, ا
    ف ب, أف ب, فرانس برس, وكالة فرانس برس, وكالة الصحافة الفرنسية, الفرنسية, أ ب, أ.ب, أسوشيتد برس,
    أسوشييتد برس, اسوشيتد برس, وكالة أسوشيتد برس, د ب أ, د.ب.أ, د ب ا, وكالة الأنباء الألمانية,
    الألمانية, الأناضول, الاناضول, وكالة الأناضول, وكالة الأناضول للأنباء, سانا, وكالة سانا, بترا, واس,
    وام, قنا, كونا, بنا, وفا, معا, صفا, شهاب, شفا, سبأ, سبا, وكالة سبأ, واع, وكالة الأنباء العراقية,
    السومرية نيوز, شفق نيوز, أ ش أ, أ.ش.أ, أش أ, وكالة أنباء الشرق الأوسط, وات, واج, وال, وكالة الأنباء
    الليبية, وكالة الأنباء الجزائرية, وكالة الأنباء السعودية, وكالة أنباء الإمارات, وكالة الأنباء
    القطرية, وكالة الأنباء الكويتية, وكالة الأنباء الأردنية, العمانية, وكالة الأنباء العمانية, ماب, و م
    ع, و.م.ع, سونا, المركزية, الوطنية, الوكالة الوطنية للإعلام, شينخوا, وكالة شينخوا, تاس, وكالة تاس,
    سبوتنيك, وكالة سبوتنيك, نوفوستي, ريا نوفوستي, ريا نوفوستى, إنترفاكس, انترفاكس, روسيا اليوم, آر تي,
    ار تي, إرنا, ارنا, فارس, تسنيم, إسنا, ايسنا, مهر, إفي, إيفي, آكي, أنسا, نوفا, وكالة نوفا, كيودو,
    يونهاب, بي بي سي, سي إن إن, سي ان ان, الجزيرة, الجزيرة نت, العربية, العربية نت, العربية.نت, سكاي
    نيوز عربية, دويتشه فيله, الحرة, يورونيوز, Reuters, Thomson Reuters, AFP, Agence France-Presse, AP,
    The Associated Press, Associated Press, AP News, DPA, Deutsche Presse-Agentur, dpa-AFX, dpa/AFP,
    EFE, Agencia EFE, Europa Press, EP, Europapress, ANSA, Adnkronos, AGI, LaPresse, Xinhua, TASS,
    ITAR-TASS, RIA Novosti, Interfax, Sputnik, RT, Anadolu, Anadolu Agency, Anadolu Ajansı, AA, DHA,
    İHA, ANKA, UPI, United Press International, PA, PA Media, Press Association, PTI, Press Trust of
    India, ANI, IANS, UNI, APP, BSS, Bernama, Antara, Kyodo, Kyodo News, Jiji, Jiji Press, Yonhap,
    Yonhap News Agency, CNA, KCNA, MENA, WAM, SPA, Saudi Press Agency, KUNA, QNA, BNA, PETRA, SANA,
    WAFA, MAP, TAP, APS, IRNA, ISNA, FARS, Tasnim, Mehr, Bloomberg, Bloomberg News, Dow Jones, APA, SDA,
    Keystone-SDA, ATS, SID, KNA, epd, Belga, ANP, ANP/AFP, NTB, TT, Ritzau, STT, LUSA, PAP, ČTK, CTK,
    MTI, Agerpres, Mediafax, BTA, Tanjug, HINA, BETA, FENA, Ukrinform, УНИАН, Укринформ, Укрінформ,
    BelTA, БелТА, Azertac, Kazinform, CP, The Canadian Press, Canadian Press, AAP, Australian Associated
    Press, NZPA, ANA-MPA, ΑΠΕ-ΜΠΕ, ΑΠΕ, BNS, ELTA, LETA, Delfi, Prensa Latina, Notimex, Télam, Telam,
    Agência Brasil, Agência Estado, Estadão Conteúdo, Folhapress, PR Newswire, PRNewswire, Business
    Wire, BUSINESS WIRE, GlobeNewswire, Globe Newswire, ACCESSWIRE, ACN Newswire, OTS, ots, news
    aktuell, Agencies, Agency, News Agencies, Wire Reports, wire services, Agencias, Agences, Agenturen,
    Agenzie, Agências, Ajanslar, Agentur, Field Level Media, Kyodo News Service, Inter Press Service,
    IPS, Al Jazeera, Al Jazeera and news agencies, AFP/Reuters, Reuters/AFP, PanARMENIAN, News Service,
    Metric Media News Service, CNN Wire, CNN Newsource, IANS News, ТАСС, ИТАР-ТАСС, РИА Новости,
    Интерфакс, INTERFAX.RU, Росбалт, Регнум, REGNUM, УНН, Reuters Agency, NewsWire, ایسنا, ایرنا, فارس,
    تسنیم, مهر, خبرگزاری فارس, خبرگزاری مهر, خبرگزاری ایسنا, خبرگزاری ایرنا, خبرگزاری تسنیم, ایلنا,
    ایکنا, باشگاه خبرنگاران جوان, برنا, میزان, رویترز, آسوشیتدپرس, خبرگزاری فرانسه, اے ایف پی, رائٹرز,
    اے پی پی, 新华社, 新华网, 中新社, 中新网, 中央社, 路透社, 法新社, 美联社, 共同社, 共同通信,
    時事通信, BBC, BBC News, CNN, CBS, CBS News, NBC News, ABC News, Fox News, 연합뉴스, 뉴시스, 뉴스1, 로이터
"""

# Names that are everyday words or initials too: an agency only in brackets or beside a place
_AMBIGUOUS = frozenset(
    map(
        shadow,
        """
        AP AA PA EP CP TT MAP TAP SPA APP CNA ANI UNI IPS AGI BETA LETA OTS ots MENA MEHR Mehr FARS مهر
        فارس میزان برنا الفرنسية الألمانية الوطنية المركزية العمانية معا بنا وال وات شهاب صفا شفا نوفا
        سبا العربية الحرة Agency Agentur News Service تاس بترا APA APS RT SID الجزيرة Al Jazeera
        Bloomberg Sputnik BBC CNN CBS
        """.split(),
    )
) | {"news service"}


@cache
def _names() -> frozenset[str]:
    return frozenset(bare(shadow(name)) for name in " ".join(_AGENCIES.split()).split(", "))


def is_agency(text: str, alone: bool = False) -> bool:
    """True for the name of a news agency and nothing else.

    With `alone` only for names that mean nothing else wherever they stand: `رويترز`, not `معا`.
    """
    name = bare(shadow(text))
    return name in _names() and not (alone and name in _AMBIGUOUS)
