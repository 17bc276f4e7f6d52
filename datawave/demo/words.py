"""Word lists of the invented company: names of several languages, places, goods, phrases."""

from __future__ import annotations

from typing import NamedTuple

COMPANY = "Brackwater Supply Co."
STAFF_DOMAIN = "brackwater.example"
MAIL_DOMAINS = ("example.com", "example.org", "example.net", "post.example", "mail.example")


class City(NamedTuple):
    """A place with what an address in it needs; `#` is a digit and `?` a letter."""

    name: str
    region: str
    postal: str
    lat: float
    lon: float


class Locale(NamedTuple):
    """Names and places of one country. A name `native|latin` has its own spelling for mail."""

    country: str
    code: str
    nationality: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    streets: tuple[str, ...]
    street_form: str
    phone: str
    mobile: str
    cities: tuple[City, ...]


def _w(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _s(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";"))


LOCALES: tuple[Locale, ...] = (
    Locale(
        "United States", "US", "American",
        _w("Olivia Emma Ava Sophia Grace Hannah Abigail Megan Rachel Denise Tamara Joyce Brenda"),
        _w("Liam Noah Ethan Mason Logan Tyler Curtis Wayne Derek Marcus Andre Jerome Walter"),
        _w("Smith Johnson Carter Brooks Hayes Foster Coleman Jenkins Perry Hughes Bryant Ortiz"),
        _s("Maple; Oak; Cedar; Lakeview; Washington; 2nd; Hickory; Sunset; Mill; Prospect"),
        "{house} {street} St", "+1 ###-555-01##", "(###) 555-01##",
        (
            City("Portland", "Oregon", "972##", 45.52, -122.68),
            City("Austin", "Texas", "787##", 30.27, -97.74),
            City("Boston", "Massachusetts", "021##", 42.36, -71.06),
            City("Denver", "Colorado", "802##", 39.74, -104.99),
        ),
    ),
    Locale(
        "United Kingdom", "GB", "British",
        _w("Amelia Isla Poppy Freya Imogen Harriet Bronwen Fiona Gemma Nicola"),
        _w("Oliver Harry Alfie Callum Rhys Angus Graham Nigel Stuart Gareth"),
        _w("Davies Wright Thompson Walker Evans MacLeod O'Connor Fletcher Bennett Whitfield"),
        _s("High; Church; Station; Victoria; Kings; Mill; Abbey; Harbour"),
        "{house} {street} Road", "+44 20 7946 0###", "07700 900###",
        (
            City("London", "Greater London", "SW1? #??", 51.51, -0.13),
            City("Leeds", "West Yorkshire", "LS# #??", 53.80, -1.55),
            City("Cardiff", "South Glamorgan", "CF1# #??", 51.48, -3.18),
        ),
    ),
    Locale(
        "Germany", "DE", "German",
        _w("Anna Lena Katharina Jürgena Ute Sabine Mareike Greta Käthe Annika"),
        _w("Lukas Jonas Jürgen Björn Matthias Torsten Uwe Klaus Sören Götz"),
        _w("Müller Schröder Weiß Jäger Vogel Kühn Brandt Lorenz von-Arnim Hoffmann"),
        _s("Lindenstraße; Hauptstraße; Gartenweg; Am Mühlbach; Bahnhofstraße; Goetheplatz"),
        "{street} {house}", "+49 30 23125 ###", "0171 39200##",
        (
            City("Berlin", "Berlin", "10###", 52.52, 13.40),
            City("München", "Bayern", "80###", 48.14, 11.58),
            City("Köln", "Nordrhein-Westfalen", "50###", 50.94, 6.96),
        ),
    ),
    Locale(
        "France", "FR", "French",
        _w("Chloé Manon Élodie Camille Inès Océane Margaux Bérénice Solène Zoé"),
        _w("Lucas Hugo Théo Rémi Benoît Cédric François Gaël Anaël Yannick"),
        _w("Lefèvre Moreau Girard Dupont Noël Gauthier Chevalier Périn D'Aubigny Roussel"),
        _s("rue de la Paix; rue des Lilas; avenue Foch; place du Marché; quai Voltaire"),
        "{house} {street}", "+33 1 99 00 ## ##", "06 39 98 ## ##",
        (
            City("Paris", "Île-de-France", "750##", 48.86, 2.35),
            City("Lyon", "Auvergne-Rhône-Alpes", "690##", 45.76, 4.84),
            City("Nantes", "Pays de la Loire", "440##", 47.22, -1.55),
        ),
    ),
    Locale(
        "Spain", "ES", "Spanish",
        _w("Lucía Martina Inés Begoña Nuria Rocío Pilar Carmen Ainhoa Yolanda"),
        _w("Mateo Iñaki Jesús Álvaro Joaquín Andrés Íñigo Rubén Óscar Xavier"),
        _w("García Núñez Peña Ibáñez Muñoz Castaño Serrano Domínguez Ferrer Urrutia"),
        _s("Calle Mayor; Calle del Sol; Avenida de la Constitución; Plaza Nueva; Calle Olmo"),
        "{street}, {house}", "+34 91 0## ## ##", "6## ## ## ##",
        (
            City("Madrid", "Comunidad de Madrid", "280##", 40.42, -3.70),
            City("A Coruña", "Galicia", "150##", 43.36, -8.41),
            City("Sevilla", "Andalucía", "410##", 37.39, -5.99),
        ),
    ),
    Locale(
        "Poland", "PL", "Polish",
        _w("Agnieszka Małgorzata Zofia Bożena Wiesława Elżbieta Kinga Justyna"),
        _w("Łukasz Paweł Michał Grzegorz Krzysztof Stanisław Wojciech Jędrzej"),
        _w("Kowalski Wiśniewska Nowak Zieliński Wójcik Szymański Dąbrowski Kłos"),
        _s("ul. Kwiatowa; ul. Długa; ul. Słoneczna; al. Niepodległości; ul. Polna"),
        "{street} {house}", "+48 22 ### ## ##", "+48 5## ### ###",
        (
            City("Warszawa", "Mazowieckie", "00-###", 52.23, 21.01),
            City("Kraków", "Małopolskie", "30-###", 50.06, 19.94),
        ),
    ),
    Locale(
        "Türkiye", "TR", "Turkish",
        _w("Ayşe Elif Zeynep Gülşen Şule Çiğdem Emine"),
        _w("Mehmet Ömer Oğuz Çağrı İbrahim Yiğit Ümit"),
        _w("Yılmaz Öztürk Şahin Çelik Kılıç Doğan Güneş"),
        _s("İstiklal Caddesi; Atatürk Bulvarı; Gül Sokak; Çınar Sokak"),
        "{street} No: {house}", "+90 212 ### ## ##", "+90 5## ### ## ##",
        (
            City("İstanbul", "Marmara", "34###", 41.01, 28.98),
            City("İzmir", "Ege", "35###", 38.42, 27.14),
        ),
    ),
    Locale(
        "India", "IN", "Indian",
        _w("Priya Ananya Lakshmi Deepika Kavya Meera Sunita Shreya"),
        _w("Arjun Rahul Vikram Sanjay Karthik Rohan Imran Suresh"),
        _w("Sharma Patel Iyer Nair Reddy Banerjee Chatterjee Khan Gupta"),
        _s("MG Road; Nehru Nagar; Gandhi Marg; Brigade Road; Station Road"),
        "{house}, {street}", "+91 80 #### ####", "+91 9#### #####",
        (
            City("Bengaluru", "Karnataka", "5600##", 12.97, 77.59),
            City("Pune", "Maharashtra", "4110##", 18.52, 73.86),
        ),
    ),
    Locale(
        "Japan", "JP", "Japanese",
        _s("美咲|misaki; 陽菜|hina; 結衣|yui; 愛子|aiko; さくら|sakura; 恵|megumi"),
        _s("蓮|ren; 大翔|hiroto; 健一|kenichi; 拓海|takumi; 翔太|shota; 誠|makoto"),
        _s("佐藤|sato; 鈴木|suzuki; 高橋|takahashi; 田中|tanaka; 渡辺|watanabe; 山本|yamamoto"),
        _s("桜町; 本町; 中央; 緑ヶ丘"),
        "{street}{house}番地", "+81 3-####-####", "090-####-####",
        (
            City("東京", "東京都", "1##-00##", 35.68, 139.69),
            City("大阪", "大阪府", "53#-00##", 34.69, 135.50),
        ),
    ),
    Locale(
        "Greece", "GR", "Greek",
        _s("Ελένη|eleni; Μαρία|maria; Σοφία|sofia; Δήμητρα|dimitra; Ιωάννα|ioanna"),
        _s("Γιώργος|giorgos; Νίκος|nikos; Δημήτρης|dimitris; Κώστας|kostas; Ηλίας|ilias"),
        _s("Παπαδόπουλος|papadopoulos; Νικολάου|nikolaou; Γεωργίου|georgiou; Αλεξίου|alexiou"),
        _s("Ερμού; Σταδίου; Αθηνάς; Πατησίων"),
        "{street} {house}", "+30 21 0### ####", "+30 69# ### ####",
        (City("Αθήνα", "Αττική", "10# ##", 37.98, 23.73),),
    ),
)  # fmt: skip
LOCALE_WEIGHTS = (30, 14, 12, 10, 8, 6, 5, 7, 4, 4)

