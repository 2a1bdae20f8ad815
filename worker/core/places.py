"""Places of the news: what may stand in a dateline, and the time zone of the cities among them.

The names are those that sites write: in Arabic, English and the languages of the large agencies.
"""

from functools import cache
from types import MappingProxyType

from worker.core.shadow import shadow

_CITIES = """
Asia/Damascus = دمشق, حلب, حمص, درعا, إدلب, اللاذقية, السويداء, دير الزور, الحسكة, القامشلي, Damascus,
    Damas, Damaskus, Şam, Aleppo, Alep, Halep, Idlib
Asia/Beirut = بيروت, طرابلس الشام, صيدا, صور, بعبدا, Beirut, Beyrouth, Beyrut, Tyre
Asia/Amman = عمان, عمّان, إربد, الزرقاء, العقبة, Amman
Asia/Jerusalem = القدس, القدس المحتلة, تل أبيب, حيفا, Jerusalem, Tel Aviv, Jérusalem, Kudüs, Haifa,
    Al-Quds, Occupied Jerusalem, ירושלים, תל אביב
Asia/Gaza = غزة, رفح, خان يونس, دير البلح, Gaza, Gaza City, Gazze, Rafah, Khan Younis
Asia/Hebron = رام الله, نابلس, الخليل, جنين, طولكرم, بيت لحم, قلقيلية, أريحا, Ramallah, Nablus, Hebron,
    Jenin, Bethlehem
Asia/Baghdad = بغداد, أربيل, السليمانية, البصرة, الموصل, كركوك, النجف, كربلاء, Baghdad, Bagdad, Bağdat,
    Erbil, Basra, Mosul, Kirkuk, Irbil
Asia/Riyadh = الرياض, جدة, مكة المكرمة, مكة, المدينة المنورة, الدمام, الظهران, الطائف, أبها, تبوك, نيوم,
    Riyadh, Riyad, Riad, Jeddah, Mecca, Makkah, Medina, Dhahran
Asia/Kuwait = الكويت, Kuwait City, Kuwait
Asia/Bahrain = المنامة, Manama
Asia/Qatar = الدوحة, Doha
Asia/Dubai = دبي, أبوظبي, أبو ظبي, الشارقة, عجمان, الفجيرة, رأس الخيمة, العين, Dubai, Abu Dhabi,
    Sharjah, Dubaï, Abou Dhabi
Asia/Muscat = مسقط, صلالة, Muscat, Mascate
Asia/Aden = صنعاء, عدن, تعز, الحديدة, مأرب, المكلا, Sanaa, Sana'a, Aden, Hodeidah, Marib
Africa/Cairo = القاهرة, الإسكندرية, الجيزة, بورسعيد, السويس, أسوان, الأقصر, الإسماعيلية, العريش, شرم
    الشيخ, المنصورة, العاصمة الإدارية, Cairo, Alexandria, Le Caire, Kairo, Kahire, El Cairo, Sharm
    el-Sheikh, Giza, Каир
Africa/Tripoli = طرابلس, بنغازي, مصراتة, سرت, طبرق, درنة, سبها, Tripoli, Benghazi, Misrata, Trablus,
    Sirte
Africa/Tunis = تونس, تونس العاصمة, صفاقس, سوسة, Tunis, Sfax
Africa/Algiers = الجزائر, الجزائر العاصمة, وهران, قسنطينة, عنابة, Algiers, Alger, Algier, Oran, Cezayir
Africa/Casablanca = الرباط, الدار البيضاء, مراكش, طنجة, فاس, أكادير, Rabat, Casablanca, Marrakech,
    Marrakesh, Tangier, Tanger, Agadir
Africa/Nouakchott = نواكشوط, Nouakchott
Africa/Khartoum = الخرطوم, أم درمان, بورتسودان, بورت سودان, الفاشر, Khartoum, Omdurman, Port Sudan, El
    Fasher, Hartum
Africa/Mogadishu = مقديشو, Mogadishu, Mogadişu
Africa/Djibouti = جيبوتي, Djibouti
Africa/Addis_Ababa = أديس أبابا, Addis Ababa, Addis-Abeba, Addis Abeba
Africa/Nairobi = نيروبي, Nairobi
Africa/Kampala = كمبالا, كامبالا, Kampala
Africa/Juba = جوبا, Juba
Africa/Lagos = أبوجا, لاغوس, Abuja, Lagos
Africa/Johannesburg = جوهانسبرغ, بريتوريا, كيب تاون, Johannesburg, Pretoria, Cape Town
Africa/Dakar = داكار, Dakar
Africa/Bamako = باماكو, Bamako
Africa/Niamey = نيامي, Niamey
Africa/Ndjamena = نجامينا, N'Djamena, Ndjamena
Africa/Kinshasa = كينشاسا, Kinshasa
Africa/Abidjan = أبيدجان, Abidjan
Africa/Accra = أكرا, Accra
Africa/Harare = هراري, Harare
Europe/Istanbul = إسطنبول, اسطنبول, أنقرة, إزمير, غازي عنتاب, أنطاليا, هاتاي, Istanbul, İstanbul,
    Ankara, İzmir, Izmir, Gaziantep, Antalya, Hatay, Diyarbakır, Bursa, Adana, Konya, Trabzon
Europe/London = لندن, أدنبرة, ليفربول, مانشستر, London, Londres, Londra, Edinburgh, Manchester,
    Liverpool, Birmingham, Glasgow, Belfast, Cardiff, Лондон
Europe/Dublin = دبلن, Dublin
Europe/Paris = باريس, مرسيليا, ليون, نيس, ستراسبورغ, Paris, Marseille, Lyon, Nice, Strasbourg, Toulouse,
    Lille, Bordeaux, Париж, París, Parigi
Europe/Berlin = برلين, ميونيخ, فرانكفورت, هامبورغ, كولونيا, بون, Berlin, Munich, München, Frankfurt,
    Hamburg, Köln, Cologne, Düsseldorf, Stuttgart, Leipzig, Dresden, Hannover, Bonn, Bremen, Nürnberg,
    Mainz, Wiesbaden, Frankfurt/Main, Karlsruhe, Берлин, Berlín, Potsdam, Erfurt, Kiel, Magdeburg,
    Schwerin, Essen, Dortmund
Europe/Vienna = فيينا, Vienna, Wien, Vienne, Viena, Viyana, Вена
Europe/Zurich = جنيف, زيورخ, برن, بيرن, لوزان, دافوس, Geneva, Genève, Genf, Ginebra, Cenevre, Zurich,
    Zürich, Bern, Berne, Davos, Lausanne, Basel, Женева
Europe/Brussels = بروكسل, بروكسيل, Brussels, Bruxelles, Brüssel, Bruselas, Brüksel, Брюссель
Europe/Amsterdam = أمستردام, لاهاي, روتردام, Amsterdam, The Hague, La Haye, Den Haag, La Haya, Lahey,
    Rotterdam
Europe/Luxembourg = Luxembourg
Europe/Rome = روما, ميلانو, البندقية, Rome, Roma, Rom, Milan, Milano, Mailand, Napoli, Naples, Torino,
    Turin, Venice, Рим, Palermo, Firenze
Europe/Vatican = الفاتيكان, مدينة الفاتيكان, Vatican City, Vatican, Città del Vaticano, Vatikan
Europe/Madrid = مدريد, برشلونة, فالنسيا, إشبيلية, Madrid, Barcelona, Barcelone, Valencia, Sevilla,
    Seville, Bilbao, Мадрид
Europe/Lisbon = لشبونة, Lisbon, Lisbonne, Lisboa, Lissabon
Europe/Athens = أثينا, Athens, Athènes, Athen, Atenas, Atina, Αθήνα, Афины
Asia/Nicosia = نيقوسيا, Nicosia, Nicosie, Lefkoşa
Europe/Warsaw = وارسو, Warsaw, Varsovie, Warschau, Varsovia, Warszawa, Varşova, Варшава, Kraków
Europe/Prague = براغ, Prague, Prag, Praga, Praha, Прага
Europe/Budapest = بودابست, Budapest, Budapeşte, Будапешт
Europe/Bucharest = بوخارست, Bucharest, Bucarest, Bukarest, București, Bükreş
Europe/Sofia = صوفيا, Sofia, Sofya, София
Europe/Belgrade = بلغراد, Belgrade, Belgrad, Белград, Beograd
Europe/Sarajevo = سراييفو, Sarajevo, Saraybosna
Europe/Zagreb = زغرب, Zagreb
Europe/Skopje = سكوبيه, Skopje, Üsküp
Europe/Tirane = تيرانا, Tirana
Europe/Stockholm = ستوكهولم, Stockholm
Europe/Oslo = أوسلو, Oslo
Europe/Copenhagen = كوبنهاغن, Copenhagen, Copenhague, Kopenhagen, København
Europe/Helsinki = هلسنكي, Helsinki
Europe/Riga = ريغا, Riga, Рига
Europe/Tallinn = تالين, Tallinn
Europe/Vilnius = فيلنيوس, Vilnius
Europe/Minsk = مينسك, Minsk, Минск
Europe/Kyiv = كييف, خاركيف, أوديسا, لفيف, دونيتسك, Kyiv, Kiev, Kiew, Kharkiv, Odesa, Odessa, Lviv, Київ,
    Киев, Donetsk
Europe/Chisinau = كيشيناو, Chisinau, Chișinău
Europe/Moscow = موسكو, سوتشي, سان بطرسبرغ, سانت بطرسبرغ, Moscow, Moscou, Moskau, Moscú, Moskova, Москва,
    Mosca, St. Petersburg, Saint Petersburg, Санкт-Петербург, Sochi, Сочи
Asia/Tbilisi = تبليسي, تفليس, Tbilisi, Tiflis, Тбилиси
Asia/Yerevan = يريفان, Yerevan, Erivan, Ереван
Asia/Baku = باكو, Baku, Bakü, Bakou, Баку
Asia/Tehran = طهران, تهران, أصفهان, اصفهان, مشهد, شیراز, تبریز, قم, Tehran, Téhéran, Teheran, Tahran,
    Тегеран, Isfahan, Mashhad, Shiraz, Tabriz
Asia/Kabul = كابول, كابل, قندهار, Kabul, Kaboul, Kâbil, Кабул, Kandahar
Asia/Karachi = إسلام آباد, كراتشي, لاهور, Islamabad, Karachi, Lahore, Peshawar, Rawalpindi, Quetta,
    اسلام آباد, کراچی, پشاور
Asia/Kolkata = نيودلهي, نيو دلهي, مومباي, كلكتا, New Delhi, Mumbai, Kolkata, Chennai, Bengaluru,
    Bangalore, Hyderabad, Neu-Delhi, Yeni Delhi, Srinagar, Lucknow, Ahmedabad, Thiruvananthapuram
Asia/Kathmandu = كاتماندو, Kathmandu
Asia/Colombo = كولومبو, Colombo
Asia/Dhaka = دكا, Dhaka
Asia/Yangon = يانغون, رانغون, Yangon, Naypyidaw
Asia/Bangkok = بانكوك, Bangkok
Asia/Ho_Chi_Minh = هانوي, Hanoi, Ho Chi Minh City
Asia/Phnom_Penh = بنوم بنه, Phnom Penh
Asia/Kuala_Lumpur = كوالالمبور, كوالا لمبور, Kuala Lumpur
Asia/Singapore = سنغافورة, Singapore, Singapour, Singapur
Asia/Jakarta = جاكرتا, Jakarta, Bandung
Asia/Manila = مانيلا, Manila, Manille
Asia/Hong_Kong = هونغ كونغ, هونج كونج, Hong Kong
Asia/Taipei = تايبيه, تايبه, Taipei
Asia/Shanghai = بكين, شنغهاي, ووهان, Beijing, Pékin, Peking, Pekín, Pekin, Shanghai, Wuhan, Guangzhou,
    Shenzhen, Пекин, 北京, 上海
Asia/Seoul = سيول, سول, Seoul, Séoul, Seúl, Seul, 서울
Asia/Pyongyang = بيونغ يانغ, بيونج يانج, Pyongyang
Asia/Tokyo = طوكيو, هيروشيما, أوساكا, Tokyo, Tokio, Osaka, Hiroshima, Токио, 東京
Asia/Ulaanbaatar = أولان باتور, Ulaanbaatar
Asia/Almaty = أستانا, ألماتي, ألماتا, Astana, Almaty, Астана, Алматы
Asia/Tashkent = طشقند, سمرقند, Tashkent, Taşkent, Ташкент, Samarkand
Asia/Bishkek = بيشكيك, Bishkek, Bişkek, Бишкек
Asia/Dushanbe = دوشنبه, دوشانبي, Dushanbe, Duşanbe, Душанбе
Asia/Ashgabat = عشق آباد, Ashgabat, Aşkabat
Australia/Sydney = سيدني, كانبيرا, كانبرا, Sydney, Canberra
Australia/Melbourne = ملبورن, Melbourne
Australia/Brisbane = Brisbane
Australia/Perth = Perth
Pacific/Auckland = ويلينغتون, أوكلاند, Wellington, Auckland, Christchurch
America/New_York = واشنطن, نيويورك, بوسطن, ميامي, أتلانتا, فيلادلفيا, الأمم المتحدة, Washington,
    Washington D.C., Washington DC, New York, New York City, Boston, Miami, Atlanta, Philadelphia,
    Detroit, United Nations, Vaşington, Nueva York, Вашингтон, Нью-Йорк, Baltimore, Pittsburgh,
    Cleveland, Orlando, Tampa
America/Chicago = شيكاغو, هيوستن, دالاس, Chicago, Houston, Dallas, Austin, San Antonio, New Orleans,
    Milwaukee, Minneapolis, St. Louis, Oklahoma City, Nashville, Memphis
America/Denver = دنفر, Denver, Salt Lake City
America/Phoenix = Phoenix, Tucson
America/Los_Angeles = لوس أنجلوس, لوس أنجليس, سان فرانسيسكو, سياتل, لاس فيغاس, Los Angeles, San
    Francisco, Seattle, Las Vegas, San Diego, San Jose, Sacramento, Portland
America/Toronto = أوتاوا, تورنتو, مونتريال, Ottawa, Toronto, Montreal, Montréal
America/Vancouver = فانكوفر, Vancouver
America/Mexico_City = مكسيكو, مكسيكو سيتي, Mexico City, Ciudad de México, Mexico, Guadalajara
America/Havana = هافانا, Havana, La Havane, La Habana
America/Bogota = بوغوتا, Bogota, Bogotá
America/Caracas = كراكاس, Caracas
America/Lima = ليما, Lima
America/Guayaquil = Quito, Guayaquil
America/La_Paz = لاباز, La Paz
America/Santiago = سانتياغو, Santiago, Santiago de Chile
America/Argentina/Buenos_Aires = بوينس آيرس, بوينس أيرس, Buenos Aires, Buenos Aires (Argentina)
America/Montevideo = مونتيفيديو, Montevideo
America/Asuncion = Asunción
America/Sao_Paulo = برازيليا, ساو باولو, ريو دي جانيرو, Brasilia, Brasília, Sao Paulo, São Paulo, Rio de
    Janeiro, Rio
America/Guatemala = Guatemala
America/Panama = Panama City, Panamá
America/Port-au-Prince = Port-au-Prince
"""

