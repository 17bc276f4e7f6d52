"""Short lists that invented columns draw from."""

# ruff: noqa: E501 - lists.

from __future__ import annotations

from typing import Final


def _split(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(","))


ENUMS: Final = tuple(
    _split(line)
    for line in (
        "active,inactive,pending", "open,closed,in progress,resolved", "low,medium,high,critical",
        "new,used,refurbished", "red,green,blue,black,white", "S,M,L,XL,XXL", "draft,published",
        "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday", "Jan,Feb,Mar,Apr,May,Jun",
        "January,February,March,April,June,July", "admin,user,guest,editor", "kg,g,lb,oz,l,ml",
        "web,mobile,store,call center", "Sales,Marketing,HR,IT,Finance,R&D,Legal,Support",
        "delivered,shipped,cancelled,returned,processing", "basic,standard,premium,enterprise",
        "Electronics,Clothing,Home & Garden,Toys,Books,Sports,Beauty", "north,south,east,west",
        "urgent,elective,emergency,observation", "Medicare,Medicaid,Private,Self pay,Other",
        "monthly,quarterly,annual,one time", "GET,POST,PUT,DELETE", "INFO,WARN,ERROR,DEBUG",
        "diesel,petrol,electric,hybrid", "sedan,suv,truck,van,coupe", "spring,summer,autumn,winter",
        "own,rent,mortgage,free", "success,failure,timeout", "A,B,C,D,E,F", "I,II,III,IV",
        "Comedy,Drama,Action,Horror,Romance,Thriller", "PG,PG-13,R,G,NC-17", "email,phone,sms,post",
        "full-time,part-time,contract,intern", "gold,silver,bronze,platinum", "positive,negative",
        "small airport,heliport,large airport,closed", "vegan,vegetarian,halal,none", "Hard,Clay,Grass",
        "aktiv,inaktiv,gesperrt", "abierto,cerrado,pendiente", "actif,inactif,en attente",
        "Guard,Forward,Center", "goalkeeper,defender,midfielder,striker", "R16,R32,QF,SF,F,RR",
        "skilled,unskilled,management", "white,black,silver,red,blue,grey", "no checking,< 0 DM,>= 200 DM", "left,right,both",
    )
)  # fmt: skip
CODES: Final = tuple(
    _split(line)
    for line in (
        "LHR,JFK,CDG,FRA,AMS,DXB,LAX,ORD,MAD", "EGLL,KJFK,LFPG,EDDF,EHAM", "AAPL,MSFT,GOOG,TSLA,AMZN",
        "BOS,NYA,DET,OAK,BAL,CLE,CHN,SLN", "+1,+44,+49,+33,+39,+34,+86", "1,44,49,33,39,34,86,91,351",
        "840,826,276,250,380,724,156", "01001,06037,17031,36061,48201", "5411,5812,7995,4111,5999",
        "541511,722511,236220,445110", "AL,NL,AA,FL", "0101.21,8471.30,6109.10,3004.90",
        "N414K,VT-ATT,G-ABCD,D-AIBL,F-GSPX", "ISO9001,CE,UL,RoHS", "DE-BY,US-CA,FR-75,GB-ENG",
    )
)  # fmt: skip
CONDITIONS: Final = _split(
    "Hypertension,Diabetes mellitus type 2,Asthma,Viral sinusitis (disorder),Acute bronchitis,Anemia,"
    "Chronic kidney disease,Depression,Pneumonia,Migraine,Appendectomy,Colonoscopy,Osteoarthritis,"
    "Fracture of forearm,Hyperlipidemia,COPD,Stroke,Breast cancer,Otitis media,Allergic rhinitis,"
    "Medication reconciliation (procedure),Suture open wound,Covid-19,Heart failure,Obesity,Epilepsy"
)
DRUGS: Final = _split(
    "Ibuprofen 200 MG Oral Tablet,Amoxicillin,Metformin 500 MG,Lisinopril,Atorvastatin 20 MG,Aspirin,"
    "Acetaminophen 325 MG Oral Tablet,Omeprazole,Simvastatin,Insulin glargine,Warfarin,Prednisone,"
    "Hydrochlorothiazide 25 MG,Levothyroxine,Sertraline,Gabapentin,Paracetamol,Penicillin V,Tramadol"
)
EDUCATION: Final = _split(
    "Bachelor's,Master's,PhD,High School,Some College,Graduate,Uneducated,Doctorate,"
    "Secondary education,Higher education,Associate degree,College,Post-Graduate"
)
ETHNICITIES: Final = _split(
    "White,Black,Asian,Hispanic,Native American,Hispanic or Latino,African American,Pacific Islander,"
    "Caucasian,Other,nonhispanic,Mexican,Cherokee,Chinese,Filipino,WHITE,BLACK/AFRICAN AMERICAN"
)
MARITAL: Final = _split(
    "Single,Married,Divorced,Widowed,Separated,S,M,MARRIED,SINGLE,Civil marriage,soltero,casado"
)
HOSTS: Final = _split(
    "srv-01,db-prod-2,web01.internal,LabSZ,node17,mail.example.com,app-eu-1.local"
)
MEASURES: Final = (
    (50, 200, 1), (140, 205, 0), (40, 140, 0), (60, 180, 0), (18, 40, 1), (35, 41, 1), (90, 100, 0),
    (70, 250, 0), (3, 15, 1), (100, 300, 0), (10, 30, 0),
)  # fmt: skip
PRODUCTS: Final = _split(
    "Phone,Laptop,Chair,Table,Shirt,Shoes,Lamp,Bike,Coffee,Tea,Chocolate,Cheese,Bread,Wine,Watch,Desk,"
    "Headphones,Camera,Keyboard,Backpack,Jacket,Soap,Shampoo,Toy,Puzzle,Mug,Knife,Pan,Sofa,Cream,747"
)