ORG_HEADS = _w(
    "Northgate Alder Copperline Juniper Saltmarsh Ridgeway Quillon Bluefin Tamarack Vesper"
)
ORG_KINDS = _w("Logistics Outfitters Marine Foods Textiles Engineering Media Travel Timber Optics")
ORG_FORMS = _s("Ltd; LLC; GmbH; S.A.; Inc.; B.V.; SARL; plc; AG; Co.")
INDUSTRIES = _s("retail; logistics; hospitality; manufacturing; education; public sector; media")

GOODS_ADJECTIVES = _w("Trail Summit Coastal Alpine Tidal Ember Granite Fjord Drift Harbor")
GOODS_NOUNS = _s(
    "Tent 2P; Sleeping Bag; Rain Jacket; Headlamp; Dry Sack 20L; Camp Stove; Trekking Pole;"
    "Wool Socks; Paddle; First Aid Kit; Water Filter; Hammock; Daypack 24L; Compass"
)
CATEGORIES = _s(
    "Shelter; Sleep; Clothing; Lighting; Bags; Cooking; Footwear; Paddling; Safety; Navigation;"
    "Climbing; Cycling; Electronics; Gift cards"
)
PHONE_MODELS = _s(
    "Orbit X2; Orbit X2 Pro; Orbit Mini 5; Lumen 11; Lumen 11 Plus; Terra Rugged 3; Terra One;"
    "Halo Fold; Halo Fold 2; Pixelon 8a; Nimbus S; Nimbus S Ultra"
)
PHONE_BRANDS = _w("Orbit Lumen Terra Halo Pixelon Nimbus")
COLOURS = _w("moss slate ochre navy rust sand black orange")