# Countries and regions: they stand in datelines, but tell no time.
_LANDS = """
سوريا, سورية, لبنان, الأردن, فلسطين, فلسطين المحتلة, الضفة الغربية, قطاع غزة, إسرائيل, العراق, السعودية,
البحرين, قطر, الإمارات, سلطنة عمان, اليمن, مصر, ليبيا, المغرب, موريتانيا, السودان, جنوب السودان,
الصومال, إثيوبيا, إريتريا, كينيا, أوغندا, تشاد, النيجر, نيجيريا, مالي, السنغال, بوركينا فاسو, ساحل
العاج, غانا, الكاميرون, الكونغو, رواندا, جنوب أفريقيا, تركيا, إيران, أفغانستان, باكستان, الهند,
بنغلاديش, سريلانكا, نيبال, كازاخستان, أوزبكستان, قرغيزستان, طاجيكستان, تركمانستان, أذربيجان, أرمينيا,
جورجيا, روسيا, أوكرانيا, بيلاروس, بيلاروسيا, بولندا, ألمانيا, فرنسا, بريطانيا, إنجلترا, اسكتلندا,
أيرلندا, إسبانيا, البرتغال, إيطاليا, سويسرا, النمسا, بلجيكا, هولندا, الدنمارك, السويد, النرويج, فنلندا,
اليونان, قبرص, بلغاريا, رومانيا, المجر, التشيك, سلوفاكيا, سلوفينيا, كرواتيا, صربيا, البوسنة, كوسوفو,
ألبانيا, مقدونيا, مولدوفا, ليتوانيا, لاتفيا, إستونيا, الصين, اليابان, كوريا الجنوبية, كوريا الشمالية,
تايوان, منغوليا, فيتنام, تايلاند, ميانمار, كمبوديا, ماليزيا, إندونيسيا, الفلبين, أستراليا, نيوزيلندا,
الولايات المتحدة, أميركا, أمريكا, كندا, المكسيك, كوبا, فنزويلا, كولومبيا, الأرجنتين, البرازيل, تشيلي,
بيرو, الإكوادور, بوليفيا, مالطا, Syria, Lebanon, Jordan, Palestine, Israel, Iraq, Saudi Arabia, Bahrain,
Qatar, United Arab Emirates, UAE, Oman, Yemen, Egypt, Libya, Tunisia, Algeria, Morocco, Mauritania,
Sudan, Somalia, Ethiopia, Eritrea, Kenya, Uganda, Nigeria, South Africa, Turkey, Türkiye, Iran,
Afghanistan, Pakistan, India, Bangladesh, Sri Lanka, Nepal, Kazakhstan, Uzbekistan, Azerbaijan, Armenia,
Georgia, Russia, Ukraine, Belarus, Poland, Germany, France, Britain, England, Scotland, Ireland, Spain,
Portugal, Italy, Switzerland, Austria, Belgium, Netherlands, Denmark, Sweden, Norway, Finland, Greece,
Cyprus, Bulgaria, Romania, Hungary, Serbia, Bosnia, Kosovo, China, Japan, South Korea, North Korea,
Taiwan, Vietnam, Thailand, Myanmar, Malaysia, Indonesia, Philippines, Australia, New Zealand, Canada,
Cuba, Venezuela, Colombia, Argentina, Brazil, Chile, Peru
"""


@cache
def _zones() -> MappingProxyType[str, str]:
    table: dict[str, str] = {}
    for entry in _CITIES.strip().replace("\n    ", " ").splitlines():
        zone, names = entry.split(" = ")
        table.update((shadow(name), zone) for name in names.split(", "))
    return MappingProxyType(table)


@cache
def _lands() -> frozenset[str]:
    return frozenset(map(shadow, _LANDS.replace("\n", " ").split(", ")))


def zone_of_city(shadowed: str) -> str | None:
    """The IANA name of the time zone of a city of the table, of which the shadow is given."""
    return _zones().get(shadowed)


def is_place(text: str) -> bool:
    """True for a city, country or region of the table, and nothing else beside it."""
    shadowed = shadow(text.strip(" \t.,،:"))
    return shadowed in _zones() or shadowed in _lands()