DEPARTMENTS = _s(
    "Finance; People; Warehouse; Stores; Web; Data; Customer Care; Marketing; Legal; Clinic;"
    "Procurement; Facilities"
)
JOB_TITLES = _s(
    "Store Manager; Shift Lead; Sales Associate; Accountant; Data Analyst; Web Developer; Buyer;"
    "Warehouse Operative; HR Business Partner; Nurse; Legal Counsel; Marketing Specialist;"
    "Customer Care Agent; Head of Logistics"
)
EDUCATION = _s("High school; Bachelor; Master; PhD; Apprenticeship; Some college")
ETHNICITIES = _s("White; Black or African American; Asian; Hispanic or Latino; Two or more races")
RELIGIONS = _s("Christian; Muslim; Hindu; Jewish; Buddhist; Sikh; none stated")
MARITAL = _w("single married divorced widowed separated")
OFFENCES = _s(
    "No record found; Theft, suspended sentence 2016; Drunk driving conviction 2019;"
    "Fraud conviction, fined 2014; Assault charge, acquitted; No record found"
)
MIDDLE_NAMES = _w("Marie James Lee Ann Robert Jo Francis Elizabeth Paul Rose")
PREFIXES = _w("Mr Ms Mrs Dr Mx")

DIAGNOSES: tuple[tuple[str, str], ...] = (
    ("I10", "Essential (primary) hypertension"), ("E11.9", "Type 2 diabetes mellitus"),
    ("J45.909", "Asthma, unspecified"), ("F32.1", "Major depressive disorder, moderate"),
    ("M54.5", "Low back pain"), ("J06.9", "Acute upper respiratory infection"),
    ("K21.9", "Gastro-oesophageal reflux disease"), ("G43.009", "Migraine without aura"),
    ("N39.0", "Urinary tract infection"), ("B20", "Human immunodeficiency virus disease"),
    ("L20.9", "Atopic dermatitis"), ("S93.401A", "Sprain of right ankle"),
    ("Z23", "Encounter for immunization"), ("F41.1", "Generalized anxiety disorder"),
    ("E78.5", "Hyperlipidemia"), ("H10.9", "Conjunctivitis"), ("R51", "Headache"),
    ("T78.40XA", "Allergy, unspecified"), ("O80", "Full-term uncomplicated delivery"),
    ("C50.919", "Malignant neoplasm of breast"),
)  # fmt: skip
MEDICATIONS: tuple[tuple[str, str], ...] = (
    ("Metformin 500 mg", "A10BA02"), ("Lisinopril 10 mg", "C09AA03"),
    ("Atorvastatin 20 mg", "C10AA05"), ("Amoxicillin 500 mg", "J01CA04"),
    ("Sertraline 50 mg", "N06AB06"), ("Ibuprofen 400 mg", "M01AE01"),
    ("Salbutamol inhaler", "R03AC02"), ("Omeprazole 20 mg", "A02BC01"),
    ("Levothyroxine 75 mcg", "H03AA01"), ("Cetirizine 10 mg", "R06AE07"),
)  # fmt: skip
BLOOD_TYPES = _w("O+ A+ B+ O- A- AB+ B- AB-")
REMARKS = _s(
    "Asked about delivery of the last order; Complained about a broken zip and wants a refund;"
    "Very happy with the new tent; Wants to change the delivery address; Could not sign in;"
    "Asked for an invoice with the company name; Requested a call back in the afternoon;"
    "Voucher did not work at the till; Reported a missing parcel; Thanked the store team"
)
CLINICAL_REMARKS = _s(
    "Patient reports chest tightness on exertion, advised ECG; Follow-up in six weeks;"
    "Blood pressure improved, continue medication; Complains of poor sleep and low mood;"
    "Wound healing well, dressing changed; Referred to physiotherapy; Allergic to penicillin;"
    "Vaccination given, no reaction; Declined treatment after discussion"
)
REVIEW_REMARKS = _s(
    "Reliable and calm under pressure; Needs to delegate more; Exceeded the sales target;"
    "Should improve punctuality; A pleasure to work with; Ready for a larger team"
)
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1",
)
TIMEZONES = _w("America/New_York Europe/London Europe/Berlin Europe/Paris Asia/Tokyo UTC")
LANGUAGES = _w("en de fr es pl tr hi ja el")
